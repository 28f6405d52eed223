"""What a guardian answers about a download that waits holds, and is felt."""

import pytest

from filterd.errors import ListError
from filterd.service.compiling import compile_lists, has_index
from filterd.service.current import index_key
from filterd.service.fetching import World, fetch_lists
from filterd.service.held import accept, refuse
from filterd.service.manifest import Why, load_manifest

DAY = 25 * 3600.0
MANY = b"".join(b"casino%d.example\n" % number for number in range(200))
FEW = b"casino1.example\npoker.example\n"
SHRANK = Why("smaller", names=2, before=200)


class Waiting:
    """A house whose list ``web`` has shrunk and waits."""

    def __init__(self, layout, document, list_server) -> None:
        self.layout, self.document, self.server = layout, document, list_server
        self.now = 1_800_000_000.0
        list_server.body = MANY
        self.fetch()
        self.compile()
        list_server.say(FEW, '"two"')
        self.fetch()

    def fetch(self) -> bool:
        self.now += DAY
        world = World(clock=lambda: self.now, luck=lambda: 0.0)
        return fetch_lists(self.layout, self.document, world)

    def compile(self) -> None:
        compile_lists(self.layout, self.document, index_key(self.layout))

    @property
    def state(self):
        return load_manifest(self.layout.manifest).state_of("web")


@pytest.fixture
def waiting(layout, document, house, store, now, list_server) -> Waiting:
    listed = {"category": "games", "url": list_server.url}
    document = house.with_lists(document, web=listed)
    store.save(document, based_on=1, author="t", reason="t", now=now)
    return Waiting(layout, document, list_server)


def test_what_is_accepted_is_in_force_once_compiled(waiting, house) -> None:
    assert not house.is_blocked(waiting.layout, "poker.example")
    assert accept(waiting.layout, "web") == SHRANK
    assert not has_index(waiting.layout, waiting.document)
    waiting.compile()
    assert house.is_blocked(waiting.layout, "poker.example")
    assert not house.is_blocked(waiting.layout, "casino7.example")
    assert waiting.state.what == ""
    assert not waiting.layout.held_of("web").exists()
    waiting.fetch()
    assert waiting.server.headers[-1]["If-None-Match"] == '"two"'
    assert waiting.state.what == ""


def test_what_is_refused_is_not_asked_about_again(waiting, house) -> None:
    assert refuse(waiting.layout, "web") == SHRANK
    assert waiting.state.what == ""
    assert not waiting.layout.held_of("web").exists()
    assert not waiting.fetch()
    waiting.server.etag = '"the same, under another name"'
    assert not waiting.fetch()
    assert waiting.state.what == ""
    waiting.compile()
    assert house.is_blocked(waiting.layout, "casino7.example")


def test_another_bad_text_after_a_refusal_waits_again(waiting) -> None:
    refuse(waiting.layout, "web")
    waiting.server.say(b"other.example\n", '"three"')
    assert not waiting.fetch()
    assert "shrank" in waiting.state.what


@pytest.mark.parametrize("answer", [accept, refuse])
def test_nothing_can_be_said_of_what_does_not_wait(waiting, answer) -> None:
    with pytest.raises(ListError, match="no such list"):
        answer(waiting.layout, "nonsense")
    refuse(waiting.layout, "web")
    with pytest.raises(ListError, match="no download of it waits"):
        answer(waiting.layout, "web")


def test_a_damaged_download_is_not_put_in_force(waiting) -> None:
    waiting.layout.held_of("web").write_bytes(FEW + b"more.example\n")
    with pytest.raises(ListError, match="damaged"):
        accept(waiting.layout, "web")
    assert waiting.layout.copy_of("web").read_bytes() == MANY
    waiting.fetch()
    assert waiting.layout.held_of("web").read_bytes() == FEW, "it is fetched anew"
    assert "shrank" in waiting.state.what
