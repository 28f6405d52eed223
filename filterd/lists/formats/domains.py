"""The domains format: a name on each line, a rule for that name only.

Lists written by hand mix in ``*.name``; it says what it means, so it is read as in the wildcard
format.  Whether a list is meant to cover subdomains as well is its source's ``match`` setting.
"""

from collections.abc import Iterator

from filterd.lists.formats.entry import read_name
from filterd.lists.formats.lines import COMMENT, Format, Shape, by_line, is_comment, normal, read
from filterd.lists.parsed import Parsed, Rule, Scope, Wrong


def parse(text: bytes) -> Parsed:
    """Read a domains list; never raises, and takes time in proportion to its size."""
    return read(DOMAINS, normal(text))


def read_line(line: str) -> Iterator[Rule | Wrong]:
    line = line.strip()
    if is_comment(line):
        return
    word, *remark = line.split(maxsplit=1)
    # A remark needs a blank before it: "example.org##.banner" hides a part of a page and must not
    # become a rule for the whole site.
    if remark and not remark[0].startswith(COMMENT):
        yield Wrong("more than one word on the line")
        return
    scope = Scope.SUBTREE if word.startswith("*.") else Scope.EXACT
    name = read_name(word.removeprefix("*."))
    yield name if isinstance(name, Wrong) else Rule(name, scope)


DOMAINS = Format(
    name="domains",
    shapes=(Shape((b"",), (b"",), Scope.EXACT),),
    scan=by_line(read_line),
)
