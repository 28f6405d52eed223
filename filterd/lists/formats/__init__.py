"""The list formats that can be read, and the one function that reads any of them."""

from filterd.errors import ListError
from filterd.lists.formats.detect import FORMATS, detect, refuse_what_is_no_list
from filterd.lists.formats.lines import Format, line_at, normal, read
from filterd.lists.formats.squidguard import SQUIDGUARD, domains_of
from filterd.lists.formats.tlds import with_tlds
from filterd.lists.parsed import Parsed

__all__ = ["FORMATS", "detect", "open_list", "parse", "text_of"]

# A list with fewer mistakes than this is somebody's own, and its good lines count.
FORGIVEN = 20


def parse(
    source: str, text: bytes, form: str = "auto", match: str = "format", *, tlds: bool = False
) -> Parsed:
    """Read one list.

    ``form`` is ``auto``, a key of FORMATS, or ``squidguard:CATEGORY`` for a part of an archive;
    ``match`` is ``format`` or ``subdomains``, which makes rules for one name cover everything
    below it too.  ``tlds`` lets rules be for a whole top-level domain.  ``source`` is only for
    messages.
    Raises ListError when the file as a whole is unusable: no list, nothing in it, or mostly lines
    that cannot be read (another format, an error page in plain text).  Rules that are well written
    but not for us do not count against it.
    """
    opened, lines = open_list(source, text, form)
    parsed = read(with_tlds(opened) if tlds else opened, lines)
    unreadable = parsed.complaint_count - parsed.unused
    if not parsed.rules or unreadable > max(FORGIVEN, parsed.rules):
        raise ListError(source, _unusable(parsed))
    return parsed.with_subdomains() if match == "subdomains" else parsed


def open_list(source: str, data: bytes, form: str) -> tuple[Format, bytes]:
    """Return how a list is to be read, and its text.

    Arguments as for ``parse``.  Raises ListError when the bytes are no list.
    """
    name, _, category = form.partition(":")
    if category:
        data = domains_of(source, data, category)
        name = SQUIDGUARD.name
    if name == "auto":
        name = detect(source, data)
    else:
        refuse_what_is_no_list(source, data)
    return FORMATS[name], normal(data)


def text_of(data: bytes, number: int, form: str = "auto") -> str:
    """Return a line of a list, shortened and safe to print; "" when there is no such line.

    ``form`` is as for ``parse`` and matters for archives only.  Raises ListError when the archive
    is unusable.
    """
    _, _, category = form.partition(":")
    return line_at(normal(domains_of("", data, category) if category else data), number)


def _unusable(parsed: Parsed) -> str:
    what = (
        f"of {parsed.lines} lines {parsed.rules} hold a name"
        if parsed.rules
        else f"no line holds a name in the {parsed.format} format"
    )
    if not parsed.complaints:
        return what
    first = parsed.complaints[0]
    return f"{what}; line {first.line}, {first.text!r}: {first.why}"
