"""Lists of other publishers that a guardian may use: what is offered for a topic, and on or off."""

from flask import Blueprint, abort, redirect, url_for
from werkzeug.wrappers import Response

from admin_ui.flashes import flash_say
from admin_ui.house import this_house
from admin_ui.language import mark, say
from admin_ui.offer_lines import closed_for, offer_topics, offers_of
from admin_ui.pages import OffersPage, Shown
from admin_ui.pages import show as show_page
from admin_ui.saving import finish_change, start_change
from filterd.config.catalogue import Subscription
from filterd.config.subscribing import drop_entry, use_entry

pages = Blueprint("offers", __name__, url_prefix="/more-lists")


@pages.get("/<category>")
def show(category: str) -> Shown:
    house = this_house()
    current = house.policies.current()
    topics = {each.category: each for each in offer_topics(house.catalogue, current.document)}
    page = OffersPage(
        topic=topics.get(category) or abort(404),
        closed_for=closed_for(current.document, category),
        offers=offers_of(house, current.document, category),
        version=current.number,
    )
    return show_page(page)


@pages.post("/<offer_id>/use")
def use(offer_id: str) -> Response:
    version = start_change()
    entry = _entry_or_404(offer_id)
    document = use_entry(version.document, offer_id, entry)
    finish_change(version, document, mark("A list was added"))
    flash_say(say("%(list)s is downloaded now.", list=entry.name))
    return _back_to(entry, offer_id)


@pages.post("/<offer_id>/stop")
def stop(offer_id: str) -> Response:
    version = start_change()
    entry = _entry_or_404(offer_id)
    document = drop_entry(version.document, entry)
    finish_change(version, document, mark("A list was removed"))
    flash_say(say("%(list)s is no longer used. It takes up to a minute.", list=entry.name))
    return _back_to(entry, offer_id)


def _entry_or_404(offer_id: str) -> Subscription:
    return this_house().catalogue.get(offer_id) or abort(404)


def _back_to(entry: Subscription, offer_id: str) -> Response:
    address = url_for("offers.show", category=entry.category, _anchor=f"offer-{offer_id}")
    return redirect(address, 303)
