"""The wildcard format: ``*.name`` covers the name and everything below it.

A plain name among them covers itself alone; a ``*`` anywhere else is refused.
"""

from filterd.lists.formats.domains import read_line
from filterd.lists.formats.lines import Format, by_line, decode, ordinary_lines, read
from filterd.lists.parsed import Parsed, Scope


def parse(text: bytes) -> Parsed:
    """Read a wildcard list; never raises, and takes time in proportion to its size."""
    return read(WILDCARD, decode(text))


WILDCARD = Format(
    name="wildcard",
    ordinary=ordinary_lines((r"\*\.", "")),
    scopes=(Scope.SUBTREE,),
    scan=by_line(read_line),
)
