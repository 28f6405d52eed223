"""squidGuard trees, as UT1 publishes them: an archive with a folder for each category.

Of a category its ``domains`` is read, where every name covers itself and everything below it;
``urls`` and ``expressions`` look at web addresses, which DNS never sees.  Source: squidGuard,
"Domainlists"; UT1, cd.txt.
"""

from collections.abc import Iterator
from heapq import nsmallest

from filterd.errors import ListError
from filterd.lists.formats import domains
from filterd.lists.formats.adblock import ADDRESS
from filterd.lists.formats.archive import Archive, Packed, open_archive
from filterd.lists.formats.entry import is_address
from filterd.lists.formats.lines import Format, Shape, by_line, normal, read, shown
from filterd.lists.parsed import Meaning, Parsed, Rule, Scope, Unused

_FILE = "domains"
_MOST_TRIED = 16
_MOST_NAMED = 20


def parse(text: bytes) -> Parsed:
    """Read one ``domains`` file; never raises, and takes time in proportion to its size."""
    return read(SQUIDGUARD, normal(text))


def read_line(line: str) -> Iterator[Meaning]:
    for meaning in domains.read_line(line):
        if isinstance(meaning, Rule):
            yield meaning._replace(scope=Scope.SUBTREE)
        elif is_address(line.strip()):
            yield Unused(ADDRESS)  # they belong there: a proxy sees them
        else:
            yield meaning


def domains_of(source: str, packed: Packed, category: str) -> bytes:
    """Return the ``domains`` file of a category in a tar or tar.gz.

    The category is a folder's path from the end, like ``adult`` or ``hobby/games``; a link to
    a folder counts as one.  Of several the one nearest the top is taken.  Raises ListError when
    the archive is unusable or has no such category.
    """
    archive = open_archive(source, packed)
    wanted = f"/{category}/{_FILE}"
    candidates = {path for path in archive.members if f"/{path}".endswith(wanted)}
    candidates |= {
        f"{path}/{_FILE}" for path in archive.members if f"/{path}".endswith(f"/{category}")
    }
    for path in nsmallest(_MOST_TRIED, candidates, key=lambda path: (path.count("/"), path)):
        content = archive.read(path)
        if content is not None:
            return content
    raise ListError(source, f"the archive has no {category}/{_FILE}; it has {_named(archive)}")


def _named(archive: Archive) -> str:
    folders = {path.split("/")[-2] for path in archive.members if path.endswith(f"/{_FILE}")}
    if not folders:
        return "no category at all"
    named = ", ".join(map(shown, nsmallest(_MOST_NAMED, folders)))
    return f"{named}, ..." if len(folders) > _MOST_NAMED else named


SQUIDGUARD = Format(
    name="squidguard",
    shapes=(Shape((b"",), (b"",), Scope.SUBTREE),),
    scan=by_line(read_line),
)
