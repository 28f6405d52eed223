"""A profile, compiled: what holds for its children in the course of a week.

Knows no time (``policy.moment``) and no override.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from filterd.config.document import Mode, Profile
from filterd.policy.overlay import Typed
from filterd.policy.schedule import Weekly, weekly


@dataclass(frozen=True, slots=True)
class TimedWindow:
    """A window; ``scope`` is where its names lie in the overlay, "" when it has none."""

    scope: str
    name: str
    mode: Mode
    categories: frozenset[str]
    weekly: Weekly


@dataclass(frozen=True, slots=True)
class Rules:
    """A profile's rules; ``scope`` is where its own names lie in the overlay, "" without any."""

    profile_id: str
    profile: Profile
    zone: tzinfo
    scope: str
    blocked: frozenset[str]
    allowed: frozenset[str]
    windows: tuple[TimedWindow, ...]


def compile_profile(profile_id: str, profile: Profile, zone: tzinfo) -> Rules:
    """Return the profile's rules; ``zone`` is the one it lives in."""
    return Rules(
        profile_id,
        profile,
        zone,
        scope=f"own/{profile_id}" if profile.allowed_names or profile.blocked_names else "",
        blocked=frozenset(profile.blocked_categories),
        allowed=frozenset(profile.allowed_categories),
        windows=tuple(
            TimedWindow(
                scope=f"window/{profile_id}/{position}" if window.names else "",
                name=window.name,
                mode=window.mode,
                categories=frozenset(window.categories),
                weekly=weekly(window),
            )
            for position, window in enumerate(profile.windows)
        ),
    )


def typed_names(rules: Rules) -> Iterator[Typed]:
    """Yield every name typed in the profile, for the overlay."""
    profile = rules.profile
    for name in profile.allowed_names:
        yield Typed(rules.scope, name, allows=True)
    for name in profile.blocked_names:
        yield Typed(rules.scope, name, allows=False)
    for timed, window in zip(rules.windows, profile.windows, strict=True):
        for name in window.names:
            # What a window's name means is the window's mode, not the mark's.
            yield Typed(timed.scope, name, allows=False)
