"""The heavy loops over names: the compiled ``_native`` where it was built, else ``_python``.

Both are complete and give the same bytes; ``CORE`` says which one this is.  What they share, the
meaning of pairs and the layout of the file, is ``pairs``' and ``layout``'s.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from filterd.lists import _python
from filterd.lists.pairs import Pairs
from filterd.lists.parsed import Names
from filterd.lists.shape import Shape

if TYPE_CHECKING:
    from array import array

    from typing_extensions import Buffer


# Numbers of one size each, as ``array`` has them.
Numbers: TypeAlias = "array[int] | memoryview[int]"


class Search(Protocol):
    """Look-ups in the slots of an index file."""

    def find(self, name: str, /) -> int:
        """Return the number of the tag set that holds for a name, 0 when none does."""

    def pair_of(self, name: str, /) -> int:
        """Return the pair number of a listed name, 0 when the name itself is not listed."""


class NewSearch(Protocol):
    """Opens slots; ``here`` and ``below`` give the set number for each pair number."""

    def __call__(
        self, slots: "Buffer", homes: int, key: bytes, here: list[int], below: list[int], /
    ) -> Search: ...


class Core(Protocol):
    """What each core holds; ``key`` always has 16 bytes."""

    NarrowSearch: NewSearch
    WideSearch: NewSearch

    def scan(
        self, text: "Buffer", shapes: Sequence[Shape], first: int = 1, /
    ) -> tuple[list[Names], list[tuple[int, bytes]]]:
        r"""Read the ordinary lines of a text that has ``\n`` after every line.

        Returns the names for each shape, and all other lines with their numbers and without
        ``\n``.  A line is of the first shape that fits.  ``first`` is the number of the first line.
        """

    def build(
        self, sections: "Sequence[tuple[Buffer, int]]", pairs: Pairs, key: bytes, /
    ) -> tuple[Numbers, Numbers, int]:
        """Merge ``Names.text`` blobs, each with the number of its pair, and close over parents.

        Returns the hashes of the names that must be in the table in rising order ("Q"), the
        number of the pair of each ("I"), and how many distinct names the sections have.
        """

    def place_narrow(self, hashes: Numbers, numbers: Numbers, homes: int, /) -> "Buffer":
        """Return the 8-byte slots of ``layout`` for sorted hashes and their final numbers."""

    def place_wide(self, hashes: Numbers, numbers: Numbers, homes: int, /) -> "Buffer":
        """Return the 16-byte slots of ``layout``, as above."""

    def siphash(self, key: bytes, data: bytes, /) -> int:
        """Return SipHash-2-4 as an unsigned 64-bit number."""


def _load() -> tuple[str, Core]:
    try:
        return "native", cast("Core", import_module("filterd.lists._native"))
    except ImportError:
        return "python", cast("Core", _python)


CORE, _core = _load()
NarrowSearch, WideSearch = _core.NarrowSearch, _core.WideSearch
scan, build, siphash = _core.scan, _core.build, _core.siphash
place_narrow, place_wide = _core.place_narrow, _core.place_wide
