"""Rules that need more than a name: a pattern, or who asks for what, or what is answered instead.

Only their shape is here.  The formats write them, the index carries them, ``lists.patterns``
searches the patterns, and whether one holds for a query is ``policy.conditions``'.
"""

from typing import NamedTuple

from filterd.lists.rule import Kind


class Who(NamedTuple):
    """Which clients a rule is for; all empty means every client.

    ``clients`` are MAC addresses, IP addresses, networks, device ids or device names as written,
    lower-case; ``tags`` are AdGuard's client tags.  Of each pair the first lists whom it is for,
    the second whom it is not for.
    """

    clients: tuple[str, ...] = ()
    but_clients: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    but_tags: tuple[str, ...] = ()


EVERYBODY = Who()


class Rewrite(NamedTuple):
    """What is answered instead: an RCODE, and with NOERROR one record, or none (NODATA).

    ``rdata`` is in wire form, names in it uncompressed.  With a CNAME the answer goes on with
    the records of its target.
    """

    rcode: int
    rtype: int = 0
    rdata: bytes = b""


class Conditional(NamedTuple):
    """One rule that must be looked at when a query comes.

    It speaks either of ``name``, in its ``scope`` (a ``parsed.Scope`` value), or of every name in
    which the RE2 ``pattern`` is found; ``inverted``: in which it is not.  ``types`` are record
    types, all when empty; ``but_types`` are left out; so is what ``denyallow`` lists, and all
    below it.

    A ``rewrite`` on a rule of kind REWRITE is the answer, whatever else the list says; None there
    is an exception's and takes all rewrites of its list away.  On a rule of kind EXCEPTION it is
    the one rewrite of its list that is taken away; such a rule opens nothing.
    """

    kind: Kind
    name: str = ""
    scope: str = ""
    pattern: str = ""
    inverted: bool = False
    types: frozenset[int] = frozenset()
    but_types: frozenset[int] = frozenset()
    who: Who = EVERYBODY
    denyallow: frozenset[str] = frozenset()
    rewrite: Rewrite | None = None
