# What tests and fuzzers see of packet, answer, reply and texts; None means that the core passes.

from typing import Any, TypeAlias

from filterd.lists.texts import Walk

# id, flags, (name, type, class), question section, (size, DO, has options) or None,
# wire name in lower case, where each label begins in the name
Scanned: TypeAlias = tuple[
    int, int, tuple[str, int, int], bytes, tuple[int, bool, bool] | None, bytes, list[int]
]

def scan(packet: bytes) -> Scanned | None: ...
def plain_text(wire: bytes) -> str | None: ...
def is_reply_to(sent: bytes, reply: bytes) -> bool: ...
def walk(reply: bytes) -> dict[str, Any] | None: ...
def forge(packet: bytes, kind: int, ttl: int, opt: bytes, room: int = 1232) -> bytes | None: ...
def finish(
    packet: bytes,
    octets: bytes,
    ttls_at: list[int],
    flags: int,
    counts: tuple[int, int, int],
    age_s: int,
    ttl_cap: int,
    room: int = 1232,
) -> bytes | None: ...
def to_upstream(packet: bytes, message_id: int, room: int = 1232) -> bytes | None: ...
def may_have_text(walk: Walk | None, name: bytes) -> bool: ...
