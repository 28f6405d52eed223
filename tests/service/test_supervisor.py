"""The supervisor starts each child when it is time, and rests while a worker is at work."""

import subprocess
import time
from pathlib import Path

import pytest

from filterd.config.load import load_config
from filterd.service import supervisor as supervising
from filterd.service.child import Child
from filterd.service.manifest import NO_MANIFEST, Download, ListState, save_manifest
from filterd.service.sockets import Listeners
from filterd.service.supervisor import Supervisor

NEVER = 1e12


@pytest.fixture
def supervisor(layout, document, house, monkeypatch) -> Supervisor:
    """A supervisor whose workers are only noted, and who has just looked for work."""
    config = house.write_config(layout, document)

    def note(job: str, config: str, now: float) -> Child:
        return Child(job, subprocess.Popen, now)

    monkeypatch.setattr(supervising, "start_worker", note)
    monkeypatch.setattr(supervising, "watch", lambda *_: None)
    made = Supervisor(
        load_config(config.read_text(), "config.yaml", None), Path(config), layout, print
    )
    made.next_update = made.next_look = NEVER
    yield made
    made.life.cut()


def save_due(layout, due: float) -> None:
    state = ListState("web", "games", download=Download(("https://x.example/",), next_due=due))
    save_manifest(layout.manifest, NO_MANIFEST.with_state(state, is_stale=False))


def test_a_list_that_is_due_wakes_the_worker_at_the_next_look(supervisor, layout) -> None:
    save_due(layout, time.time() - 1)
    now = time.monotonic()
    supervisor._start_worker_when_due(now)
    assert supervisor.children == {}
    supervisor.next_look = now
    supervisor._start_worker_when_due(now)
    assert supervisor.children["worker"].name == "update"
    assert supervisor.next_look == now + 900


def test_without_a_list_that_is_due_nobody_is_woken(supervisor, layout) -> None:
    save_due(layout, time.time() + 3600)
    supervisor.next_look = now = time.monotonic()
    supervisor._start_worker_when_due(now)
    assert supervisor.children == {}
    assert supervisor.next_look == now + 900


def test_there_is_no_hurry_while_a_worker_is_at_work(supervisor) -> None:
    supervisor.next_update = supervisor.next_look = now = time.monotonic()
    supervisor._start_worker_when_due(now)
    supervisor.next_update = now  # somebody asks for another one
    assert supervisor._wait_s() > 3000
    supervisor.children.clear()
    assert supervisor._wait_s() == 0


@pytest.fixture
def started(supervisor, monkeypatch) -> list[str]:
    """The children that were started, by name, in a house that has just begun."""
    names: list[str] = []

    def note(name: str) -> Child:
        names.append(name)
        return Child(name, subprocess.Popen, time.monotonic())

    monkeypatch.setattr(supervising, "start_dns", lambda *_: note("dns"))
    monkeypatch.setattr(supervising, "start_page", lambda *_: note("page"))
    supervisor.expect_children(time.monotonic())
    supervisor._start_what_is_due(Listeners())
    return names


def test_the_page_begins_when_dns_answers(supervisor, started) -> None:
    assert started == ["dns"]
    supervisor._obey(supervisor.children["dns"], "ready", "", "ready")
    supervisor._start_what_is_due(Listeners())
    assert started == ["dns", "page"]
    supervisor._obey(supervisor.children["dns"], "ready", "", "ready")
    supervisor._start_what_is_due(Listeners())
    assert started == ["dns", "page"], "it runs already"


def test_a_page_is_there_even_when_dns_never_answers(supervisor, started) -> None:
    assert 0 < supervisor._wait_s() <= 5
    supervisor.expect_children(time.monotonic() - 60)
    supervisor._start_what_is_due(Listeners())
    assert "page" in started
