"""The children as cards: who they are, what holds for them now, how many devices they have."""

from collections import Counter
from datetime import datetime

from admin_ui.language import say
from admin_ui.parts import Card
from admin_ui.state import NOT_RUNNING, state_of
from filterd.policy.snapshot import Policy


def cards_of(policy: Policy, now: datetime, *, is_running: bool) -> tuple[Card, ...]:
    """Return the children, then the profile for new devices, then those without a filter."""
    document = policy.document
    ids = sorted(
        document.profiles,
        key=lambda each: (not document.profiles[each].filtering, each == document.default_profile),
    )
    return tuple(card_of(policy, each, now, is_running=is_running) for each in ids)


def card_of(policy: Policy, profile_id: str, now: datetime, *, is_running: bool) -> Card:
    """Return the card of one profile; without a running filter nothing holds."""
    document = policy.document
    profile = document.profiles[profile_id]
    devices = Counter(device.profile for device in document.devices.values())
    return Card(
        id=profile_id,
        name=profile.name,
        is_default=profile_id == document.default_profile,
        state=state_of(policy, profile_id, now) if is_running else NOT_RUNNING,
        devices=devices[profile_id],
        can_pause=profile.filtering,
        settings_words=say("The rules of %(child)s", child=profile.name),
    )
