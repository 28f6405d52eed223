"""What a list says about a name: tags.

A tag is (source, kind).  A category is a set of sources and lives in policy, never here.
"""

from enum import IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """How a list speaks of a name, from the strongest inside one category to the weakest.

    CONDITIONAL says nothing by itself: the source has rules that must be looked at for the name.
    REWRITE is only ever found that way.
    """

    REWRITE = 0
    IMPORTANT_EXCEPTION = 1
    IMPORTANT = 2
    EXCEPTION = 3
    BLOCK = 4
    CONDITIONAL = 5


class Tag(NamedTuple):
    """One list's word on a name; ``source`` is the list's id in the policy document."""

    source: str
    kind: Kind


TagSet = frozenset[Tag]
NO_TAGS: TagSet = frozenset()
