"""What the page process tells the page of its lists, and does with a guardian's answer."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from admin_ui import HeldList, House, ListState
from admin_ui.serve import PageHouse
from filterd.errors import ListError
from filterd.service import manifest
from filterd.service.child import Spec
from filterd.service.layout import Layout

TEXT = b"new.example\n"
AT = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


@pytest.fixture
def layout(home: Any) -> Layout:
    """A state folder in which a download of the list "web" waits."""
    layout = Layout(home.folder, home.folder)
    layout.downloads.mkdir()
    layout.held_of("web").write_bytes(TEXT)
    old = manifest.Copy("https://lists.example/", "00")
    new = manifest.Copy("https://lists.example/", hashlib.sha256(TEXT).hexdigest())
    waits = manifest.Held(new, manifest.Why("smaller", 1, 900), AT.timestamp() + 60)
    download = manifest.Download(
        copy=old, fetched=AT.timestamp(), failures=1, trouble="no route", held=waits
    )
    states = (
        manifest.ListState("web", "games", ok=True, names=900, complaints=3,
                           text="00", closes=("bank.example",), download=download),
        manifest.ListState("file", "adult", problem="there is no file"),
    )  # fmt: skip
    manifest.save_manifest(layout.manifest, manifest.Manifest("b", "r", states))
    return layout


@pytest.fixture
def house(layout: Layout) -> Iterator[House]:
    where = str(layout.state)
    spec = Spec(
        state=where, base=where, config=f"{where}/config.yaml", life=0, udp=(), tcp=(), page=(),
        dns_endpoints=(), page_addresses=(), ask_from=(), page_names=(),
    )  # fmt: skip
    house = PageHouse(spec).build()
    yield house
    for each in (house.policies, house.guardians, house.log):
        each.close()


def test_the_page_learns_how_every_list_fares(house: House) -> None:
    held = HeldList("it shrank from 900 to 1 names", 1, AT.replace(minute=1), reason="smaller")
    assert house.lists() == (
        ListState("web", "games", ok=True, names=900, trouble="no route", left_out=3, checked=AT,
                  closes=("bank.example",), held=held),
        ListState("file", "adult", ok=False, names=0, problem="there is no file"),
    )  # fmt: skip


def test_a_copy_that_is_not_compiled_yet_is_being_loaded(house: House, layout: Layout) -> None:
    known = manifest.load_manifest(layout.manifest)
    newer = replace(known.lists[0].download, copy=manifest.Copy("https://lists.example/", "01"))
    state = replace(known.lists[0], download=newer)
    manifest.save_manifest(layout.manifest, known.with_state(state, is_stale=True))
    assert [each.is_loading for each in house.lists()] == [True, False]


def test_the_page_is_told_what_is_offered(house: House) -> None:
    assert "hagezi-nsfw" in house.catalogue


def test_a_list_that_is_accepted_is_compiled_at_once(
    house: House, layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    house.accept_list("web")
    assert capsys.readouterr().out == "compile\n"
    assert layout.copy_of("web").read_bytes() == TEXT
    assert house.lists()[0].held is None


def test_a_list_that_is_refused_stays_as_it_is(
    house: House, layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    house.refuse_list("web")
    assert capsys.readouterr().out == ""
    assert not layout.copy_of("web").exists()
    state = house.lists()[0]
    assert state.held is not None
    assert state.held.is_refused
    assert state.waiting is None


def test_an_answer_to_nothing_is_refused_and_compiles_nothing(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    for answer in (house.accept_list, house.refuse_list):
        with pytest.raises(ListError):
            answer("file")
    assert capsys.readouterr().out == ""
