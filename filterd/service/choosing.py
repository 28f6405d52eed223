"""The ``filterd lists`` commands that choose: what the catalogue offers, and lists in and out.

A choice is a new version of the policy and nothing else; the running house sees it, and its next
worker downloads what is new.
"""

import importlib.resources
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filterd.config.catalogue import Subscription, load_catalogue
from filterd.config.document import Document, ListSource
from filterd.config.subscribing import (
    add_list,
    free_id,
    id_for,
    ids_of,
    remove_lists,
    source_of,
)
from filterd.config.wrong import nearest, one_of
from filterd.errors import FilterdError
from filterd.lists.category import ALWAYS_ALLOW, CATEGORIES, ESSENTIALS, FIXED
from filterd.service.layout import layout_of
from filterd.service.operator import open_layout, save_version
from filterd.service.starter import read_config
from filterd.store.policy import PolicyStore

_FILE = "catalogue.yaml"
_TIER_WITH_WARNING = 2


class ChoiceError(FilterdError):
    """A list cannot be chosen like that; the message says what to write."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be added: ``wanted`` is an id of the catalogue, or a web address.

    ``name`` is what it is called here, "" for a name of our choice.  What else is known of a web
    address stands in ``settings``, as somebody wrote it; the catalogue knows that of its own.
    """

    wanted: str
    name: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who makes a change, "" for who is logged in, and why, "" for the command itself."""

    author: str
    reason: str


@cache
def offered_lists() -> Mapping[str, Subscription]:
    """Return the lists of the catalogue that ships with filterd, by id."""
    file = importlib.resources.files("blocklists") / _FILE
    return load_catalogue(file.read_text("utf-8"), _FILE).lists


def show_catalogue(config_path: Path, category: str) -> Iterator[str]:
    """Yield what is offered, of one category or ("") of all, and what of it is in use."""
    if category and category not in CATEGORIES:
        raise ChoiceError(f"{category} is not a category ({one_of(category, CATEGORIES)})")
    lists = _document_of(config_path).lists
    offers = {
        offer_id: entry
        for offer_id, entry in offered_lists().items()
        if category in {"", entry.category}
    }
    if not offers:
        yield f"the catalogue has no list for {category}"
        return
    for offer_id, entry in offers.items():
        size = f"about {entry.size:,} names" if entry.size else "size unknown"
        ids = ids_of(entry, lists)
        used = f", in use as {', '.join(ids)}" if ids else ""
        yield (
            f"{offer_id}: {entry.category}, {entry.name}, {size}, tier {entry.tier}, "
            f"licence {entry.licence}{used}"
        )
        yield f"  {entry.remark}"
    yield "to use one: filterd lists add ID; tier 2 also closes what is harmless: read its remark"


def add(config_path: Path, choice: Choice, signature: Signature) -> Iterator[str]:
    """Add a list as a new version of the policy; yields what was done and what to mind."""
    layout = open_layout(config_path)
    current = PolicyStore(layout.policy_db).current()
    entry = offered_lists().get(choice.wanted)
    list_id, source = _chosen(choice, entry, current.document)
    document = add_list(current.document, list_id, source)
    reason = signature.reason or f"lists add {choice.wanted}"
    number, in_force = save_version(layout, current, document, signature.author, reason)
    when = "within a minute" if in_force else "when filterd runs"
    yield f"{list_id}: version {number} is saved; the list is downloaded {when}"
    if entry is not None and entry.tier == _TIER_WITH_WARNING:
        yield f"mind: {entry.remark}"
    category = document.lists[list_id].category
    if not _is_chosen(document, category):
        yield f"no profile closes {category} yet: choose it on the page of a child"


def remove(config_path: Path, list_id: str, signature: Signature) -> Iterator[str]:
    """Take a list out as a new version of the policy; yields what was done and what to mind."""
    layout = open_layout(config_path)
    current = PolicyStore(layout.policy_db).current()
    listed = current.document.lists.get(list_id)
    if listed is None:
        raise ChoiceError(_no_such_list(list_id, current.document))
    document = remove_lists(current.document, (list_id,))
    reason = signature.reason or f"lists remove {list_id}"
    number, in_force = save_version(layout, current, document, signature.author, reason)
    when = "within a minute" if in_force else "when filterd runs"
    yield f"{list_id}: version {number} is saved; the list is out of use {when}"
    category = listed.category
    if all(each.category != category for each in document.lists.values()):
        yield f"no list is left for {category}{_LOST.get(category, ': closing it closes nothing')}"


_LOST = {
    ALWAYS_ALLOW: ": helplines are no longer kept open",
    ESSENTIALS: ": devices may not work where only essentials are open",
}


def _document_of(config_path: Path) -> Document:
    """Return the policy in force, or before the first start the one to start with."""
    config = read_config(config_path)
    layout = layout_of(config, config_path)
    if not layout.policy_db.exists():
        return config.policy
    return PolicyStore(layout.policy_db).current().document


def _chosen(
    choice: Choice, entry: Subscription | None, document: Document
) -> tuple[str, ListSource | Mapping[str, object]]:
    """Return the id and the list that are to be added.  Raises ChoiceError."""
    wanted, lists = choice.wanted, document.lists
    if choice.name in lists:
        raise ChoiceError(f"there is a list {choice.name} already: choose another name with --as")
    if entry is None and "://" in wanted:
        return _from_address(choice, document)
    if entry is None:
        near = nearest(wanted, offered_lists())
        hint = f"did you mean {near}?" if near else "'filterd lists catalogue' shows what it has"
        raise ChoiceError(f"the catalogue has no list {wanted} ({hint})")
    if choice.settings:
        options = ", ".join(f"--{key}" for key in choice.settings)
        raise ChoiceError(
            f"{wanted} is in the catalogue, which says all of it: leave out {options}"
        )
    used = ids_of(entry, lists)
    if used:
        raise ChoiceError(f"{wanted} is in use already, as {used[0]}")
    return choice.name or free_id(wanted, lists), source_of(entry)


def _from_address(
    choice: Choice, document: Document
) -> tuple[str, ListSource | Mapping[str, object]]:
    wanted = choice.wanted
    for offer_id, entry in offered_lists().items():
        if wanted in entry.urls:
            raise ChoiceError(f"the catalogue has this list: filterd lists add {offer_id}")
    for list_id, listed in document.lists.items():
        if wanted in listed.addresses:
            raise ChoiceError(f"this address is in use already, by the list {list_id}")
    if "category" not in choice.settings:
        raise ChoiceError("say which category its names belong to, with --category")
    list_id = choice.name or id_for(wanted, document.lists)
    return list_id, {"url": wanted, **choice.settings}


def _no_such_list(list_id: str, document: Document) -> str:
    entry = offered_lists().get(list_id)
    called = () if entry is None else ids_of(entry, document.lists)
    near = called[0] if called else nearest(list_id, document.lists)
    return f"there is no list {list_id}" + (f" (did you mean {near}?)" if near else "")


def _is_chosen(document: Document, category: str) -> bool:
    """Tell whether a list of the category changes anything for any profile today."""
    chosen = {
        each
        for profile in document.profiles.values()
        for group in (
            profile.blocked_categories,
            profile.allowed_categories,
            *(window.categories for window in profile.windows),
        )
        for each in group
    }
    return category in chosen or category in FIXED or category == ESSENTIALS
