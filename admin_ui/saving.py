"""One way to change the policy: from the version the form showed, and in force before answering."""

from datetime import timedelta

from flask import abort, request
from flask_login import current_user

from admin_ui.changes import REASONS
from admin_ui.house import this_house
from filterd.config.document import Device, Document, Profile
from filterd.errors import Conflict
from filterd.policy.override import Override
from filterd.store.policy import Version

LONGEST_PAUSE = timedelta(hours=26)


def start_change() -> Version:
    """Return the version that the submitted form was made from.

    Raises Conflict when it is no longer the newest; answers 400 to a form that does not say.
    """
    based_on = request.form.get("based_on", type=int)
    if based_on is None:
        abort(400)
    current = this_house().policies.current()
    if current.number != based_on:
        raise Conflict(f"version {current.number} was saved by {current.author}")
    return current


def finish_change(version: Version, document: Document, reason: str) -> None:
    """Save a document made from ``version`` and have it take effect; ``reason`` is a known one."""
    if reason not in REASONS:
        raise AssertionError(f"not a known reason: {reason}")
    house = this_house()
    house.policies.save(
        document,
        based_on=version.number,
        author=current_user.id,
        reason=reason,
        now=house.clock(),
    )
    house.notify()


def undo_change(based_on: int) -> Version:
    """Take the last change back and have that take effect; returns the new version."""
    house = this_house()
    version = house.policies.undo(author=current_user.id, now=house.clock(), based_on=based_on)
    house.notify()
    return version


def start_pause(profile_id: str, length: timedelta) -> None:
    """Pause a profile's internet from now on, in place of a pause that is running."""
    house = this_house()
    now = house.clock()
    running = _running_pauses(profile_id)
    house.policies.add_override(
        Override(
            id=0,
            kind="pause",
            profile=profile_id,
            starts=now,
            ends=now + min(length, LONGEST_PAUSE),
            author=current_user.id,
        ),
        now,
    )
    _end(running)
    house.notify()


def end_pauses(profile_id: str) -> None:
    """Give a profile its internet back."""
    _end(_running_pauses(profile_id))
    this_house().notify()


def profile_or_404(document: Document, profile_id: str) -> Profile:
    """Return a profile; answers 404 when there is none of that id."""
    return document.profiles.get(profile_id) or abort(404)


def device_or_404(document: Document, device_id: str) -> Device:
    """Return a device; answers 404 when there is none of that id."""
    return document.devices.get(device_id) or abort(404)


def _running_pauses(profile_id: str) -> tuple[Override, ...]:
    house = this_house()
    return tuple(
        override
        for override in house.policies.overrides(house.clock())
        if override.kind == "pause" and override.profile == profile_id
    )


def _end(pauses: tuple[Override, ...]) -> None:
    house = this_house()
    for pause in pauses:
        house.policies.end_override(pause.id, author=current_user.id, now=house.clock())
