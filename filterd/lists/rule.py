"""What a list says about a name: tags.

A tag is (source, kind).  A category is a set of sources and lives in policy, never here.
"""

from enum import IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """How a list speaks of a name, from the strongest inside one category to the weakest."""

    IMPORTANT_EXCEPTION = 0
    IMPORTANT = 1
    EXCEPTION = 2
    BLOCK = 3


class Tag(NamedTuple):
    """One list's word on a name; ``source`` is the list's id in the policy document."""

    source: str
    kind: Kind


TagSet = frozenset[Tag]
NO_TAGS: TagSet = frozenset()
