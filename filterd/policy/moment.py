"""What holds for a subject at an instant, and until when.

A moment gathers everything about a decision that depends on time, so that the steps of
``policy.decide`` know none.

Of a guardian's overrides the newest wins: a grant given during a pause opens in it what it names,
and a pause silences the grants given before it.

A clock that is earlier than the newest time ever stored is wrong (a board without a battery wakes
up in 1970).  Then no window can be judged, so a profile that has windows is closed but for
essentials; and overrides are judged at the newest stored time, which the real one cannot be
before, so that no ended grant comes back to life.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from filterd.policy.override import Override
from filterd.policy.profile import Rules, TimedWindow
from filterd.policy.schedule import is_open, next_edge

# Clocks are corrected by seconds all the time; that is no reason to close a child's windows.
CLOCK_TOLERANCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds from some instant until ``until`` (aware UTC; None: for good).

    ``windows`` are those open now, in the document's order; ``grants`` those in force, the newest
    first; ``granted`` are the categories these open, and ``opened`` the categories that windows
    of mode ``open`` lift.  ``traits`` do not pass with time, but belong to the subject: which of
    the lists' rules for some clients are for this one (``policy.askers``).
    """

    rules: Rules
    windows: tuple[TimedWindow, ...] = ()
    pause: Override | None = None
    grants: tuple[Override, ...] = ()
    granted: frozenset[str] = frozenset()
    opened: frozenset[str] = frozenset()
    is_clock_right: bool = True
    until: datetime | None = None
    traits: int = 0

    @property
    def content(self) -> tuple[Hashable, ...]:
        """All that the steps of ``policy.decide`` read of it: equal contents decide alike.

        Only when that changes again (``Verdict.until``) is left out, so it recurs day by day, and
        is the same for profiles that differ in their ids alone.  ``granted`` and ``opened`` follow
        from the grants and the windows.
        """
        rules = self.rules
        return (
            rules.profile.filtering,
            rules.profile.default,
            rules.scope,
            rules.blocked,
            rules.allowed,
            bool(rules.windows),
            tuple((each.scope, each.name, each.mode, each.categories) for each in self.windows),
            self.pause,
            self.grants,
            self.is_clock_right,
            self.traits,
        )


def moment_at(
    rules: Rules, overrides: Iterable[Override], now: datetime, newest: datetime | None
) -> Moment:
    """Return what holds at ``now``.

    ``overrides`` are those that concern the subject, in force or not; ``newest`` is the newest
    time that was ever stored, None when there is none.  Both times are aware UTC.
    """
    if not rules.profile.filtering:
        return Moment(rules)
    right_again = None if newest is None else newest - CLOCK_TOLERANCE
    is_clock_right = right_again is None or now >= right_again
    overrides = tuple(overrides)
    if newest is not None and not is_clock_right:
        pause, grants = _in_force(overrides, newest)
        windows: tuple[TimedWindow, ...] = ()
        until = right_again
    else:
        pause, grants = _in_force(overrides, now)
        windows = tuple(
            window for window in rules.windows if is_open(window.weekly, rules.zone, now)
        )
        until = _next_change(rules, overrides, now)
    return Moment(
        rules,
        windows,
        pause,
        grants,
        granted=frozenset[str]().union(*(grant.categories for grant in grants)),
        opened=frozenset[str]().union(
            *(window.categories for window in windows if window.mode == "open")
        ),
        is_clock_right=is_clock_right,
        until=until,
    )


def _in_force(
    overrides: tuple[Override, ...], at: datetime
) -> tuple[Override | None, tuple[Override, ...]]:
    """Return the newest pause, and the grants newer than it, the newest first."""
    standing = sorted(
        (override for override in overrides if override.is_in_force(at)),
        key=lambda override: override.id,
        reverse=True,
    )
    grants: list[Override] = []
    for override in standing:
        if override.kind == "pause":
            return override, tuple(grants)
        grants.append(override)
    return None, tuple(grants)


def _next_change(rules: Rules, overrides: tuple[Override, ...], now: datetime) -> datetime | None:
    edges = [
        edge
        for override in overrides
        for edge in (override.starts, override.ends)
        if edge is not None and edge > now
    ]
    edge = next_edge((window.weekly for window in rules.windows), rules.zone, now)
    if edge is not None:
        edges.append(edge)
    return min(edges, default=None)
