"""The list formats that can be read, and the one function that reads any of them."""

from filterd.errors import ListError
from filterd.lists.formats.detect import FORMATS, detect, refuse_what_is_no_list
from filterd.lists.formats.lines import decode, read
from filterd.lists.parsed import Parsed

__all__ = ["FORMATS", "detect", "parse"]

# A list with fewer mistakes than this is somebody's own, and its good lines count.
FORGIVEN = 20


def parse(source: str, text: bytes, form: str = "auto", match: str = "format") -> Parsed:
    """Read one list.

    ``form`` is ``auto`` or a key of FORMATS; ``match`` is ``format`` or ``subdomains``, which
    makes rules for one name cover everything below it too.  ``source`` is only for messages.
    Raises ListError when the file as a whole is unusable: no list, nothing in it, or mostly lines
    that cannot be read (another format, an error page in plain text).
    """
    if form == "auto":
        form = detect(source, text)
    else:
        refuse_what_is_no_list(source, text)
    parsed = read(FORMATS[form], decode(text))
    if not parsed.rules or parsed.complaint_count > max(FORGIVEN, parsed.rules):
        raise ListError(source, _unusable(parsed))
    return parsed.with_subdomains() if match == "subdomains" else parsed


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
