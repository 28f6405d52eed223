"""Subscriptions never break a house: whatever a server does, the last good copy stays."""

import gzip
from dataclasses import replace

import pytest

import filterd.lists.formats as list_formats
from filterd.service.manifest import load_manifest

HOUR = 3600.0
GOOD = b"casino.example\ndice.example\n"
MANY = b"".join(b"casino%d.example\n" % number for number in range(200))


# When it is asked for


def test_a_list_is_asked_for_once_per_interval(subscriber, list_server) -> None:
    subscriber.now += 23.9 * HOUR
    assert not subscriber.fetch()
    assert len(list_server.paths) == 1
    subscriber.now += 0.2 * HOUR
    assert not subscriber.fetch()
    assert list_server.headers[1]["If-None-Match"] == '"one"'


def test_the_interval_is_the_lists_own(subscribe, list_server) -> None:
    subscriber = subscribe(url=list_server.url, interval=6)
    subscriber.fetch()
    assert subscriber.state.download.next_due == subscriber.now + 6 * HOUR


def test_luck_spreads_houses_over_a_tenth_of_the_interval(subscribe, list_server) -> None:
    subscriber = subscribe(url=list_server.url)
    subscriber.luck = 1.0
    subscriber.fetch()
    assert subscriber.state.download.next_due == pytest.approx(subscriber.now + 26.4 * HOUR)


def test_failures_make_the_pause_grow_up_to_the_interval(subscribe, list_server) -> None:
    subscriber = subscribe(url=list_server.url)
    list_server.status = 503
    pauses = []
    for failures in range(1, 10):
        subscriber.fetch()
        download = subscriber.state.download
        assert download.failures == failures
        pauses.append((download.next_due - subscriber.now) / 60)
        subscriber.now = download.next_due
    assert pauses == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]
    list_server.status = 200
    assert subscriber.fetch()
    assert (subscriber.state.download.failures, subscriber.state.what) == (0, "")


def test_other_addresses_in_the_policy_are_asked_at_once(
    subscriber, subscribe, list_server
) -> None:
    other = subscribe(url=f"{list_server.base}/other.txt")
    other.now = subscriber.now
    assert not other.fetch(), "the same text again is no change"
    assert list_server.paths == ["/list.txt", "/other.txt"]
    assert "If-None-Match" not in list_server.headers[1], "a tag is its own server's"


def test_a_due_time_noted_by_a_wrong_clock_does_not_last(subscribe, list_server) -> None:
    subscriber = subscribe(url=list_server.url)
    subscriber.now = 4_000_000_000.0
    subscriber.fetch()
    subscriber.now = 1_800_000_000.0
    subscriber.fetch()
    assert len(list_server.paths) == 2


def test_nothing_more_is_begun_when_the_time_is_used_up(subscribe, list_server) -> None:
    subscriber = subscribe(url=list_server.url)
    assert not subscriber.fetch(budget_s=0)
    assert list_server.paths == []
    assert subscriber.fetch()


def test_what_failed_before_comes_last(layout, document, house, list_server) -> None:
    document = house.with_lists(
        document,
        bad={"category": "games", "url": f"{list_server.base}/bad"},
        good={"category": "games", "url": f"{list_server.base}/good"},
    )
    list_server.page("/bad", list_server.answers(500))
    subscriber = house.subscriber(layout, document)
    subscriber.fetch()
    subscriber.fetch_later()
    assert list_server.paths == ["/bad", "/good", "/good", "/bad"]


# What stays, and what is said


@pytest.mark.parametrize(
    ("page", "words"),
    [
        pytest.param(lambda server: server.answers(404), "404", id="gone"),
        pytest.param(
            lambda server: server.answers(200, b"<html><body>we moved</body></html>"),
            "HTML",
            id="an error page",
        ),
        pytest.param(lambda server: server.answers(200, b'{"error": "quota"}'), "", id="JSON"),
        pytest.param(lambda server: server.answers(200, b""), "", id="nothing"),
        pytest.param(lambda server: server.answers(200, bytes(range(256)) * 9), "", id="binary"),
        pytest.param(lambda server: server.dies_half_way, "broke off", id="dies half-way"),
        pytest.param(lambda server: server.hangs, "took too long", id="says nothing"),
        pytest.param(lambda server: server.drips, "took too long", id="drips"),
        pytest.param(lambda server: server.bomb(), "larger than 1 MiB", id="gzip bomb"),
        pytest.param(
            lambda server: server.answers(200, gzip.compress(MANY)[:-20]), "cut off", id="half gzip"
        ),
        pytest.param(
            lambda server: server.answers(302, Location="http://lists.example/x"),
            "with https",
            id="moved to a place without https",
        ),
    ],
)
def test_the_last_good_copy_stays_whatever_comes(subscriber, list_server, page, words) -> None:
    list_server.pages["/list.txt"] = page(list_server)
    subscriber.limits = replace(subscriber.limits, total_s=1.0)
    assert not subscriber.fetch_later()
    state = subscriber.state
    assert state.ok
    assert words in state.what
    assert "last good copy" in state.what
    assert subscriber.text == GOOD
    subscriber.compile()
    assert subscriber.state.names == 2
    assert subscriber.state.what == state.what, "compiling does not hide it"


def test_a_list_that_was_never_fetched_says_so(subscribe, list_server) -> None:
    subscriber = subscribe(url=list_server.url)
    list_server.status = 503
    assert not subscriber.fetch()
    subscriber.compile()
    assert not subscriber.state.ok
    assert subscriber.state.what.startswith("not downloaded yet; the server answered 503")


def test_an_unchanged_list_is_not_read_again(subscriber, list_server) -> None:
    before = subscriber.layout.names_of("web").stat()
    assert not subscriber.fetch_later(), "304"
    list_server.etag = '"the same, under another name"'
    assert not subscriber.fetch_later(), "200 with the same text"
    subscriber.compile()
    assert subscriber.layout.names_of("web").stat() == before
    assert subscriber.state.what == ""
    assert subscriber.state.download.copy.etag == list_server.etag
    assert subscriber.state.download.fetched == subscriber.now


def test_a_new_text_is_read_once_for_guards_and_index(subscriber, list_server, monkeypatch) -> None:
    list_server.say(b"poker.example\n", '"two"')
    read, real = [], list_formats.parse

    def counted(source, text, *how, **more):
        read.append(text)
        return real(source, text, *how, **more)

    monkeypatch.setattr(list_formats, "parse", counted)
    assert subscriber.fetch_later()
    assert read.count(b"poker.example\n") == 1
    assert subscriber.state.names == 1


def test_a_copy_that_was_lost_is_fetched_whole(subscriber, list_server) -> None:
    subscriber.layout.copy_of("web").unlink()
    assert subscriber.fetch_later()
    assert "If-None-Match" not in list_server.headers[1]


def test_a_new_text_is_compiled_even_if_the_worker_ends_before(subscriber, list_server) -> None:
    list_server.say(b"poker.example\n", '"two"')
    subscriber.now += 25 * HOUR
    assert subscriber.fetch()
    assert load_manifest(subscriber.layout.manifest).is_stale
    subscriber.compile()
    assert not load_manifest(subscriber.layout.manifest).is_stale


def test_a_list_that_takes_the_worker_down_is_not_tried_first_again(
    subscriber, list_server, monkeypatch
) -> None:
    def die(*_: object, **_named: object) -> None:
        raise MemoryError

    monkeypatch.setattr("filterd.service.downloads.fetch", die)
    subscriber.now += 25 * HOUR
    with pytest.raises(MemoryError):
        subscriber.fetch()
    download = subscriber.state.download
    assert (download.failures, download.next_due) == (1, subscriber.now + 0.25 * HOUR)
    subscriber.now += HOUR
    with pytest.raises(MemoryError):
        subscriber.fetch()
    assert "did not come to its end" in subscriber.state.what


# Mirrors


def test_a_mirror_stands_in_for_a_bad_server(subscribe, list_server) -> None:
    list_server.page("/html", list_server.answers(200, b"<!DOCTYPE html><p>sold</p>"))
    list_server.page("/dead", list_server.answers(500))
    subscriber = subscribe(
        url=f"{list_server.base}/html",
        mirrors=[f"{list_server.base}/dead", list_server.url, f"{list_server.base}/never"],
    )
    assert subscriber.fetch()
    assert list_server.paths == ["/html", "/dead", "/list.txt"]
    assert subscriber.state.download.copy.address == list_server.url
    assert subscriber.state.what == ""
    subscriber.fetch_later()
    tags = [headers.get("If-None-Match") for headers in list_server.headers[3:]]
    assert tags == [None, None, '"one"'], "only who gave the copy is told its tag"


def test_when_all_mirrors_fail_each_is_named(subscribe, list_server) -> None:
    gone = list_server.page("/gone", list_server.answers(404))
    sick = list_server.page("/sick", list_server.answers(503))
    subscriber = subscribe(url=gone, mirrors=[sick])
    subscriber.fetch()
    assert "404" in subscriber.state.what
    assert "503" in subscriber.state.what
