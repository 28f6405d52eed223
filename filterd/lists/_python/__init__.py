"""The core in plain Python: complete, and what the compiled one is held to."""

from filterd.lists._python.build import build, place_narrow, place_wide
from filterd.lists._python.scan import scan
from filterd.lists._python.search import NarrowSearch, WideSearch, siphash

__all__ = [
    "NarrowSearch",
    "WideSearch",
    "build",
    "place_narrow",
    "place_wide",
    "scan",
    "siphash",
]
