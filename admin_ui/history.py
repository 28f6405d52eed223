"""Every change of the rules: who, when, what; and undo."""

from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from admin_ui.changes import changed, reason_of
from admin_ui.flashes import flash_say
from admin_ui.house import House, this_house
from admin_ui.language import say
from admin_ui.pages import HistoryPage, Shown, show
from admin_ui.parts import ChangeLine
from admin_ui.saving import start_change, undo_change
from admin_ui.times import ZoneName, when_words

pages = Blueprint("history", __name__, url_prefix="/changes")

_SHOWN = 30


@pages.get("/", endpoint="show")
def show_history() -> Shown:
    house = this_house()
    current = house.policies.current()
    page = HistoryPage(
        changes=_lines(house, ZoneInfo(current.document.zone)),
        can_undo=current.number > 1,
        version=current.number,
        zone=ZoneName(current.document.zone),
    )
    return show(page)


@pages.post("/undo")
def undo() -> Response:
    undo_change(start_change().number)
    flash_say(say("The last change was taken back."))
    return redirect(url_for("history.show"), 303)


def _lines(house: House, zone: ZoneInfo) -> tuple[ChangeLine, ...]:
    """Return the latest versions, newest first, each with what it changed."""
    now = house.clock()
    numbers = (change.number for change in house.policies.versions(_SHOWN + 1))
    versions = [found for found in map(house.policies.at, numbers) if found is not None]
    lines = []
    for at, version in enumerate(versions[:_SHOWN]):
        before = versions[at + 1] if at + 1 < len(versions) else None
        lines.append(
            ChangeLine(
                reason_of(version.reason, version.undoes),
                () if before is None else changed(before.document, version.document),
                version.author,
                when_words(version.time, now, zone),
            )
        )
    return tuple(lines)
