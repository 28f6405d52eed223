"""A guardian's dated exception: "YouTube for 30 minutes", "internet off until 7".

Only the value and when it is in force; storing it is ``filterd.store``'s, what it does is
``policy.moment``'s and ``policy.decide``'s.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from filterd.policy.overlay import Typed

Kind = Literal["grant", "pause"]


@dataclass(frozen=True, slots=True)
class Override:
    """One exception; a higher ``id`` is a newer one.

    A grant opens ``categories`` and ``names`` (which cover what lies below, unless written
    ``=name``); a pause closes all but essentials and uses neither.  ``starts`` and ``ends`` are
    aware UTC, half-open, None for no limit.  ``device`` is a device's id, "" for the whole
    profile.
    """

    id: int
    kind: Kind
    profile: str
    categories: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    starts: datetime | None = None
    ends: datetime | None = None
    author: str = ""
    device: str = ""

    @property
    def scope(self) -> str:
        """Where its names lie in the overlay."""
        return f"grant/{self.id}"

    def is_in_force(self, now: datetime) -> bool:
        """Tell whether it holds at ``now``."""
        has_started = self.starts is None or self.starts <= now
        return has_started and (self.ends is None or now < self.ends)

    def concerns(self, profile_id: str, device_id: str) -> bool:
        """Tell whether it is meant for this device of this profile.

        ``device_id`` "" stands for every device without an override of its own.
        """
        return self.profile == profile_id and self.device in ("", device_id)


def typed_names(overrides: Iterable[Override]) -> Iterator[Typed]:
    """Yield every name that a grant opens, for the overlay."""
    for override in overrides:
        if override.kind == "grant":
            for name in override.names:
                yield Typed(override.scope, name, allows=True)
