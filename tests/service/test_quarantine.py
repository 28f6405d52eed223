"""A download that looks wrong waits for a guardian; the copy from before stays in force."""

import pytest

from filterd.lists.patterns import HAVE_ENGINE
from filterd.service.held import accept

GOOD = b"casino.example\ndice.example\n"
MANY = b"".join(b"casino%d.example\n" % number for number in range(200))


def bigger(text: bytes, times: int) -> bytes:
    return b"".join(b"n%d.%s\n" % (n, line) for n in range(times) for line in text.splitlines())


@pytest.fixture
def big(subscribe, list_server):
    """A house whose list has two hundred names."""
    list_server.body = MANY
    made = subscribe(url=list_server.url)
    made.fetch()
    made.compile()
    return made


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(GOOD, "shrank from 200 to 2 names", id="shrinks"),
        pytest.param(bigger(MANY, 4), "grew from 200 to 800 names", id="grows"),
        pytest.param(MANY + b"childline.org.uk\n", "childline.org.uk", id="a helpline"),
        pytest.param(MANY + b"www.childline.org.uk\n", "childline.org.uk", id="its www"),
        pytest.param(MANY + b"pool.ntp.org\n", "pool.ntp.org", id="everybody's clock"),
    ],
)
def test_a_suspicious_download_waits_for_a_guardian(big, list_server, body, words) -> None:
    list_server.say(body, '"two"')
    fetched = big.state.download.fetched
    assert not big.fetch_later()
    assert big.text == MANY
    assert big.layout.held_of("web").read_bytes() == body
    assert words in big.state.what
    assert "lists accept web" in big.state.what
    assert (big.state.ok, big.state.names) == (True, 200)
    assert big.state.download.fetched == fetched, "the copy in force grows old"
    assert big.state.download.failures == 0


needs_engine = pytest.mark.skipif(not HAVE_ENGINE, reason="needs google-re2")


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        pytest.param("||childline.org.uk^$dnstype=A", "childline.org.uk", id="one record type"),
        pytest.param("||pool.ntp.org^$client=192.0.2.7", "pool.ntp.org", id="one client"),
        pytest.param("||ntp.org^$denyallow=other.ntp.org", "pool.ntp.org", id="all but some"),
        pytest.param("||pool.ntp.org^$dnsrewrite=192.0.2.1", "pool.ntp.org", id="another answer"),
        pytest.param("/^pool/", "pool.ntp.org", id="a pattern", marks=needs_engine),
        pytest.param(
            "/pool[.]ntp/\n@@||pool.ntp.org^$client=192.0.2.7",
            "pool.ntp.org",
            id="an exception for some",
            marks=needs_engine,
        ),
    ],
)
def test_rules_with_conditions_are_suspicious_as_well(big, list_server, rule, name) -> None:
    list_server.say(MANY + b"||poker.example^\n" + rule.encode() + b"\n", '"two"')
    assert not big.fetch_later()
    assert name in big.state.download.held.why.hits


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("||pool.ntp.org^$dnstype=HTTPS", id="no address"),
        pytest.param("||ntp.org^$denyallow=pool.ntp.org", id="denied"),
        pytest.param("||pool.ntp.org^\n@@||pool.ntp.org^", id="taken back"),
    ],
)
def test_what_closes_nothing_that_counts_does_not_wait(big, list_server, rule) -> None:
    list_server.say(MANY + b"||poker.example^\n" + rule.encode() + b"\n", '"two"')
    assert big.fetch_later()
    assert big.state.closes == ()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(MANY[: len(MANY) * 6 // 10], id="a bit smaller"),
        pytest.param(MANY + bigger(MANY[: len(MANY) // 3], 1), id="a bit bigger"),
    ],
)
def test_ordinary_change_does_not_wait(big, list_server, body) -> None:
    list_server.say(body.rsplit(b"\n", 1)[0] + b"\n", '"two"')
    assert big.fetch_later()
    assert big.state.what == ""


def test_a_small_list_may_change_as_it_likes(subscriber, list_server) -> None:
    list_server.say(MANY, '"two"')
    assert subscriber.fetch_later()


def test_a_new_list_with_a_helpline_is_in_force_and_says_so(subscribe, list_server) -> None:
    list_server.body = MANY + b"childline.org.uk\n"
    subscriber = subscribe(url=list_server.url)
    assert subscriber.fetch()
    subscriber.compile()
    assert subscriber.state.opens == ("childline.org.uk",)
    assert subscriber.state.what == "", "the helpline stays open: nothing needs to be done"
    list_server.say(list_server.body + b"poker.example\n", '"two"')
    assert subscriber.fetch_later(), "it held the helpline before"


@pytest.mark.parametrize(
    ("category", "name"),
    [
        pytest.param("gambling", b"pool.ntp.org", id="essentials, which it would close"),
        pytest.param("csam-illegal", b"childline.org.uk", id="a locked list, above helplines"),
    ],
)
def test_even_a_new_list_waits_when_it_would_close_what_must_stay_open(
    subscribe, list_server, category, name
) -> None:
    list_server.body = MANY + name + b"\n"
    subscriber = subscribe(url=list_server.url, category=category)
    assert not subscriber.fetch()
    assert name.decode() in subscriber.state.what


def test_where_nothing_keeps_helplines_open_a_new_list_with_one_waits(
    layout, document, house, list_server
) -> None:
    list_server.body = MANY + b"childline.org.uk\n"
    listed = {"category": "gambling", "url": list_server.url}
    subscriber = house.subscriber(layout, house.with_lists(document, web=listed))
    assert not subscriber.fetch()
    assert "childline.org.uk" in subscriber.state.what


def test_a_list_of_essentials_may_hold_them(subscribe, list_server) -> None:
    list_server.body = b"pool.ntp.org\n"
    assert subscribe(url=list_server.url, category="essentials").fetch()


def test_names_the_guardians_keep_open_count_as_well(layout, document, house, list_server) -> None:
    (layout.base / "ours.txt").write_text("school.example\n")
    document = house.with_lists(
        document,
        ours={"category": "essentials", "file": "ours.txt"},
        web={"category": "games", "url": list_server.url},
    )
    list_server.body = MANY + b"www.school.example\n"
    subscriber = house.subscriber(layout, document)
    assert not subscriber.fetch()
    assert "school.example" in subscriber.state.what


def test_another_address_is_another_list_of_any_size(big, subscribe, list_server) -> None:
    other = subscribe(url=list_server.page("/other", list_server.answers(200, bigger(MANY, 9))))
    other.now = big.now
    assert other.fetch()


def test_what_waits_is_not_sent_again_and_goes_when_the_server_repents(big, list_server) -> None:
    list_server.say(GOOD, '"two"')
    big.fetch_later()
    big.fetch_later()
    assert list_server.headers[-1]["If-None-Match"] == '"two"'
    assert big.state.download.held is not None
    list_server.say(MANY, '"three"')
    assert not big.fetch_later()
    assert big.state.what == ""
    assert not big.layout.held_of("web").exists()
    assert big.state.download.fetched == big.now


def test_a_better_download_takes_the_place_of_what_waits(big, list_server) -> None:
    list_server.say(GOOD, '"two"')
    big.fetch_later()
    list_server.say(MANY + b"poker.example\n", '"three"')
    assert big.fetch_later()
    assert big.state.what == ""
    assert not big.layout.held_of("web").exists()


def test_an_answer_given_during_a_download_is_kept(big, list_server) -> None:
    list_server.say(GOOD, '"two"')
    big.fetch_later()

    def accept_meanwhile(request) -> None:
        accept(big.layout, "web")
        list_server.serve(request)

    list_server.page("/list.txt", accept_meanwhile)
    list_server.say(MANY, '"three"')
    assert not big.fetch_later()
    assert big.text == GOOD
    assert big.state.download.held is None
