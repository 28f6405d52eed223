"""What a decision says, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum

from filterd.lists.condition import Rewrite


class Action(Enum):
    """What happens to the query."""

    ALLOW = "allow"
    BLOCK = "block"
    REWRITE = "rewrite"  # answered with what the deciding list says instead


class Rank(IntEnum):
    """The steps of the decision order; the lowest that has an opinion wins."""

    SPECIAL = 1
    LOCKED = 2
    ALWAYS_ALLOW = 3
    GRANT = 4
    PAUSE = 5
    OWN = 6
    WINDOW = 7
    CATEGORY = 9  # 8 is kept for time budgets
    DEFAULT = 10


class Reason(Enum):
    """The bounded form of "why", for counting, storing and translating."""

    CANARY = "canary"  # a bypass signal answered for a filtered profile
    TEST_NAME = "test-name"  # blocked.filter.home.arpa
    LOCKED = "locked"
    ALWAYS_ALLOW = "always-allow"
    GRANT = "grant"
    PAUSE = "pause"
    OWN_ALLOW = "own-allow"
    OWN_BLOCK = "own-block"
    WINDOW = "window"
    CLOCK = "clock"  # the clock is wrong, so windows count as closed
    CATEGORY = "category"
    DEFAULT_ALLOW = "default-allow"
    DEFAULT_BLOCK = "default-block"
    UNFILTERED = "unfiltered"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One decision with everything "why?" needs.

    ``matched`` is the name the rule was written for (a parent of the asked name, or of a name
    in its answer), or its pattern between slashes; ``rewrite`` is what the deciding list answers
    instead; ``detail`` is the window's name or the override's id; ``until`` is when the
    subject's rules next change (aware UTC), None when nothing is scheduled.  Empty text means
    "does not apply".
    """

    action: Action
    rank: Rank
    reason: Reason
    category: str = ""
    source: str = ""
    matched: str = ""
    detail: str = ""
    until: datetime | None = None
    rewrite: tuple[Rewrite, ...] = ()

    @property
    def is_block(self) -> bool:
        return self.action is Action.BLOCK

    @property
    def is_rewrite(self) -> bool:
        return self.action is Action.REWRITE

    @property
    def is_recorded(self) -> bool:
        """False for helplines and their like: such a name is written nowhere, not even counted."""
        return self.rank is not Rank.ALWAYS_ALLOW
