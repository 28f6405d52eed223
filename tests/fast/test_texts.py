"""The core's walk over a name: whatever it says fits no pattern, the engine does not find either."""

import pytest
from agreement import probe
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists import texts as walks
from filterd.lists.patterns import Patterns, why_not
from filterd.lists.texts import Walk, walk_of

PIECES = (
    *("a", "b", "ab", "ba", "1", "-", "_", "B", r"\.", ".", "[ab]", "[^a]", "[a-c]", "[_.-]", r"\d"),
    *("^", "$", "(", "(?:", ")", ")", "|", "*", "+", "?", "{2}", "(a|^)", "(b|1|)", "(^|[.])"),
)  # fmt: skip
written = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)


@given(
    listed=st.lists(written.filter(lambda each: not why_not(each)), max_size=6),
    asked=st.lists(st.text("ab1._-", min_size=1, max_size=9), max_size=30),
)
def test_a_name_without_a_text_fits_none_of_the_patterns(
    listed: list[str], asked: list[str]
) -> None:
    searched = Patterns(listed)
    texts = searched.needed_texts()
    walk = None if texts is None else walk_of(texts)
    for name in asked:
        may_fit = probe.may_have_text(walk, name.encode())
        assert may_fit or searched.match(name) == ()
        assert may_fit == (texts is None or any(text in f"^{name}$" for text in texts))


def test_what_is_no_everyday_name_may_have_any_text() -> None:
    walk = walk_of(["ads"])
    assert not probe.may_have_text(walk, b"plain.name_1-x")
    for name in (b"", b"A", b"a b", b"caf\xe9", b"\0", b"^", b"$"):
        assert probe.may_have_text(walk, name), name
    assert probe.may_have_text(None, b"plain")


ROWS = walk_of(["ads"])
assert ROWS is not None


@pytest.mark.parametrize(
    "broken",
    [
        ROWS._replace(start=len(ROWS.rows)),
        ROWS._replace(rows=b"\xff" * len(ROWS.rows)),
        ROWS._replace(columns=bytes((walks.WIDTH,)) * 256),
        ROWS._replace(columns=bytes(255)),
        ROWS._replace(rows=b""),
    ],
    ids=["start", "next state", "column", "too few columns", "no rows"],
)
def test_a_walk_that_leads_out_of_its_table_is_refused(broken: Walk) -> None:
    with pytest.raises(ValueError, match="table"):
        probe.may_have_text(broken, b"ads")
