"""What the page needs of the house it runs in; the service builds it, tests build a small one.

The page reads no configuration, opens no file and asks no clock: all of that comes in here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app

from filterd.config.catalogue import Subscription
from filterd.policy.snapshot import Policy
from filterd.store.guardians import Guardians
from filterd.store.log import LogReader
from filterd.store.policy import PolicyStore

_EXTENSION = "filterd-house"


@dataclass(frozen=True, slots=True)
class HeldList:
    """A download that is not in force: it waits for a guardian, or was refused by one.

    ``why`` is in the technical English of whoever held it, and ``reason`` the short of it: closes,
    opens, smaller or larger.  ``names`` counts what it would list.
    """

    why: str
    names: int
    since: datetime
    is_refused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ListState:
    """How one list fared.

    ``problem`` says why it could not be loaded and ``trouble`` why its last download failed; both
    are technical English, and empty when all is well.  ``left_out`` counts lines that could not
    be used, ``checked`` is when its copy was last seen to be the newest (None when it never was,
    and for a file of the house), ``closes`` are names on it that nobody should close.
    ``is_loading`` tells that its newest copy is here and not compiled yet.
    """

    id: str
    category: str
    ok: bool
    names: int
    problem: str = ""
    trouble: str = ""
    left_out: int = 0
    checked: datetime | None = None
    closes: tuple[str, ...] = ()
    held: HeldList | None = None
    is_loading: bool = False

    @property
    def waiting(self) -> HeldList | None:
        """The download that waits for a guardian's answer, None when none does."""
        return None if self.held is None or self.held.is_refused else self.held


@dataclass(frozen=True, slots=True)
class House:
    """The house's stores, and the questions the page may ask of its service.

    All callables are safe to call from any of the page's threads.

    ``policy`` returns the newest stored policy over the mapped index, compiled.  ``notify`` tells
    the DNS process that the policy changed and returns when it is in force, or when there is no
    DNS process to tell.  ``status`` is the DNS process's own word, None when it is not running;
    the page reads ``problem``, ``index_problem`` and ``log_problem`` (texts, empty when all is
    well) and ``core``: who answers, "native" (the compiled core) or "python".  ``lists`` are the
    lists of the policy as they were last compiled.  ``accept_list`` puts the download of a list
    that waits in force, soon after it returns; ``refuse_list`` drops it.  Both raise ListError when
    nothing waits, and OSError when the answer cannot be stored.
    ``starter_differs`` tells whether the starter policy in ``config.yaml`` is not what was stored.
    ``catalogue`` are the lists of other publishers that are offered, by id.  ``page_names`` are
    further host names of this page; ``key`` (at least 16 random bytes, the same after a restart)
    signs form tokens.
    """

    policies: PolicyStore
    guardians: Guardians
    log: LogReader
    policy: Callable[[], Policy]
    notify: Callable[[], None]
    status: Callable[[], Mapping[str, Any] | None]
    lists: Callable[[], tuple[ListState, ...]]
    accept_list: Callable[[str], None]
    refuse_list: Callable[[str], None]
    starter_differs: Callable[[], bool]
    clock: Callable[[], datetime]
    catalogue: Mapping[str, Subscription]
    page_names: frozenset[str]
    key: bytes


def install_house(app: Flask, house: House) -> None:
    app.extensions[_EXTENSION] = house


def this_house() -> House:
    """Return the house of the app that answers this request."""
    house: House = current_app.extensions[_EXTENSION]
    return house
