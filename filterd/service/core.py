"""Chooses who answers UDP: the native core where it was built, else Python's own loop.

Python's way is complete by itself; with the core in front, what the core cannot prove comes the
same way.  Which of the two runs is said by ``CORE``.
"""

import socket
from collections.abc import Callable, Iterable, Sequence

from filterd.config.address import Network
from filterd.lists import core as lists
from filterd.policy.snapshot import Policy
from filterd.resolve.engine import Engine
from filterd.resolve.upstreams import Upstreams

try:
    from filterd.fast.cache import AnswerCache
    from filterd.fast.front import Front, Macs
    from filterd.fast.teacher import Teacher
except ImportError:
    CORE = "python"
else:
    # It searches the index where the lists' compiled part has opened it.
    CORE = lists.CORE


def make_engine(
    policy: Policy, networks: Iterable[Network], page_addresses: Iterable[str], key: bytes
) -> Engine:
    """Return the engine; with the core, its cache lies where the core's threads reach it.

    ``key`` is the installation's: nobody outside may guess where a name lies.
    """
    if CORE == "python":
        return Engine(policy, networks, page_addresses=page_addresses)
    return Engine(policy, networks, page_addresses=page_addresses, cache=AnswerCache(key))


def make_front(
    engine: Engine,
    upstreams: Upstreams,
    sockets: Sequence[socket.socket],
    mac_of: Callable[[str], str | None],
    known_mac: Callable[[str], str | None],
) -> "Front | None":
    """Put the core in front of an engine, which teaches it; None where it was not built.

    ``mac_of`` tells the MAC of a client who has just asked, ``known_mac`` of one who has not.
    """
    if CORE == "python" or not isinstance(engine.cache, AnswerCache):
        return None
    teacher = Teacher(engine.policy, engine.cache)
    engine.pupil = teacher
    return Front(teacher, engine, upstreams, sockets, Macs(mac_of, known_mac))
