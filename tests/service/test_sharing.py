"""What several lists name is asked for once a round, and each of them judges it for itself."""

import io
import tarfile
from dataclasses import replace
from typing import Any

import pytest

from filterd.service.held import accept

GAMES = b"".join(b"game%d.example\n" % number for number in range(200))
ADULT = b"".join(b"adult%d.example\n" % number for number in range(200))


def tree(packing: str = "gz", **categories: bytes) -> bytes:
    """An archive as UT1 publishes it: folders, each with a file of domains."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{packing}") as archive:
        for category, domains in categories.items():
            member = tarfile.TarInfo(f"blacklists/{category}/domains")
            member.size = len(domains)
            archive.addfile(member, io.BytesIO(domains))
    return out.getvalue()


class Houses:
    """A house with lists that are parts of one archive."""

    def __init__(self, layout, document, house, server, store) -> None:
        self._layout, self._document, self._house = layout, document, house
        self._store = store
        self.server = server
        self.url = f"{server.base}/blacklists.tar.gz"

    def with_parts(self, *categories: str, **more: dict[str, Any]):
        lists = {
            category: {"category": "games", "url": self.url, "format": f"squidguard:{category}"}
            for category in categories
        }
        document = self._house.with_lists(self._document, **{**lists, **more})
        newest = self._store.current().number
        at = self._store.newest_time()
        self._store.save(document, based_on=newest, author="t", reason="t", now=at)
        return self._house.subscriber(self._layout, document)


@pytest.fixture
def houses(layout, document, store, house, secure_server) -> Houses:
    secure_server.body = tree(games=GAMES, adult=ADULT)
    return Houses(layout, document, house, secure_server, store)


@pytest.fixture
def both(houses: Houses):
    """A house that has both parts in force."""
    made = houses.with_parts("games", "adult")
    assert made.fetch()
    made.compile()
    return made


def test_two_parts_of_an_archive_are_one_request(both, houses: Houses, house) -> None:
    assert len(houses.server.paths) == 1
    assert {both.state_of(each).names for each in ("games", "adult")} == {200}
    for name in ("game7.example", "www.adult7.example"):
        assert house.is_blocked(both.layout, name)


def test_an_archive_lies_on_the_disk_once(both) -> None:
    copies = [both.layout.copy_of(each).stat() for each in ("games", "adult")]
    assert copies[0].st_ino == copies[1].st_ino
    assert sorted(path.name for path in both.layout.downloads.iterdir()) == [
        "adult.txt",
        "games.txt",
    ]


def test_the_next_round_asks_once_and_tells_what_both_have(both, houses: Houses) -> None:
    assert not both.fetch_later()
    assert [headers.get("If-None-Match") for headers in houses.server.headers] == [None, '"one"']
    for each in ("games", "adult"):
        assert both.state_of(each).download.fetched == both.now


def test_a_list_that_is_not_due_yet_comes_along(houses: Houses) -> None:
    often = {"category": "games", "url": houses.url, "format": "squidguard:games", "interval": 12}
    both = houses.with_parts("adult", games=often)
    both.fetch()
    houses.server.say(tree(games=GAMES, adult=ADULT + b"new.example\n"), '"two"')
    assert both.fetch_later(hours=13)
    assert len(houses.server.paths) == 2
    assert both.state_of("adult").names == 201


def test_a_part_that_is_new_in_the_house_brings_the_whole_archive(both, houses: Houses) -> None:
    houses.server.body = tree(games=GAMES, adult=ADULT, chat=b"chat.example\n")
    more = houses.with_parts("games", "adult", "chat")
    more.now = both.now
    assert more.fetch()
    more.compile()
    assert "If-None-Match" not in houses.server.headers[1], "one of them has nothing yet"
    assert len(houses.server.paths) == 2
    assert more.state_of("chat").names == 1


def test_each_part_is_held_for_itself(both, houses: Houses, house) -> None:
    houses.server.say(tree(games=b"game1.example\n", adult=ADULT + b"new.example\n"), '"two"')
    assert both.fetch_later()
    games, adult = both.state_of("games"), both.state_of("adult")
    assert games.download.held.why.reason == "smaller"
    assert (adult.download.held, adult.names) == (None, 201)
    assert house.is_blocked(both.layout, "game7.example")
    assert not both.fetch_later(), "what waits is not sent again"
    accept(both.layout, "games")
    both.compile()
    assert not house.is_blocked(both.layout, "game7.example")
    assert both.state_of("games").names == 1


def test_only_the_part_that_changed_is_read_again(both, houses: Houses) -> None:
    before = both.layout.names_of("games").stat()
    houses.server.say(tree(games=GAMES, adult=ADULT + b"new.example\n"), '"two"')
    both.fetch_later()
    after = both.layout.names_of("games").stat()
    both.compile()
    assert both.layout.names_of("games").stat() == after
    assert before != after, "a new archive is read for the guards"


def test_another_part_of_the_archive_that_is_here_needs_no_request(both, houses, house) -> None:
    url = {"category": "games", "url": houses.url}
    other = houses.with_parts("adult", games={**url, "format": "squidguard:adult"})
    other.now = both.now
    assert not other.fetch()
    other.compile()
    assert len(houses.server.paths) == 1
    assert not house.is_blocked(both.layout, "game7.example")


def test_a_part_that_is_not_there_harms_no_other(houses: Houses) -> None:
    made = houses.with_parts("games", "chat")
    assert made.fetch()
    made.compile()
    assert made.state_of("games").names == 200
    assert "has no chat/domains; it has adult, games" in made.state_of("chat").what


def test_a_server_that_fails_is_asked_once_and_all_say_so(houses: Houses) -> None:
    houses.server.status = 503
    made = houses.with_parts("games", "adult")
    assert not made.fetch()
    assert len(houses.server.paths) == 1
    for each in ("games", "adult"):
        assert "503" in made.state_of(each).what


@pytest.mark.parametrize("packing", ["gz", ""], ids=["tar.gz", "tar"])
def test_an_archive_of_ones_own_is_read_where_it_lies(
    layout, document, store, house, packing: str
) -> None:
    (layout.base / "ut1").write_bytes(tree(packing, games=GAMES))
    listed = {"category": "games", "file": "ut1", "format": "squidguard:games"}
    own = house.subscriber(layout, house.with_lists(document, web=listed))
    own.compile()
    assert own.state.names == 200
    (layout.base / "ut1").write_bytes(b"")
    own.compile()
    assert own.state.problem == "the file is empty"


def test_an_archive_may_be_larger_than_a_text(houses: Houses, monkeypatch) -> None:
    monkeypatch.setattr("filterd.service.texts.TEXT", replace(_limits(), size_bytes=1000))
    monkeypatch.setattr("filterd.service.texts.ARCHIVE", replace(_limits(), size_bytes=50_000))
    url = houses.server.page("/text", houses.server.answers(200, GAMES))
    made = houses.with_parts("games", web={"category": "games", "url": url})
    made.fetch()
    made.compile()
    assert made.state_of("games").names == 200
    assert "is larger than" in made.state.what
    houses.server.say(tree(games=GAMES * 20), '"two"')
    made.fetch_later()
    assert "is larger than" in made.state_of("games").what
    assert made.state_of("games").names == 200


def _limits():
    from filterd.net.fetch import TEXT  # noqa: PLC0415 - before it is replaced

    return TEXT


def test_a_text_that_two_lists_name_is_one_request(houses: Houses) -> None:
    url = houses.server.page("/text", houses.server.answers(200, GAMES, ETag='"t"'))
    made = houses.with_parts(
        web={"category": "games", "url": url},
        wide={"category": "games", "url": url, "match": "subdomains"},
    )
    assert made.fetch()
    made.compile()
    assert houses.server.paths == ["/text"]
    assert made.state_of("wide").names == made.state.names == 200


def test_a_certificate_that_is_not_valid_leaves_the_last_good_copy(
    both, houses: Houses, monkeypatch, house
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    houses.server.say(tree(games=b"other.example\n"), '"two"')
    assert not both.fetch_later()
    assert len(houses.server.paths) == 1
    for each in ("games", "adult"):
        assert "certificate is not valid" in both.state_of(each).what
        assert "last good copy" in both.state_of(each).what
    assert house.is_blocked(both.layout, "game7.example")


def test_an_archive_that_is_cut_off_leaves_the_last_good_copy(both, houses: Houses) -> None:
    whole = tree("", games=GAMES, adult=ADULT)
    houses.server.say(whole[: len(whole) // 3], '"two"')
    assert not both.fetch_later()
    for each in ("games", "adult"):
        assert "cut off" in both.state_of(each).what
        assert both.state_of(each).names == 200
