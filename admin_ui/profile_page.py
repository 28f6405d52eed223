"""What a child's page shows, gathered from the policy, the lists and the log."""

from collections.abc import Mapping

from flask import abort

from admin_ui.cards import card_of
from admin_ui.device_lines import device_line
from admin_ui.forms import NameForm, SiteForm
from admin_ui.house import House
from admin_ui.language import Ltr, say
from admin_ui.pages import ProfilePage
from admin_ui.parts import Choice, OwnName
from admin_ui.topic_tiles import listed_categories, topics_of
from admin_ui.window_words import window_line
from filterd.config.document import Profile

# What each choice of "how much is open" sets.
OPENNESS: Mapping[str, Mapping[str, object]] = {
    "usual": {"filtering": True, "default": "allow"},
    "chosen": {"filtering": True, "default": "block"},
    "off": {"filtering": False},
}
_OPENNESS_CHOICES = (
    Choice(
        "usual",
        "shield",
        say("Open, but for what you close"),
        say("The usual choice. You close topics and sites below."),
    ),
    Choice(
        "chosen",
        "lock",
        say("Closed, but for what you open"),
        say("For small children and exams. You open topics and sites below."),
    ),
    Choice(
        "off",
        "door",
        say("No filter"),
        say("For adults. Nothing is closed, no times hold."),
    ),
)
_REACHES = (
    Choice("below", "", say("This name and everything below it")),
    Choice("exact", "", say("Only this name")),
    Choice("site", "", say("The whole site it belongs to")),
)


def profile_page(
    house: House,
    profile_id: str,
    *,
    name_form: SiteForm | None = None,
    rename_form: NameForm | None = None,
) -> ProfilePage:
    """Return a child's page; answers 404 when there is none.

    The forms are given when they come back with what was wrong in them.
    """
    policy, now = house.policy(), house.clock()
    profile = policy.document.profiles.get(profile_id) or abort(404)
    subject = policy.client_of(profile_id).subject
    running = {window.name for window in policy.moment(subject, now).windows}
    return ProfilePage(
        card=card_of(policy, profile_id, now, house.status()),
        version=policy.version,
        openness=openness_of(profile),
        openness_choices=_OPENNESS_CHOICES,
        topics=topics_of(profile, listed_categories(house.lists())),
        names=_own_names(profile),
        name_form=name_form or SiteForm(),
        reaches=_REACHES,
        windows=tuple(
            window_line(window, is_on=window.name in running) for window in profile.windows
        ),
        devices=tuple(
            device_line(device_id, device)
            for device_id, device in policy.document.devices.items()
            if device.profile == profile_id
        ),
        rename_form=rename_form or NameForm(profile.name),
    )


def openness_of(profile: Profile) -> str:
    """Return which choice of OPENNESS holds for a profile."""
    if not profile.filtering:
        return "off"
    return "chosen" if profile.default == "block" else "usual"


def _own_names(profile: Profile) -> tuple[OwnName, ...]:
    listed = (("block", profile.blocked_names), ("allow", profile.allowed_names))
    return tuple(_own_name(written, verb) for verb, names in listed for written in reversed(names))


def _own_name(written: str, verb: str) -> OwnName:
    name = written.removeprefix("=")
    words = say("Take %(name)s off the list", name=Ltr(name))
    return OwnName(written, name, written != name, verb, words)
