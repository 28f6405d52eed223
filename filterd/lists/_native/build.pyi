# Types of ``build.pyx``; what its functions do is said in ``core.Core``.

from collections.abc import Sequence

from typing_extensions import Buffer

from filterd.lists.pairs import Pairs

SOURCES: str

def build(
    sections: Sequence[tuple[Buffer, int]], pairs: Pairs, key: bytes, /
) -> tuple[memoryview[int], memoryview[int], int]: ...
