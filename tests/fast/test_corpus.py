"""What the fuzzers once found interesting, replayed against Python on every run."""

import struct
from pathlib import Path

import pytest
from agreement import all_agrees, answer_agrees, query_agrees

CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus"
# As in tests/fuzz/target.pyx: length of the query, room, age, cap, kind; then query and reply.
KNOBS = struct.Struct("!HHHHB")


def inputs(target: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]


@pytest.mark.parametrize(("target", "agrees"), [("scan", query_agrees), ("walk", answer_agrees)])
def test_core_and_python_agree_on_what_was_found(target: str, agrees) -> None:
    assert {agrees(packet) for packet in inputs(target)} == {True, False}


def test_core_and_python_agree_on_what_was_written() -> None:
    for packet in inputs("patch"):
        if len(packet) >= KNOBS.size:
            size, _, age_s, ttl_cap, _ = KNOBS.unpack_from(packet)
            rest = packet[KNOBS.size :]
            all_agrees(rest[:size], rest[size:], age_s, ttl_cap)
