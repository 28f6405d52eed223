"""What an engine tells to someone who learns from it: the native core, if there is one.

Told is only what was decided anyway; learning changes no answer.
"""

from typing import Protocol

from filterd.policy.verdict import Verdict
from filterd.resolve.asked import Judged


class Pupil(Protocol):
    """Learns verdicts, so that equal questions need not be asked again."""

    def judged(self, judged: Judged) -> None:
        """Hear who asked, what holds for them, and the verdict on their question."""

    def reviewed(self, judged: Judged, names: tuple[str, ...], found: Verdict | None) -> None:
        """Hear what the names of an answer made of the verdict; None: it stands."""
