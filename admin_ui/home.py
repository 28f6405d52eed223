"""The home page: each child's card, what is broken, pause and give back."""

from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from admin_ui.cards import cards_of
from admin_ui.clients import strangers_of
from admin_ui.house import this_house
from admin_ui.language import Ltr, say
from admin_ui.pages import HomePage, Shown, show
from admin_ui.parts import Choice
from admin_ui.saving import end_pauses, profile_or_404, start_pause
from admin_ui.times import MORNING, ZoneName, next_morning
from admin_ui.troubles import troubles_of
from filterd.policy.special import PAGE_NAME

pages = Blueprint("home", __name__)

_MORNING = "morning"
_LENGTHS = {"30": timedelta(minutes=30), "60": timedelta(hours=1)}
PAUSES = (
    Choice("30", "clock", say("For 30 minutes")),
    Choice("60", "clock", say("For 1 hour")),
    Choice(_MORNING, "moon", say("Until the morning, %(time)s", time=Ltr(f"{MORNING:%H:%M}"))),
)


@pages.get("/", endpoint="show")
def show_home() -> Shown:
    house = this_house()
    policy, now, status = house.policy(), house.clock(), house.status()
    troubles = troubles_of(house, status)
    page = HomePage(
        cards=cards_of(policy, now, status),
        urgent=tuple(each for each in troubles if each.is_urgent),
        problems=tuple(each for each in troubles if not each.is_urgent),
        strangers=len(strangers_of(policy, house.log)),
        pauses=PAUSES,
        page_address=_page_address(),
        zone=ZoneName(policy.document.zone),
    )
    return show(page)


def _page_address() -> str:
    """Return where this page is for a device that asks filterd, and for no other."""
    port = urlsplit(f"//{request.host}").port
    return f"http://{PAGE_NAME}:{port}" if port else f"http://{PAGE_NAME}"


@pages.post("/children/<profile_id>/pause")
def pause(profile_id: str) -> Response:
    house = this_house()
    document = house.policies.current().document
    profile_or_404(document, profile_id)
    wanted, now = request.form.get("length", ""), house.clock()
    length = _LENGTHS.get(wanted)
    if wanted == _MORNING:
        length = next_morning(now, ZoneInfo(document.zone)) - now
    start_pause(profile_id, length or abort(400))
    return redirect(url_for("home.show"), 303)


@pages.post("/children/<profile_id>/resume")
def resume(profile_id: str) -> Response:
    profile_or_404(this_house().policies.current().document, profile_id)
    end_pauses(profile_id)
    return redirect(url_for("home.show"), 303)
