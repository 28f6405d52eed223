"""The wildcard format: ``*.name`` covers the name and everything below it.

A plain name among them covers itself alone; a ``*`` anywhere else is refused.
"""

from filterd.lists.formats.domains import read_line
from filterd.lists.formats.lines import Format, Shape, by_line, normal, read
from filterd.lists.parsed import Parsed, Scope


def parse(text: bytes) -> Parsed:
    """Read a wildcard list; never raises, and takes time in proportion to its size."""
    return read(WILDCARD, normal(text))


WILDCARD = Format(
    name="wildcard",
    shapes=(Shape((b"*.",), (b"",), Scope.SUBTREE),),
    scan=by_line(read_line),
)
