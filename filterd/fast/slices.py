"""Work that nobody waits for, done in the event loop in slices that are soon over."""

import time
from asyncio import AbstractEventLoop, Handle
from collections.abc import Iterator

# Whoever asks meanwhile waits that long at most, and for the step at hand.
SLICE_S = 0.001
_PAUSE_S = 0.002


class Slices:
    """Takes the steps of one piece of work at a time; used in the loop."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._steps: Iterator[None] = iter(())
        self._going: Handle | None = None

    @property
    def is_busy(self) -> bool:
        return self._going is not None

    def begin(self, steps: Iterator[None]) -> None:
        """Take these steps, each of them short, in the place of what is left of others."""
        self._steps = steps
        if self._going is None:
            self._going = self._loop.call_soon(self._go_on)

    def stop(self) -> None:
        if self._going is not None:
            self._going.cancel()
            self._going = None

    def _go_on(self) -> None:
        end = time.monotonic() + SLICE_S
        while time.monotonic() < end:
            steps = self._steps
            # A step may begin others.
            if next(steps, self) is self and steps is self._steps:
                self._going = None
                return
        self._going = self._loop.call_later(_PAUSE_S, self._go_on)
