"""The wildcard format: ``*.name`` covers the name and everything below it.

A plain name among them covers itself alone; a ``*`` anywhere else is refused.
"""

from filterd.lists.formats.domains import read_line
from filterd.lists.formats.lines import Format, decode, ordinary_line, read
from filterd.lists.parsed import Parsed, Scope


def parse(text: bytes) -> Parsed:
    """Read a wildcard list; never raises, and takes time in proportion to its size."""
    return read(WILDCARD, decode(text))


WILDCARD = Format(
    name="wildcard", ordinary=ordinary_line(r"\*\."), scope=Scope.SUBTREE, read_line=read_line
)
