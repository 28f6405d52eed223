"""What a name is made of, and what the ordinary lines of a format look like.

Lies below the formats because both cores read ordinary lines, and formats read through a core.
Source: RFC 1035 §2.3.4 (sizes).
"""

from typing import NamedTuple

from filterd.lists.parsed import Scope

LABEL = "[a-z0-9_-]{1,63}"
# At least two labels; the last one has a letter, which keeps out IP addresses and version numbers.
# Bounded and unambiguous at each dot, so that no text makes it backtrack more than a label.
NAME = rf"(?:{LABEL}\.){{1,126}}(?=[0-9_-]*[a-z]){LABEL}"
LONGEST = 253


class Shape(NamedTuple):
    """An ordinary line: a start, a name in its canonical form, an end, then blanks or nothing.

    It is a block rule of this ``scope``.  ``starts`` and ``ends`` are literals in which a blank
    stands for one or more blanks or tabs; an end begins with no letter, digit, hyphen or
    underscore.  A name that ends in one of ``never``, or starts like ``localhost.localdomain``,
    makes the line no ordinary one.
    """

    starts: tuple[bytes, ...]
    ends: tuple[bytes, ...]
    scope: Scope
    never: tuple[bytes, ...] = ()
