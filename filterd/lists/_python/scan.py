"""Read the ordinary lines of a text: one regular expression, and no Python code for each line."""

import re
from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import compress
from typing import TYPE_CHECKING

from filterd.lists.parsed import Names
from filterd.lists.shape import LONGEST, NAME, Shape

if TYPE_CHECKING:
    from typing_extensions import Buffer

_NAME = NAME.encode()
_EVERY_LINE = re.compile(rb"([^\n]*\n)")


def scan(
    text: "Buffer", shapes: Sequence[Shape], first: int = 1, /
) -> tuple[list[Names], list[tuple[int, bytes]]]:
    """As ``core.Core.scan``."""
    # findall gives each line as a tuple: a group for each shape, and the line itself if of none.
    if shapes:
        columns = list(zip(*_pattern(tuple(shapes)).findall(text), strict=True))
    else:
        columns = [tuple(_EVERY_LINE.findall(text))]
    if not columns:  # no line at all
        return [Names(b"", b"") for _ in shapes], []
    *of_shapes, others = columns
    numbers = range(first, first + len(others))
    names = [_names(column, compress(numbers, column)) for column in of_shapes]
    lines = (line[:-1] for line in filter(None, others))
    return names, list(zip(compress(numbers, others), lines, strict=True))


def _names(column: tuple[bytes, ...], numbers: Iterable[int]) -> Names:
    text = b"\n".join(filter(None, column))
    return Names(text + b"\n" if text else b"", array("I", numbers).tobytes())


@lru_cache(maxsize=32)
def _pattern(shapes: tuple[Shape, ...]) -> re.Pattern[bytes]:
    """Return what matches any line: a group for each shape's name, the last for other lines."""
    return re.compile(b"|".join([*map(_line, shapes), rb"([^\n]*\n)"]))


def _line(shape: Shape) -> bytes:
    end = rb"(?:%b)[ \t]*\n" % b"|".join(map(_literal, shape.ends))
    short = rb"(?=[a-z0-9_.-]{1,%d}%b)" % (LONGEST, end)
    never = b"".join(rb"(?<!%b)" % re.escape(tail) for tail in shape.never)
    start = b"|".join(map(_literal, shape.starts))
    return rb"(?:%b)((?!localhost)%b%b)%b%b" % (start, short, _NAME, never, end)


def _literal(text: bytes) -> bytes:
    return rb"[ \t]+".join(map(re.escape, text.split(b" ")))
