"""Whenever the power goes, the index is the old one or the new one, and the next worker goes on."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from filterd.service.compiling import compile_lists, has_index
from filterd.service.current import index_key, map_index
from filterd.service.readlist import open_read_list

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no such processes there")

MANY = b"".join(b"casino%d.example\n" % number for number in range(200))


def dies(work: Callable[[], object], step: int) -> bool:
    """Do the work in a process that is killed before it touches the disk for the nth time."""
    child = os.fork()
    if not child:
        left = [step]

        def or_die(real: Callable[..., object]) -> Callable[..., object]:
            def touch(*arguments: object, **named: object) -> object:
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **named)

            return touch

        for name in ("fsync", "replace", "unlink", "link"):
            setattr(os, name, or_die(getattr(os, name)))
        work()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    return os.WIFSIGNALED(status)


def deaths(work: Callable[[], object]) -> Iterator[int]:
    """Yield after each death of the work, at one step later each time, until it comes through."""
    step = 1
    while dies(work, step):
        yield step
        step += 1
    assert step > 5, "it was never killed at its work"


def builds(layout) -> str:
    index, problem = map_index(layout)
    assert problem == ""
    return index.build


def test_a_worker_killed_while_compiling_leaves_the_old_index_or_the_new(
    layout, document, store, house
) -> None:
    key = index_key(layout)
    (layout.base / "mine.txt").write_text("old.example\n")
    old = compile_lists(layout, document, key).build
    files = (layout.index, layout.manifest, layout.names_of("mine"))
    before = {path: path.read_bytes() for path in files}
    (layout.base / "mine.txt").write_text("new.example\n")
    seen = set()
    for _ in deaths(lambda: compile_lists(layout, document, key)):
        found = builds(layout)
        seen.add(found)
        assert found != old or not has_index(layout, document), "the next worker compiles"
        for path, content in before.items():
            path.write_bytes(content)
    assert house.is_blocked(layout, "new.example")
    assert has_index(layout, document)
    assert seen == {old, builds(layout)}


def test_a_worker_killed_while_fetching_leaves_a_text_that_is_whole(
    subscriber, list_server, house
) -> None:
    list_server.say(MANY, '"two"')
    before = subscriber.text
    subscriber.now += 25 * 3600

    def work() -> None:
        subscriber.fetch()
        subscriber.compile()

    for _ in deaths(work):
        assert subscriber.text in {before, MANY}
        assert builds(subscriber.layout)
        open_read_list("web", subscriber.layout.names_of("web"))
        subscriber.now += 25 * 3600
    assert subscriber.text == MANY
    assert subscriber.state.names == 200
    assert subscriber.state.what == ""
    folders = (subscriber.layout.downloads, subscriber.layout.read_lists)
    left = {path.name for folder in folders for path in folder.iterdir()}
    assert left == {"web.txt", "web.names", "help.names"}
