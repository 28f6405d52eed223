"""The devices of the house: new ones first, whose each is, what it is called."""

from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from admin_ui import edits
from admin_ui.clients import fresh_name, last_seen_of, strangers_of
from admin_ui.device_lines import device_line, stranger_line
from admin_ui.flashes import flash_say
from admin_ui.forms import NameForm, parse_name
from admin_ui.house import this_house
from admin_ui.language import mark, say
from admin_ui.pages import DevicesPage, Shown, show
from admin_ui.parts import Family
from admin_ui.saving import device_or_404, finish_change, profile_or_404, start_change
from admin_ui.times import ZoneName
from filterd.config.address import parse_match
from filterd.config.wrong import Wrong

pages = Blueprint("devices", __name__, url_prefix="/devices")


@pages.get("/", endpoint="show")
def show_devices() -> Shown:
    return _show(NameForm())


@pages.post("/claim")
def claim() -> Response:
    version = start_change()
    profile_id, match = request.form.get("profile", ""), _match()
    child = profile_or_404(version.document, profile_id).name
    if any(match in device.match for device in version.document.devices.values()):
        abort(409)
    name = fresh_name(version.document, child)
    document = edits.claim_device(version.document, profile_id, name, match)
    finish_change(version, document, mark("A device was given to a child"))
    flash_say(
        say("The device belongs to %(child)s and is called %(name)s.", child=child, name=name)
    )
    return redirect(url_for("devices.show"), 303)


@pages.post("/<device_id>/rename")
def rename(device_id: str) -> Shown | Response:
    version = start_change()
    device_or_404(version.document, device_id)
    taken = {each: device.name for each, device in version.document.devices.items()}
    name = parse_name(request.form, taken, own_id=device_id)
    if isinstance(name, NameForm):
        return _show(NameForm(name.name, device_id, name.errors), 422)
    document = edits.change_device(version.document, device_id, name=name)
    finish_change(version, document, mark("A device was renamed"))
    return redirect(url_for("devices.show"), 303)


@pages.post("/<device_id>/move")
def move(device_id: str) -> Response:
    version = start_change()
    device = device_or_404(version.document, device_id)
    profile_id = request.form.get("profile", "")
    child = profile_or_404(version.document, profile_id).name
    document = edits.change_device(version.document, device_id, profile=profile_id)
    finish_change(version, document, mark("A device was given to a child"))
    flash_say(say("%(device)s now belongs to %(child)s", device=device.name, child=child))
    return redirect(url_for("devices.show"), 303)


@pages.post("/<device_id>/release")
def release(device_id: str) -> Response:
    version = start_change()
    device = device_or_404(version.document, device_id)
    document = edits.release_device(version.document, device_id)
    finish_change(version, document, mark("A device was released"))
    flash_say(say("%(device)s belongs to nobody", device=device.name))
    return redirect(url_for("devices.show"), 303)


def _match() -> str:
    """Return what a claimed device is known by: its MAC address, else its IP address."""
    try:
        return parse_match(request.form.get("mac", "") or request.form.get("address", ""))
    except Wrong:
        abort(400)


def _show(form: NameForm, status: int = 200) -> Shown:
    house = this_house()
    policy, now = house.policy(), house.clock()
    document = policy.document
    zone = ZoneInfo(document.zone)
    seen = last_seen_of(policy, house.log)
    page = DevicesPage(
        strangers=tuple(
            stranger_line(asker, now, zone) for asker in strangers_of(policy, house.log)
        ),
        families=tuple(
            Family(
                profile_id,
                profile.name,
                tuple(
                    device_line(device_id, device, seen.get(device_id), now, zone)
                    for device_id, device in document.devices.items()
                    if device.profile == profile_id
                ),
            )
            for profile_id, profile in document.profiles.items()
        ),
        default_name=document.profiles[document.default_profile].name,
        form=form,
        version=policy.version,
        zone=ZoneName(document.zone),
    )
    return show(page, status)
