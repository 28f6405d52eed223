"""The catalogue in plain words: topics that have offers, and how each offered list fares here."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from admin_ui.house import House, ListState
from admin_ui.language import Listing, Own, say
from admin_ui.list_lines import is_coming, list_line
from admin_ui.parts import Offer, OfferTopic
from admin_ui.state import State
from admin_ui.topics import TOPICS, topic_name
from filterd.config.catalogue import Subscription
from filterd.config.document import Document
from filterd.config.subscribing import ids_of
from filterd.lists.category import CATEGORIES

_EXACT_BELOW = 100
_WIDE_TIER = 2
_IN_FORCE = State("check", "good", say("This list is in force"))
_COMING = State("clock", "pause", say("It is being downloaded. This takes a minute."))
_HELD = State("pause", "pause", say("A new list waits for your answer"))
_IDLE = State("warning", "stop", say("Something is wrong, so it does nothing"))


def offer_topics(
    catalogue: Mapping[str, Subscription], document: Document
) -> tuple[OfferTopic, ...]:
    """Return the topics that have an offer, in the order of the taxonomy."""
    offered = Counter(entry.category for entry in catalogue.values())
    used = Counter(entry.category for entry in catalogue.values() if ids_of(entry, document.lists))
    return tuple(
        OfferTopic(
            category,
            TOPICS[category].icon,
            topic_name(category),
            say(TOPICS[category].about),
            offered[category],
            used[category],
        )
        for category in CATEGORIES
        if category in offered
    )


def offers_of(house: House, document: Document, category: str) -> tuple[Offer, ...]:
    """Return what is offered for a topic, and how far each is on its way into force."""
    states = {state.id: state for state in house.lists()}
    return tuple(
        _offer(offer_id, entry, document, states, house.clock())
        for offer_id, entry in house.catalogue.items()
        if entry.category == category
    )


def closed_for(document: Document, category: str) -> Listing | None:
    """Return the names of those for whom a topic is closed, None when there are none."""
    names = tuple(
        Own(profile.name)
        for profile in document.profiles.values()
        if profile.filtering and category in profile.blocked_categories
    )
    return Listing(names) if names else None


def rounded(names: int) -> int:
    """Return a number of names as people say it: 114,081 are 114,000 and 1,355 are 1,400."""
    if names < _EXACT_BELOW:
        return names
    digits = min(3, len(str(names)) - 2)
    return round(names, -digits)


def _offer(
    offer_id: str,
    entry: Subscription,
    document: Document,
    states: Mapping[str, ListState],
    now: datetime,
) -> Offer:
    size = entry.size or 0
    offer = Offer(
        id=offer_id,
        name=entry.name,
        names=rounded(size),
        is_rounded=size >= _EXACT_BELOW,
        licence=entry.licence,
        host=urlsplit(entry.urls[0]).netloc,
        remark=entry.remark,
        is_wide=entry.tier == _WIDE_TIER,
        opens_more=entry.exceptions == "everywhere",
    )
    ids = ids_of(entry, document.lists)
    return _in_use(offer, ids[0], document, states.get(ids[0]), now) if ids else offer


def _in_use(
    offer: Offer, list_id: str, document: Document, state: ListState | None, now: datetime
) -> Offer:
    line = list_line(list_id, document.lists[list_id], state, now, ZoneInfo(document.zone))
    if line.is_used:
        names, held = line.names, state is not None and state.waiting is not None
        return offer._replace(
            state=_IN_FORCE, names=names, is_rounded=False, wrong=line.wrong, is_held=held
        )
    if state is not None and state.waiting is not None:
        return offer._replace(state=_HELD, is_held=True)
    if is_coming(document.lists[list_id], state):
        return offer._replace(state=_COMING, is_coming=True)
    return offer._replace(state=_IDLE, wrong=line.wrong)
