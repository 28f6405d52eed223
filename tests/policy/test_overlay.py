"""Typed names: the most specific wins, on a tie allow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.policy.overlay import Mark, Overlay, Typed

OWN = [
    Typed("own", "site.example", allows=False),
    Typed("own", "good.site.example", allows=True),
    Typed("own", "bad.good.site.example", allows=False),
    Typed("own", "=one.site.example", allows=True),
    Typed("own", "tie.example", allows=False),
    Typed("own", "tie.example", allows=True),
    Typed("own", "both.example", allows=True),
    Typed("own", "=both.example", allows=False),
    Typed("own", "xxx", allows=False),
    Typed("window", "good.site.example", allows=False),
]
OVERLAY = Overlay(OWN)


@pytest.mark.parametrize(
    ("name", "allows", "matched"),
    [
        pytest.param("site.example", False, "site.example", id="itself"),
        pytest.param("www.site.example", False, "site.example", id="below"),
        pytest.param("notsite.example", None, "", id="label boundary"),
        pytest.param("good.site.example", True, "good.site.example", id="allowed child"),
        pytest.param("a.good.site.example", True, "good.site.example", id="below allowed child"),
        pytest.param("a.bad.good.site.example", False, "bad.good.site.example", id="and back"),
        pytest.param("one.site.example", True, "one.site.example", id="that name only"),
        pytest.param("a.one.site.example", False, "site.example", id="not below that name only"),
        pytest.param("tie.example", True, "tie.example", id="on a tie allow"),
        pytest.param("both.example", False, "both.example", id="only that is the more specific"),
        pytest.param("a.both.example", True, "both.example", id="below it the other holds"),
        pytest.param("anything.xxx", False, "xxx", id="a top-level name"),
        pytest.param("example", None, "", id="a parent"),
        pytest.param("", None, "", id="root"),
    ],
)
def test_own_names(name: str, *, allows: bool | None, matched: str) -> None:
    mark = OVERLAY.marks(OVERLAY.find(name)).get("own")
    assert mark == (None if allows is None else Mark(allows, matched))


def test_scopes_do_not_touch_each_other() -> None:
    marks = OVERLAY.marks(OVERLAY.find("a.bad.good.site.example"))
    assert marks["window"] == Mark(allows=False, name="good.site.example")
    assert marks["own"] == Mark(allows=False, name="bad.good.site.example")


def test_an_unmarked_name_has_number_zero_and_no_marks() -> None:
    assert OVERLAY.find("elsewhere.example") == 0
    assert Overlay([]).find("elsewhere.example") == 0
    assert OVERLAY.marks(0) == {}


NAMES = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map(".".join)
TYPED = st.builds(
    Typed,
    scope=st.sampled_from(["own", "window"]),
    name=st.tuples(st.sampled_from(["", "="]), NAMES).map("".join),
    allows=st.booleans(),
)


@given(typed=st.lists(TYPED, max_size=8), name=NAMES)
def test_equals_a_naive_walk_over_all_typed_names(typed: list[Typed], name: str) -> None:
    overlay = Overlay(typed)
    expected = {}
    for scope in ("own", "window"):
        labels = name.split(".")
        ways = ["=" + name, *(".".join(labels[cut:]) for cut in range(len(labels)))]
        for way in ways:
            said = [one.allows for one in typed if one.scope == scope and one.name == way]
            if said:
                expected[scope] = Mark(any(said), way.removeprefix("="))
                break
    assert overlay.marks(overlay.find(name)) == expected


@given(typed=st.lists(TYPED, max_size=8))
def test_equal_sets_share_a_number(typed: list[Typed]) -> None:
    overlay = Overlay(typed)
    names = {one.name.removeprefix("=") for one in typed}
    found = {name: overlay.find(name) for name in names | {f"z.{name}" for name in names}}
    for one, number in found.items():
        for other, other_number in found.items():
            is_equal = overlay.marks(number) == overlay.marks(other_number)
            assert is_equal == (number == other_number), (one, other)
