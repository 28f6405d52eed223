"""The compiled core: reads ordinary lines, builds the table of names, looks names up; no I/O.

Importing it fails where it was not compiled; ``lists.core`` then takes ``lists._python``, which
does the same.  Its parts (``.pyx``) say at the top what they may touch; what ``filterd.fast`` uses
of them in C stands in the ``.pxd`` files.
"""

from filterd.lists._native.build import build
from filterd.lists._native.place import place_narrow, place_wide
from filterd.lists._native.scan import scan
from filterd.lists._native.search import NarrowSearch, WideSearch, siphash

__all__ = [
    "NarrowSearch",
    "WideSearch",
    "build",
    "place_narrow",
    "place_wide",
    "scan",
    "siphash",
]
