"""Changes to a policy document: each takes one and returns another.  Pure; nothing is stored.

Every result has been validated whole; ConfigError says what is wrong with it.  KeyError means
that a profile or a device is not there (any more).
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any, Literal

from filterd.config.document import Device, Document, Profile, Window, parse_document
from filterd.config.subscribing import free_id

Verb = Literal["block", "allow"]
_LISTS: dict[Verb, str] = {"block": "blocked_names", "allow": "allowed_names"}


def change_profile(document: Document, profile_id: str, **changes: object) -> Document:
    """Set fields of one profile."""
    profile = document.profiles[profile_id].model_dump() | changes
    return _rebuilt(document, profiles={profile_id: profile})


def add_profile(document: Document, name: str) -> tuple[Document, str]:
    """Add a profile that starts with the categories of the default one; returns its id too."""
    pattern = document.profiles[document.default_profile]
    profile_id = new_id(name, "child", document.profiles)
    added = Profile(
        name=name,
        default=pattern.default,
        blocked_categories=pattern.blocked_categories,
        allowed_categories=pattern.allowed_categories,
    )
    return _rebuilt(document, profiles={profile_id: added.model_dump()}), profile_id


def may_remove(document: Document, profile_id: str) -> bool:
    """Tell whether a profile may go: it is not the default one and no device has it."""
    is_used = any(device.profile == profile_id for device in document.devices.values())
    return not is_used and profile_id != document.default_profile


def remove_profile(document: Document, profile_id: str) -> Document:
    """Remove a profile; ConfigError unless ``may_remove``."""
    document.profiles[profile_id]
    return _rebuilt(document, profiles={profile_id: None})


def set_topics(
    document: Document, profile_id: str, chosen: Collection[str], offered: Collection[str]
) -> Document:
    """Close the chosen categories; in an allow-only profile open them.

    What was not offered stays as it was.  A category is never both closed and open, for then it
    would stay closed without a word.
    """
    profile = document.profiles[profile_id]
    mine, other = "blocked_categories", "allowed_categories"
    if profile.default == "block":
        mine, other = other, mine
    kept = [each for each in getattr(profile, mine) if each not in offered]
    return change_profile(
        document,
        profile_id,
        **{
            mine: (*kept, *(each for each in offered if each in chosen)),
            other: tuple(each for each in getattr(profile, other) if each not in chosen),
        },
    )


def add_name(document: Document, profile_id: str, written: str, verb: Verb) -> Document:
    """Allow or block a name for a profile; what was said of the same name before is replaced."""
    other: Verb = "allow" if verb == "block" else "block"
    profile = document.profiles[profile_id]
    return change_profile(
        document,
        profile_id,
        **{
            _LISTS[verb]: (*_without(profile, verb, written), written),
            _LISTS[other]: _without(profile, other, written),
        },
    )


def remove_name(document: Document, profile_id: str, written: str, verb: Verb) -> Document:
    """Take a name off a profile's list; one that is not there is nothing to do."""
    profile = document.profiles[profile_id]
    return change_profile(document, profile_id, **{_LISTS[verb]: _without(profile, verb, written)})


def put_window(document: Document, profile_id: str, number: int | None, window: Window) -> Document:
    """Add a window, or replace the one with that number (from 1)."""
    windows = list(document.profiles[profile_id].windows)
    if number is None:
        windows.append(window)
    else:
        windows[number - 1] = window
    return change_profile(document, profile_id, windows=[each.model_dump() for each in windows])


def remove_window(document: Document, profile_id: str, number: int) -> Document:
    """Remove the window with that number (from 1)."""
    windows = [each.model_dump() for each in document.profiles[profile_id].windows]
    del windows[number - 1]
    return change_profile(document, profile_id, windows=windows)


def claim_device(document: Document, profile_id: str, name: str, match: str) -> Document:
    """Add a device that is known by a MAC or an IP address."""
    document.profiles[profile_id]
    device_id = new_id(name, "device", document.devices)
    added = Device(name=name, profile=profile_id, match=(match,))
    return _rebuilt(document, devices={device_id: added.model_dump()})


def change_device(document: Document, device_id: str, **changes: object) -> Document:
    """Set fields of one device."""
    return _rebuilt(
        document, devices={device_id: document.devices[device_id].model_dump() | changes}
    )


def release_device(document: Document, device_id: str) -> Document:
    """Forget a device; it shows up as new when it asks again."""
    document.devices[device_id]
    return _rebuilt(document, devices={device_id: None})


def new_id(name: str, kind: str, taken: Collection[str]) -> str:
    """Return an id that reads like the name where that has Latin letters, else like the kind."""
    latin = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:30].strip("-") or kind
    return free_id(stem, taken)


def _without(profile: Profile, verb: Verb, written: str) -> tuple[str, ...]:
    listed = profile.blocked_names if verb == "block" else profile.allowed_names
    return tuple(name for name in listed if name != written)


def _rebuilt(document: Document, **groups: Mapping[str, Any]) -> Document:
    """Return the document with entries of some groups replaced; None takes an entry out."""
    data = document.model_dump()
    for group, entries in groups.items():
        merged = {**data[group], **entries}
        data[group] = {key: entry for key, entry in merged.items() if entry is not None}
    return parse_document(data)
