"""The hosts format: an address and one or more names on a line, each rule for that name only.

The address is not looked at: whatever a hosts list points a name to, it means "block".  Source:
hosts(5), where ``#`` starts a remark anywhere on the line.
"""

from collections.abc import Iterator

from filterd.lists.formats.entry import is_address, read_name
from filterd.lists.formats.lines import Format, Shape, by_line, is_comment, normal, read
from filterd.lists.parsed import Parsed, Rule, Scope, Wrong

# The usual head of a hosts file names the machine itself; these are not rules and no mistakes.
LOCAL = frozenset(
    {
        "0.0.0.0",  # noqa: S104 a line of such a head, no address to listen on
        "broadcasthost",
        "local",
        "localhost",
        "localhost.localdomain",
        "localhost4",
        "localhost4.localdomain4",
        "localhost6",
        "localhost6.localdomain6",
        "loopback",
    }
)


def parse(text: bytes) -> Parsed:
    """Read a hosts list; never raises, and takes time in proportion to its size."""
    return read(HOSTS, normal(text))


def read_line(line: str) -> Iterator[Rule | Wrong]:
    if is_comment(line.strip()):
        return
    words = line.partition("#")[0].split()
    if not words:
        return
    if not is_address(words[0]):
        yield Wrong("no IP address before the names")
    elif len(words) == 1:
        yield Wrong("an IP address without a name")
    else:
        for word in words[1:]:
            if not _is_local(word.lower()):
                name = read_name(word)
                yield name if isinstance(name, Wrong) else Rule(name, Scope.EXACT)


def _is_local(word: str) -> bool:
    return word in LOCAL or (word.startswith("ip6-") and "." not in word)


HOSTS = Format(
    name="hosts",
    shapes=(Shape((b"0.0.0.0 ", b"127.0.0.1 ", b":: ", b"::1 "), (b"",), Scope.EXACT),),
    scan=by_line(read_line),
)
