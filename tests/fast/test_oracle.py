"""The core against Python's path: random policies, packets and times, byte for byte.

Every step asks three: an engine alone (the oracle), the core, and, for what the core passes, an
engine that teaches the core.  Replies and log records must be the same, and what was passed for
being unknown must be answered by the core when it is asked again in the same instant.
"""

import random
from typing import Any

import pytest
from oracle import (
    CLIENTS,
    START,
    Trio,
    address,
    by_python,
    make_query,
    parts_of,
    random_answer,
    random_packet,
    random_parts,
)

from filterd.resolve.asked import Now
from filterd.resolve.engine import Forward, Reply


@pytest.mark.parametrize("seed", range(24))
def test_core_and_python_say_the_same(seed: int) -> None:
    rng = random.Random(seed)
    trio = Trio(random_parts(rng))
    now = Now(START, 1000.0)
    counts = dict.fromkeys(("first", "again", "passed"), 0)
    for _ in range(500):
        if rng.random() < 0.4:
            seconds = rng.choice((0.0, 0.3, 0.9, 1.0, 2.1, 7.7, 61.0, 1800.0, 9000.0))
            now = Now(now.wall + seconds, now.tick + seconds)
            if rng.random() < 0.9:
                trio.meet_again(now)
        if rng.random() < 0.02:  # the clock is set
            now = Now(now.wall + rng.uniform(-90000, 90000), now.tick)
        if rng.random() < 0.01:
            trio.replace(random_parts(rng))
        packet, client = random_packet(rng), rng.choice(CLIENTS)
        said: dict[Any, bytes] = {}

        def answers(forward: Forward, said: dict[Any, bytes] = said) -> bytes:
            return said.setdefault(forward.key, random_answer(rng, forward.packet))

        core = trio.by_core(packet, client, now)
        expected = by_python(trio.oracle, packet, client, now, answers)
        if isinstance(core, Reply):
            assert core == expected
            counts["first"] += 1
            continue
        assert by_python(trio.engine, packet, client, now, answers) == expected
        again = trio.by_core(packet, client, now)
        if isinstance(again, Reply):
            assert again == by_python(trio.oracle, packet, client, now, answers)
            counts["again"] += 1
        else:
            # Strangers are never taught, nor what a rule with conditions may fit.
            has_conditions = trio.engine.policy.knowledge.conditions is not None
            assert again in {"odd", "missing"} or client == "8.8.8.8" or has_conditions
            counts["passed"] += 1
    assert counts["first"] + counts["again"] > 60


@pytest.mark.parametrize(
    ("rule", "free", "closed"),
    [
        ("||social.example^$denyallow=ok.social.example", "ok.social.example", "social.example"),
        ("||x.example^\n/^video/", "plain.example", "video.example"),
        ("||social.example^$dnstype=A", "social.example AAAA", "social.example A"),
    ],
    ids=["what a rule leaves out", "what a pattern does not fit", "another type"],
)
def test_a_name_beside_a_rule_with_conditions_says_nothing_of_those_it_fits(
    rule: str, free: str, closed: str
) -> None:
    trio = Trio(parts_of({"mine": ("social", rule, "adblock")}))
    now = Now(START, 1000.0)
    for asked in (free, closed, free, closed):
        name, _, rdtype = asked.partition(" ")
        packet = make_query(name, rdtype or "A")
        core = trio.by_core(packet, CLIENTS[0], now)
        expected = by_python(trio.oracle, packet, CLIENTS[0], now, address)
        if isinstance(core, Reply):
            assert core == expected
        else:
            assert by_python(trio.engine, packet, CLIENTS[0], now, address) == expected
        assert (expected.record.action == "block") == (asked == closed)
