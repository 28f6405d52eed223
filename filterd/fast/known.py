"""What the core must know of names before it may answer for any: made of a policy, once.

Where the index lies, what guardians typed, which names have a meaning of their own, and which
may be written down nowhere.  The core's tables are made of it (``fast.tables``).
"""

from collections.abc import Iterable
from typing import NamedTuple

from filterd.lists.category import ALWAYS_ALLOW
from filterd.lists.core import Search
from filterd.lists.index import EMPTY, Index
from filterd.lists.texts import Walk
from filterd.policy.snapshot import Policy
from filterd.policy.special import LOCAL_TOPS, SPECIAL_NAMES


class Known(NamedTuple):
    """``typed`` are names with the numbers of their own set and of the one below them.

    ``marked`` are names, and top labels, that only Python answers; ``helpline_sets`` the numbers
    of the tag sets of names that nobody may write down, unless any name may be such a one
    (``doubts_helplines``).  ``needs_plain``: patterns are in force, so that names must be told of
    one by one, but for those in which ``walk`` finds nothing.  ``lists`` keeps the mapping alive.
    """

    lists: Index
    search: Search
    typed: Iterable[tuple[str, int, int]]
    marked: frozenset[str]
    tops: frozenset[str]
    helpline_sets: frozenset[int]
    doubts_helplines: bool
    needs_plain: bool
    walk: Walk | None
    is_logging: bool


def known_of(policy: Policy) -> Known:
    """Return what is known of names under a policy.

    Raises TypeError for a policy over something else than a compiled index.
    """
    index = policy.knowledge.listed
    if not isinstance(index, Index):
        raise TypeError("the core searches a compiled index only")
    conditions = policy.knowledge.conditions
    lists = policy.document.lists
    helplines = {source for source, entry in lists.items() if entry.category == ALWAYS_ALLOW}
    return Known(
        lists=index,
        search=index.search,
        typed=tuple(policy.knowledge.overlay.numbers()),
        marked=frozenset(SPECIAL_NAMES),
        tops=LOCAL_TOPS,
        helpline_sets=frozenset(
            number
            for number, tags in enumerate(index.sets)
            if any(tag.source in helplines for tag in tags)
        ),
        doubts_helplines=policy.knowledge.helps_by_condition,
        needs_plain=conditions is not None and conditions.rulebook.has_patterns,
        walk=None if conditions is None else conditions.rulebook.walk,
        # Without lists nobody can say what must not be written down.
        is_logging=index.build != EMPTY.build,
    )
