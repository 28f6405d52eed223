"""Adding, changing and removing one weekly window of a child."""

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from admin_ui import edits
from admin_ui.flashes import flash_say
from admin_ui.house import this_house
from admin_ui.language import mark, say
from admin_ui.pages import Shown, WindowPage, show
from admin_ui.parts import Choice, Family
from admin_ui.saving import finish_change, profile_or_404, start_change
from admin_ui.times import DAY_NAMES
from admin_ui.topic_tiles import listed_categories, tiles_of
from admin_ui.topics import OPENABLE
from admin_ui.window_form import (
    MODES,
    OWN_TIMES,
    PRESETS,
    WHOLE_DAY,
    WindowForm,
    form_of,
    parse_window,
)
from admin_ui.window_words import span_words
from filterd.config.document import Window

pages = Blueprint("windows", __name__, url_prefix="/children/<profile_id>/times")

_DAYS = tuple(Choice(day, "", say(name)) for day, name in DAY_NAMES.items())
_TIMES = (
    *(Choice(preset, "", span_words(*preset.split("-"))) for preset in PRESETS),
    Choice(WHOLE_DAY, "", say("All day")),
    Choice(OWN_TIMES, "", say("Other times")),
)
_MODES = tuple(Choice(each.value, each.icon, say(each.words), say(each.about)) for each in MODES)


@pages.route("/new", methods=["GET", "POST"])
def add(profile_id: str) -> Shown | Response:
    if request.method == "GET":
        return _show_form(profile_id, 0, WindowForm())
    return _save(profile_id, None, mark("A time was added"))


@pages.route("/<int:number>", methods=["GET", "POST"])
def change(profile_id: str, number: int) -> Shown | Response:
    if request.method == "POST":
        return _save(profile_id, number, mark("A time was changed"))
    windows = profile_or_404(this_house().policies.current().document, profile_id).windows
    return _show_form(profile_id, number, form_of(_window_or_404(windows, number)))


@pages.post("/<int:number>/remove")
def remove(profile_id: str, number: int) -> Response:
    version = start_change()
    _window_or_404(profile_or_404(version.document, profile_id).windows, number)
    document = edits.remove_window(version.document, profile_id, number)
    finish_change(version, document, mark("A time was removed"))
    return _to_windows(profile_id)


def _save(profile_id: str, number: int | None, reason: str) -> Shown | Response:
    version = start_change()
    windows = profile_or_404(version.document, profile_id).windows
    if number is not None:
        _window_or_404(windows, number)
    others = [each.name for at, each in enumerate(windows, 1) if at != number]
    window = parse_window(request.form, others)
    if isinstance(window, WindowForm):
        return _show_form(profile_id, number or 0, window, 422)
    document = edits.put_window(version.document, profile_id, number, window)
    finish_change(version, document, reason)
    return _to_windows(profile_id)


def _window_or_404(windows: tuple[Window, ...], number: int) -> Window:
    return windows[number - 1] if 0 < number <= len(windows) else abort(404)


def _to_windows(profile_id: str) -> Response:
    flash_say(say("Saved. It takes up to a minute until every device notices."))
    return redirect(url_for("profiles.show", profile_id=profile_id, _anchor="windows"), 303)


def _show_form(profile_id: str, number: int, form: WindowForm, status: int = 200) -> Shown:
    house = this_house()
    version = house.policies.current()
    profile = profile_or_404(version.document, profile_id)
    listed = listed_categories(house.lists())
    # What works today comes first, as on the child's page.
    offered = sorted(OPENABLE, key=lambda category: category not in listed)
    page = WindowPage(
        child=Family(profile_id, profile.name),
        number=number,
        version=version.number,
        form=form,
        days=_DAYS,
        times=_TIMES,
        modes=_MODES,
        tiles=tiles_of(offered, form.categories, listed),
    )
    return show(page, status)
