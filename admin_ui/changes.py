"""What a change changed, in words: two versions of the policy compared.

Says the same whoever made the change and however: on this page, by the command line, by an undo.
"""

from collections.abc import Iterator, Mapping

from admin_ui.language import Ltr, Own, Say, mark, say
from admin_ui.topics import topic_name
from filterd.config.document import Device, Document, ListSource, Profile

# Why the page saved a version: what is stored, and what is shown translated.
REASONS: tuple[str, ...] = (
    mark("A child was added"),
    mark("A child was removed"),
    mark("A child was renamed"),
    mark("How much is open was changed"),
    mark("The topics were changed"),
    mark("A site was closed"),
    mark("A site was opened"),
    mark("A site was taken off the list"),
    mark("A time was added"),
    mark("A time was changed"),
    mark("A time was removed"),
    mark("A device was given to a child"),
    mark("A device was renamed"),
    mark("A device was released"),
    mark("A list was added"),
    mark("A list was removed"),
)
STARTER = "starter policy"
_MOST_LINES = 12


def reason_of(reason: str, undoes: int | None) -> Say | Own:
    """Return a stored reason in the reader's language; what a person wrote stays as it is."""
    if undoes is not None:
        return say("Undo")
    if reason == STARTER:
        return say("The rules filterd started with")
    return say(reason) if reason in REASONS else Own(reason)


def changed(before: Document, after: Document) -> tuple[Say, ...]:
    """Return a line for each difference, at most a dozen and then how many more there are."""
    lines = [*_profiles(before, after), *_devices(before, after), *_rest(before, after)]
    if len(lines) > _MOST_LINES:
        more = len(lines) - _MOST_LINES
        return (*lines[:_MOST_LINES], say("… and %(number)s more changes", number=str(more)))
    return tuple(lines)


def _profiles(before: Document, after: Document) -> Iterator[Say]:
    for profile_id, profile in after.profiles.items():
        old = before.profiles.get(profile_id)
        if old is None:
            yield say("%(child)s was added", child=profile.name)
        elif old != profile:
            yield from _profile(old, profile)
    for profile_id, profile in before.profiles.items():
        if profile_id not in after.profiles:
            yield say("%(child)s was removed", child=profile.name)


def _profile(old: Profile, new: Profile) -> Iterator[Say]:
    child = new.name
    if old.name != new.name:
        yield say("%(old)s is now called %(child)s", old=old.name, child=child)
    if (old.filtering, old.default) != (new.filtering, new.default):
        yield _openness(new)
    yield from _categories(old, new)
    yield from _names(old, new)
    yield from _windows(old, new)
    rest = {"name", "filtering", "default", "windows"} | {
        f"{verb}_{kind}" for verb in ("blocked", "allowed") for kind in ("names", "categories")
    }
    if old.model_dump(exclude=rest) != new.model_dump(exclude=rest):
        yield say("%(child)s: other settings were changed", child=child)


def _openness(profile: Profile) -> Say:
    if not profile.filtering:
        return say("%(child)s: the filter is off", child=profile.name)
    if profile.default == "block":
        return say("%(child)s: only what is allowed is open", child=profile.name)
    return say("%(child)s: everything is open but what is closed", child=profile.name)


def _categories(old: Profile, new: Profile) -> Iterator[Say]:
    def named(category: str) -> dict[str, object]:
        return {"child": new.name, "topic": topic_name(category)}

    for each in _added(old.blocked_categories, new.blocked_categories):
        yield say("%(child)s: the topic “%(topic)s” is now closed", **named(each))
    for each in _added(new.blocked_categories, old.blocked_categories):
        yield say("%(child)s: the topic “%(topic)s” is no longer closed", **named(each))
    for each in _added(old.allowed_categories, new.allowed_categories):
        yield say("%(child)s: the topic “%(topic)s” is now open", **named(each))
    for each in _added(new.allowed_categories, old.allowed_categories):
        yield say("%(child)s: the topic “%(topic)s” is no longer open", **named(each))


def _names(old: Profile, new: Profile) -> Iterator[Say]:
    def named(name: str) -> dict[str, object]:
        return {"child": new.name, "name": Ltr(name.removeprefix("="))}

    for each in _added(old.blocked_names, new.blocked_names):
        yield say("%(child)s: %(name)s is now closed", **named(each))
    for each in _added(old.allowed_names, new.allowed_names):
        yield say("%(child)s: %(name)s is now open", **named(each))
    kept = {*new.blocked_names, *new.allowed_names}
    for each in (*old.blocked_names, *old.allowed_names):
        if each not in kept:
            yield say("%(child)s: %(name)s was taken off the list", **named(each))


def _windows(old: Profile, new: Profile) -> Iterator[Say]:
    before = {window.name: window for window in old.windows}
    after = {window.name: window for window in new.windows}
    for name, window in after.items():
        if name not in before:
            yield say("%(child)s: the time “%(window)s” was added", child=new.name, window=name)
        elif before[name] != window:
            yield say("%(child)s: the time “%(window)s” was changed", child=new.name, window=name)
    for name in before:
        if name not in after:
            yield say("%(child)s: the time “%(window)s” was removed", child=new.name, window=name)


def _devices(before: Document, after: Document) -> Iterator[Say]:
    for device_id, device in after.devices.items():
        old = before.devices.get(device_id)
        if old is None:
            yield say(
                "%(device)s belongs to %(child)s",
                device=device.name,
                child=_child(after.profiles, device),
            )
        elif old != device:
            yield from _device(old, device, after.profiles)
    for device_id, device in before.devices.items():
        if device_id not in after.devices:
            yield say("%(device)s belongs to nobody", device=device.name)


def _device(old: Device, new: Device, profiles: Mapping[str, Profile]) -> Iterator[Say]:
    if old.name != new.name:
        yield say("The device %(old)s is now called %(device)s", old=old.name, device=new.name)
    if old.profile != new.profile:
        child = _child(profiles, new)
        yield say("%(device)s now belongs to %(child)s", device=new.name, child=child)
    if old.match != new.match:
        yield say("%(device)s is recognised in another way", device=new.name)


def _rest(before: Document, after: Document) -> Iterator[Say]:
    yield from _lists(before.lists, after.lists)
    if before.zone != after.zone:
        yield say("The time zone is now %(zone)s", zone=Ltr(after.zone))
    rest = ("upstreams", "default_profile")
    if any(getattr(before, name) != getattr(after, name) for name in rest):
        yield say("Other settings of the house were changed")


def _lists(before: Mapping[str, ListSource], after: Mapping[str, ListSource]) -> Iterator[Say]:
    def named(list_id: str, source: ListSource) -> dict[str, object]:
        return {"list": Ltr(list_id), "topic": topic_name(source.category)}

    for list_id, source in after.items():
        if list_id not in before:
            yield say(
                "The list %(list)s was added to the topic “%(topic)s”", **named(list_id, source)
            )
        elif before[list_id] != source:
            yield say(
                "The list %(list)s of the topic “%(topic)s” was changed", **named(list_id, source)
            )
    for list_id, source in before.items():
        if list_id not in after:
            yield say(
                "The list %(list)s of the topic “%(topic)s” was removed", **named(list_id, source)
            )


def _child(profiles: Mapping[str, Profile], device: Device) -> str:
    profile = profiles.get(device.profile)
    return device.profile if profile is None else profile.name


def _added(before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    return [each for each in after if each not in before]
