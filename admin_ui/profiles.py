"""A child's page: how much is open, topics, own sites, name; adding and removing a child."""

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from admin_ui import edits
from admin_ui.flashes import flash_say
from admin_ui.forms import NameForm, SiteForm, parse_name, parse_site
from admin_ui.house import this_house
from admin_ui.language import Ltr, mark, say
from admin_ui.pages import NewProfilePage, Shown, show
from admin_ui.profile_page import OPENNESS, profile_page
from admin_ui.saving import finish_change, profile_or_404, start_change
from admin_ui.topic_tiles import offered_categories
from filterd.config.document import Document

pages = Blueprint("profiles", __name__)

BAD_INPUT = 422


@pages.get("/children/<profile_id>", endpoint="show")
def show_profile(profile_id: str) -> Shown:
    return show(profile_page(this_house(), profile_id))


@pages.route("/add-child", methods=["GET", "POST"])
def add() -> Shown | Response:
    if request.method == "GET":
        return _show_new(NameForm())
    version = start_change()
    name = parse_name(request.form, _names(version.document))
    if isinstance(name, NameForm):
        return _show_new(name, BAD_INPUT)
    document, profile_id = edits.add_profile(version.document, name)
    finish_change(version, document, mark("A child was added"))
    return redirect(url_for("profiles.show", profile_id=profile_id), 303)


@pages.post("/children/<profile_id>/openness")
def set_openness(profile_id: str) -> Response:
    version = start_change()
    profile_or_404(version.document, profile_id)
    fields = OPENNESS.get(request.form.get("openness", "")) or abort(400)
    document = edits.change_profile(version.document, profile_id, **fields)
    finish_change(version, document, mark("How much is open was changed"))
    return _saved(profile_id, "openness")


@pages.post("/children/<profile_id>/topics")
def set_topics(profile_id: str) -> Response:
    version = start_change()
    profile = profile_or_404(version.document, profile_id)
    offered, chosen = offered_categories(profile), request.form.getlist("topic")
    if not set(chosen) <= set(offered):
        abort(400)
    document = edits.set_topics(version.document, profile_id, chosen, offered)
    finish_change(version, document, mark("The topics were changed"))
    return _saved(profile_id, "topics")


@pages.post("/children/<profile_id>/names")
def add_name(profile_id: str) -> Shown | Response:
    version = start_change()
    profile = profile_or_404(version.document, profile_id)
    verb = _verb()
    written = parse_site(request.form)
    if isinstance(written, SiteForm):
        page = profile_page(this_house(), profile_id, name_form=written)
        return show(page, BAD_INPUT)
    document = edits.add_name(version.document, profile_id, written, verb)
    finish_change(version, document, _NAME_REASONS[verb])
    name = Ltr(written.removeprefix("="))
    flash_say(say(_NAME_SAVED[verb], name=name, child=profile.name))
    return redirect(url_for("profiles.show", profile_id=profile_id, _anchor="names"), 303)


@pages.post("/children/<profile_id>/names/remove")
def remove_name(profile_id: str) -> Response:
    version = start_change()
    profile_or_404(version.document, profile_id)
    written = request.form.get("written", "")
    document = edits.remove_name(version.document, profile_id, written, _verb())
    finish_change(version, document, mark("A site was taken off the list"))
    return _saved(profile_id, "names")


@pages.post("/children/<profile_id>/rename")
def rename(profile_id: str) -> Shown | Response:
    version = start_change()
    profile_or_404(version.document, profile_id)
    name = parse_name(request.form, _names(version.document), own_id=profile_id)
    if isinstance(name, NameForm):
        return show(profile_page(this_house(), profile_id, rename_form=name), BAD_INPUT)
    document = edits.change_profile(version.document, profile_id, name=name)
    finish_change(version, document, mark("A child was renamed"))
    return _saved(profile_id, "name")


@pages.post("/children/<profile_id>/remove")
def remove(profile_id: str) -> Response:
    version = start_change()
    profile = profile_or_404(version.document, profile_id)
    if not edits.may_remove(version.document, profile_id):
        abort(409)
    document = edits.remove_profile(version.document, profile_id)
    finish_change(version, document, mark("A child was removed"))
    flash_say(say("%(child)s was removed", child=profile.name))
    return redirect(url_for("home.show"), 303)


_NAME_REASONS: dict[edits.Verb, str] = {
    "block": mark("A site was closed"),
    "allow": mark("A site was opened"),
}
_NAME_SAVED: dict[edits.Verb, str] = {
    "block": mark("%(name)s is now closed for %(child)s. It takes up to a minute."),
    "allow": mark("%(name)s is now open for %(child)s. It takes up to a minute."),
}


def _verb() -> edits.Verb:
    """Return what a button said; answers 400 to anything but the two."""
    verbs: dict[str, edits.Verb] = {"block": "block", "allow": "allow"}
    return verbs.get(request.form.get("verb", "")) or abort(400)


def _names(document: Document) -> dict[str, str]:
    return {each: profile.name for each, profile in document.profiles.items()}


def _saved(profile_id: str, part: str) -> Response:
    flash_say(say("Saved. It takes up to a minute until every device notices."))
    return redirect(url_for("profiles.show", profile_id=profile_id, _anchor=part), 303)


def _show_new(form: NameForm, status: int = 200) -> Shown:
    version = this_house().policies.current()
    pattern = version.document.profiles[version.document.default_profile].name
    return show(NewProfilePage(form, version.number, pattern), status)
