"""The children as cards: who they are, what holds for them now, how many devices they have."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from admin_ui.language import say
from admin_ui.parts import Card
from admin_ui.state import NO_LISTS, NOT_RUNNING, State, state_of
from filterd.policy.snapshot import Policy


def cards_of(policy: Policy, now: datetime, status: Mapping[str, Any] | None) -> tuple[Card, ...]:
    """Return the children, then the profile for new devices, then those without a filter.

    ``status`` is the DNS process's own word, None when it is not running.
    """
    document = policy.document
    ids = sorted(
        document.profiles,
        key=lambda each: (not document.profiles[each].filtering, each == document.default_profile),
    )
    return tuple(card_of(policy, each, now, status) for each in ids)


def card_of(
    policy: Policy, profile_id: str, now: datetime, status: Mapping[str, Any] | None
) -> Card:
    """Return the card of one profile; it never claims more than the DNS process does."""
    document = policy.document
    profile = document.profiles[profile_id]
    devices = Counter(device.profile for device in document.devices.values())
    return Card(
        id=profile_id,
        name=profile.name,
        is_default=profile_id == document.default_profile,
        state=_state(policy, profile_id, now, status),
        devices=devices[profile_id],
        can_pause=profile.filtering,
        settings_words=say("The rules of %(child)s", child=profile.name),
    )


def _state(
    policy: Policy, profile_id: str, now: datetime, status: Mapping[str, Any] | None
) -> State:
    """Say what holds; without a running filter nothing does, without lists no topic is closed."""
    if status is None:
        return NOT_RUNNING
    profile = policy.document.profiles[profile_id]
    if status.get("index_problem") and profile.filtering and profile.blocked_categories:
        return NO_LISTS
    return state_of(policy, profile_id, now)
