"""The one exception tree, split by whose fault it is.

Whoever can answer catches: a listener, a reload, a page, the command line.  Decisions never raise.
"""

from collections.abc import Iterable
from dataclasses import dataclass


class FilterdError(Exception):
    """Anything filterd reports in words a person can act on."""


class WireError(FilterdError):
    """The peer's bytes are wrong.  ``rcode`` is what to answer; None means stay silent."""

    def __init__(self, what: str, rcode: int | None) -> None:
        super().__init__(what)
        self.rcode = rcode


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file a person wrote.

    ``path`` is dotted (``policy.profiles.sana.windows[0].start``), ``line`` counts from 1,
    ``right`` says what would be right and may be empty.
    """

    file: str
    line: int | None
    path: str
    what: str
    right: str = ""

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        path = f" {self.path}:" if self.path else ""
        right = f" ({self.right})" if self.right else ""
        return f"{where}:{path} {self.what}{right}"


class ConfigError(FilterdError):
    """The operator's file is wrong; carries *all* problems that were found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class ListError(FilterdError):
    """A whole list is unusable (missing, HTML, binary, empty); others are not touched."""

    def __init__(self, source: str, what: str) -> None:
        super().__init__(f"list {source}: {what}")
        self.source = source
        self.what = what


class UpstreamError(FilterdError):
    """An upstream did not answer in time, or answered something else."""


class StoreError(FilterdError):
    """The store could not be read or written."""


class Conflict(StoreError):
    """Somebody saved a newer version of the policy first."""


class NothingToUndo(StoreError):
    """The policy is still the first one."""
