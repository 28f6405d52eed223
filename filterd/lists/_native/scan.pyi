# Types of ``scan.pyx``; what its functions do is said in ``core.Core``.

from collections.abc import Sequence

from typing_extensions import Buffer

from filterd.lists.parsed import Names
from filterd.lists.shape import Shape

SOURCES: str

def scan(
    text: Buffer, shapes: Sequence[Shape], first: int = 1, /
) -> tuple[list[Names], list[tuple[int, bytes]]]: ...
