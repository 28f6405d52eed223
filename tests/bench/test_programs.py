"""The generator counts what really came back, and the limit answers as its stand-in does."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import pytest
from data import SEED, Questions, made_up, random
from load import Generator
from machine import HERE, compiled
from running import free_port, wait_until


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    if compiled("echo", folder) is None or compiled("load", folder) is None:
        pytest.skip("there is no C compiler")
    return folder


@contextlib.contextmanager
def echoing(*argv: str) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([*argv, str(port), "30"])
    try:
        wait_until(lambda: ask(port, "a.example", "A").answer)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def ask(port: int, name: str, rdtype: str) -> dns.message.Message:
    question = dns.message.make_query(name, rdtype, id=7, use_edns=0)
    return dns.query.udp(question, "127.0.0.1", port=port, timeout=1)


@pytest.mark.parametrize("rdtype", ["A", "AAAA", "TXT"])
def test_the_limit_and_its_stand_in_give_the_same_answers(programs, rdtype):
    with (
        echoing(str(programs / "echo")) as quick,
        echoing(sys.executable, str(HERE / "echo.py")) as plain,
    ):
        replies = [ask(port, "www.a.example", rdtype) for port in (quick, plain)]
    assert replies[0].to_wire() == replies[1].to_wire()
    assert bool(replies[0].answer) == (rdtype != "TXT")


@pytest.mark.parametrize("clients", [0, 3, 300])
def test_every_question_is_answered_once_or_lost(programs, tmp_path, clients):
    questions = Questions(tmp_path, ["listed.example"]).mixed(1_000)
    began = time.time()
    with echoing(str(programs / "echo")) as port:
        got = Generator(programs / "load").most(port, questions, 0.2, clients)
    assert began < got.last_open < time.time()
    assert got.sent > 0
    assert (got.lost, got.failed) == (0, 0)
    assert 0 < got.p50_us <= got.p99_us <= got.p999_us <= got.slowest_us


def test_a_steady_rate_is_kept_up_when_nobody_answers_and_all_is_lost(programs, tmp_path):
    questions = Questions(tmp_path, ["listed.example"]).cached(10)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        got = Generator(programs / "load").steady(deaf.getsockname()[1], questions, 0.25)
    assert got.sent == got.lost == 500
    assert (got.qps, got.p50_us, got.slowest_us) == (0, 1e6, 1e6)


def test_a_refusing_server_is_told_from_a_working_one(programs, tmp_path):
    questions = Questions(tmp_path, ["listed.example"]).cached(10)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.1)
        running = Generator(programs / "load").steadily(server.getsockname()[1], questions, 0.01)
        while running.poll() is None:
            with contextlib.suppress(TimeoutError):
                packet, sender = server.recvfrom(1500)
                server.sendto(packet[:2] + b"\x81\x82" + packet[4:], sender)  # SERVFAIL
        printed = json.loads(running.communicate(timeout=10)[0])
    assert printed["sent"] > 0
    assert printed["failed"] + printed["lost"] == printed["sent"]
    assert printed["failed"] > 0


@pytest.mark.parametrize("seconds", ["0", "61", "-1"])
def test_no_run_is_without_end(programs, tmp_path, seconds):
    words = [str(programs / "load"), "53", str(tmp_path), seconds, "0", "4", "48", "0"]
    assert subprocess.run(words, timeout=10, check=False).returncode == 2


def test_all_names_are_made_up_and_new_ones_are_new_everywhere(tmp_path):
    listed = list(made_up(2_000, random.Random(SEED)))
    assert len({*listed, *made_up(2_000, random.Random(SEED), 2_000)}) == 4_000
    questions = Questions(tmp_path, listed)
    asked = [
        line.split()[0]
        for write in (questions.misses, questions.mixed, questions.misses, questions.blocked)
        for line in write(400).read_text().splitlines()
    ]
    assert all(name.endswith(".example") for name in asked)
    new = [name for name in asked if name.endswith(".new.example")]
    assert len(new) == len(set(new)) == 400 + 20 + 400
