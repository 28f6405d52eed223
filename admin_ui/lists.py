"""The lists of the house: how each fares, and an answer to a download that waits for one."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from admin_ui.flashes import flash_say
from admin_ui.house import House, this_house
from admin_ui.language import Say, say
from admin_ui.list_lines import list_line, stamp_of, waiting_list
from admin_ui.offer_lines import offer_topics
from admin_ui.pages import ListsPage, Shown, show
from admin_ui.times import ZoneName
from filterd.errors import Conflict, ListError

pages = Blueprint("lists", __name__, url_prefix="/lists")


@pages.get("/", endpoint="show")
def show_lists() -> Shown:
    return show(_page_of(this_house()))


def _page_of(house: House) -> ListsPage:
    document, now = house.policies.current().document, house.clock()
    zone = ZoneInfo(document.zone)
    states = {state.id: state for state in house.lists()}
    lines = {
        list_id: list_line(list_id, listed, states.get(list_id), now, zone)
        for list_id, listed in document.lists.items()
    }
    waiting = {each: states[each].waiting for each in lines if each in states}
    held = ((lines[each], held) for each, held in waiting.items() if held is not None)
    cards = tuple(waiting_list(line, each, now, zone) for line, each in held)
    return ListsPage(
        waiting=cards,
        lines=tuple(lines.values()),
        offers=offer_topics(house.catalogue, document),
        core=str((house.status() or {}).get("core", "")),
        zone=ZoneName(document.zone),
    )


@pages.post("/<list_id>/accept")
def accept(list_id: str) -> Response:
    words = say("The new list is being loaded. This takes up to a minute.")
    return _answer(list_id, this_house().accept_list, words)


@pages.post("/<list_id>/refuse")
def refuse(list_id: str) -> Response:
    words = say("The new list is not used.")
    return _answer(list_id, this_house().refuse_list, words)


def _answer(list_id: str, give: Callable[[str], None], words: Say) -> Response:
    """Give an answer to the download that the form showed, and say how that went.

    Raises Conflict when another one waits by now: nobody has looked at that.
    """
    house = this_house()
    if list_id not in house.policies.current().document.lists:
        abort(404)
    held = next((state.waiting for state in house.lists() if state.id == list_id), None)
    if held is not None and request.form.get("stamp") != stamp_of(held):
        raise Conflict(f"another download of {list_id} waits")
    try:
        give(list_id)
    except ListError:
        flash_say(say("Nothing waits for an answer here any more."), "stop")
    except OSError:
        flash_say(say("This could not be saved. Often the disk is full."), "stop")
    else:
        flash_say(words)
    return redirect(url_for("lists.show"), 303)
