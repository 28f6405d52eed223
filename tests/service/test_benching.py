"""``filterd bench`` asks a resolver of the house gently, and nobody else."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.message
import dns.rrset
import pytest
from click.testing import CliRunner

from filterd.cli import main
from filterd.config.address import Endpoint
from filterd.service import benching
from filterd.service.benching import AT_ONCE, BenchError, ask_for, bench_in_words

Behave = Callable[[dns.message.Message], list[bytes]]


def good(asked: dns.message.Message) -> list[bytes]:
    reply = dns.message.make_response(asked, recursion_available=True)
    reply.answer.append(dns.rrset.from_text(asked.question[0].name, 60, "IN", "TXT", "x"))
    return [reply.to_wire()]


@contextmanager
def responder(behave: Behave) -> Iterator[tuple[int, list[dns.message.Message]]]:
    """A real DNS server on 127.0.0.1; yields its port and what it was asked."""
    asked: list[dns.message.Message] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(0.1)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    packet, sender = opened.recvfrom(4096)
                except TimeoutError:
                    continue
                asked.append(dns.message.from_wire(packet))
                for reply in behave(asked[-1]):
                    opened.sendto(reply, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield opened.getsockname()[1], asked
        finally:
            done.set()
            thread.join()


def dead_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def test_it_says_how_many_answers_came_and_how_soon():
    with responder(good) as (port, _):
        result = CliRunner().invoke(
            main, ["bench", "--against", f"127.0.0.1:{port}", "--seconds", "1"]
        )
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"127.0.0.1:{port}: ")
    for said in ("answers a second", "half of them within", "99 % within", "  0 lost"):
        assert said in result.output


def test_it_asks_for_addresses_of_names_that_are_nobodys_only():
    with responder(good) as (port, asked):
        ask_for(Endpoint("127.0.0.1", port), 0.3)
    names = {
        question.name.to_text(omit_final_dot=True) for one in asked for question in one.question
    }
    assert len(names) > 20
    assert all(
        name in {"example.com", "www.example.com"} or name.endswith((".example", ".invalid"))
        for name in names
    )
    assert {question.rdtype.name for one in asked for question in one.question} == {"A", "AAAA"}


def test_it_ends_at_the_most_questions_however_long_it_may_ask(monkeypatch):
    monkeypatch.setattr(benching, "MOST_QUESTIONS", 50)
    with responder(good) as (port, asked):
        found = ask_for(Endpoint("127.0.0.1", port), 30)
    assert (len(asked), len(found.times), found.lost) == (50, 50, 0)


def test_no_more_questions_are_under_way_than_a_family_has(monkeypatch):
    monkeypatch.setattr(benching, "TIMEOUT_S", 0.2)
    with responder(lambda _: []) as (port, asked):
        ask_for(Endpoint("127.0.0.1", port), 0.1)
        assert len(asked) == AT_ONCE


def test_a_question_without_an_answer_is_lost_and_the_others_count(monkeypatch):
    monkeypatch.setattr(benching, "TIMEOUT_S", 0.1)
    monkeypatch.setattr(benching, "MOST_QUESTIONS", 40)
    served = iter(range(1_000))
    with responder(lambda one: [] if next(served) % 10 == 0 else good(one)) as (port, _):
        found = ask_for(Endpoint("127.0.0.1", port), 30)
    assert (len(found.times), found.lost) == (36, 4)


def test_an_answer_to_another_question_is_none(monkeypatch):
    monkeypatch.setattr(benching, "TIMEOUT_S", 0.1)
    monkeypatch.setattr(benching, "MOST_QUESTIONS", 8)

    def other(asked: dns.message.Message) -> list[bytes]:
        asked.id ^= 1
        return good(asked)

    with responder(other) as (port, _):
        found = ask_for(Endpoint("127.0.0.1", port), 30)
    assert (len(found.times), found.lost) == (0, 8)


def test_where_nothing_listens_it_says_so_and_ends_early():
    port = dead_port()
    result = CliRunner().invoke(
        main, ["bench", "--against", f"127.0.0.1:{port}", "--seconds", "30"]
    )
    assert result.exit_code == 1
    said = re.search(rf"nothing answers at 127.0.0.1:{port}: (\d+) questions", result.output)
    assert said, result.output
    assert int(said[1]) < 5 * AT_ONCE


@pytest.mark.parametrize(
    ("against", "says"),
    [
        pytest.param("9.9.9.9", "9.9.9.9 is a public address", id="a public resolver"),
        pytest.param("[2620:fe::fe]:53", "is a public address", id="a public one by IPv6"),
        pytest.param("::ffff:9.9.9.9", "is a public address", id="a public one in IPv6 dress"),
        pytest.param("192.0.2.1", "is a public address", id="a documentation address"),
        pytest.param("100.64.0.1", "is a public address", id="the provider's side of a NAT"),
        pytest.param("224.0.0.1", "is a public address", id="many at once"),
        pytest.param("0.0.0.0", "nobody's address", id="nobody"),
        pytest.param("router.example", "does not begin with an IP address", id="a name"),
        pytest.param("system", "write the address of the resolver", id="what the machine uses"),
        pytest.param("127.0.0.1:0", "port", id="port 0"),
        pytest.param("127.0.0.1:99999", "port", id="a port that cannot be"),
    ],
)
def test_nobody_but_a_resolver_of_the_house_is_asked(against, says, monkeypatch):
    monkeypatch.setattr(benching, "ask_for", lambda *_: pytest.fail("it was asked"))
    with pytest.raises(BenchError, match=says):
        list(bench_in_words(against, 1))


@pytest.mark.parametrize(
    ("against", "endpoint"),
    [
        ("192.168.1.2", Endpoint("192.168.1.2", 53)),
        ("10.0.0.1:5300", Endpoint("10.0.0.1", 5300)),
        ("fd00::53", Endpoint("fd00::53", 53)),
        ("[::1]:5300", Endpoint("::1", 5300)),
        ("fe80::1%eth0", Endpoint("fe80::1%eth0", 53)),
    ],
)
def test_an_address_of_a_house_is_asked_at_its_port(against, endpoint, monkeypatch):
    seen = []
    found = benching.Asked(took_s=1.0, times=[0.001])
    monkeypatch.setattr(benching, "ask_for", lambda whom, _: seen.append(whom) or found)
    assert f"{endpoint}: 1 answer in" in next(bench_in_words(against, 1))
    assert seen == [endpoint]
