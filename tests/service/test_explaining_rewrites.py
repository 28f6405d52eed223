"""An explanation says what a list answers instead, and which list takes a name out of a topic."""

import pytest

from filterd.service.compiling import compile_lists
from filterd.service.current import index_key
from filterd.service.explaining import explain_in_words

GAMES = """\
||address.example^$dnsrewrite=192.0.2.1
||alias.example^$dnsrewrite=NOERROR;CNAME;safe.example
||code.example^$dnsrewrite=REFUSED
||empty.example^$dnsrewrite=NOERROR;;
||text.example^$dnsrewrite=NOERROR;TXT;no
||lifted.example^
"""


@pytest.fixture
def said(layout, document, store, now, house):
    """Return what is said of a name by a house whose list ``open`` reaches everywhere."""
    (layout.base / "mine.txt").write_text(GAMES)
    (layout.base / "open.txt").write_text("@@||lifted.example^\n||other.example^\n")
    changed = house.with_lists(
        document,
        mine={"category": "games", "file": "mine.txt"},
        open={"category": "social", "file": "open.txt", "exceptions": "everywhere"},
    )
    store.save(changed, based_on=store.current().number, author="t", reason="t", now=now)
    compile_lists(layout, changed, index_key(layout))
    config = house.write_config(layout, changed)
    return lambda name: list(explain_in_words(config, name, "192.0.2.7", "A", ""))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("address.example", "A 192.0.2.1"),
        ("alias.example", "CNAME safe.example"),
        ("code.example", "REFUSED"),
        ("empty.example", "no record"),
        ("text.example", "TXT 026e6f"),
    ],
)
def test_what_is_answered_instead_is_said(said, name: str, answer: str) -> None:
    words = said(name)
    assert f"verdict: rewrite (category) category games list mine rule for {name}" in words
    assert f"answered instead: {answer}" in words


def test_a_list_that_opens_what_another_closes_is_named(said) -> None:
    words = said("lifted.example")
    assert "verdict: allow (default-allow)" in words
    assert "it is in the category games, by the list mine" in words
    assert "but the list open takes it out of what games closes" in words
