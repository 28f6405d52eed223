"""What a YAML reader complains about, in the words of somebody who edits a file.

libyaml and PyYAML phrase the same fault differently; both end here.
"""

import re
from typing import NamedTuple

import yaml


class _Fault(NamedTuple):
    """How a complaint is recognised and said; ``from_start`` blames where the thing began."""

    pattern: str
    what: str
    right: str
    from_start: bool = False


# The first that fits the context and the problem, read as one line, is said.
_FAULTS = (
    _Fault(
        "scanning an alias",
        'a text begins with "*", which means something else in YAML',
        'put it in quotes, like "*.example.com"',
    ),
    _Fault(
        "scanning an anchor",
        'a text begins with "&", which means something else in YAML',
        "put it in quotes",
    ),
    _Fault(
        "quoted scalar.*(end of stream|document)",
        "a quote is opened here and never closed",
        "close it",
        from_start=True,
    ),
    _Fault(
        "escape",
        'a backslash between "double quotes" begins a code',
        "use 'single quotes'",
    ),
    _Fault(
        "scanning a block scalar",
        'a text begins with "|" or ">", which means something else in YAML',
        "put it in quotes",
    ),
    _Fault(
        "mapping values are not allowed",
        "a colon is where none can be, or the line above lacks the space after its colon",
        "write `key: value`, and put a text with a colon in quotes",
    ),
    _Fault(
        "expected ':'",
        "this line is neither `key: value` nor `- item`",
        "write a space after the colon or the dash",
        from_start=True,
    ),
    _Fault(
        "flow (sequence|mapping)",
        "a bracket is opened here and not closed as it should be",
        "put a comma between two entries and close the bracket",
        from_start=True,
    ),
    _Fault(
        "node content",
        "a text with brackets, colons or commas at its beginning is not in quotes",
        'write "[::1]:5300" with its quotes',
    ),
    _Fault(
        "expected key|block end|'-' indicator|entries are not allowed|document start",
        "this line does not fit the indentation above it",
        "begin entries that belong together in the same column",
    ),
)


def in_words(error: yaml.MarkedYAMLError, text: str) -> tuple[int | None, str, str]:
    """Return line (from 1), what is wrong and what would be right."""
    complaint = f"{error.context or ''}: {error.problem or ''}"
    end, start = error.problem_mark, error.context_mark
    if "cannot start any token" in complaint and end is not None:
        return (end.line + 1, *_odd_beginning(text, end.line, end.column))
    for fault in _FAULTS:
        if re.search(fault.pattern, complaint):
            mark = start if fault.from_start and start is not None else end
            return (None if mark is None else mark.line + 1), fault.what, fault.right
    line = None if end is None else end.line + 1
    return line, f"cannot be read as YAML: {error.problem}", ""


def _odd_beginning(text: str, line: int, column: int) -> tuple[str, str]:
    lines = text.splitlines()
    character = lines[line][column : column + 1] if line < len(lines) else ""
    if character == "\t":
        return "a tab is used to indent", "indent with spaces"
    return f'a text begins with "{character}"', "put it in quotes"
