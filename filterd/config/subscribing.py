"""Lists come into a policy and go out of it: pure changes of a document.

Says what an entry of the catalogue is as a list, which list of a policy is which entry, and what
a new list is called.  Stores nothing and fetches nothing.
"""

import re
from collections.abc import Collection, Mapping

from filterd.config.catalogue import Subscription
from filterd.config.document import Document, ListSource, parse_document

_LONGEST_ID = 40


def source_of(entry: Subscription) -> ListSource:
    """Return an entry of the catalogue as a list: what it closes by mistake stays open."""
    return ListSource(
        category=entry.category,
        url=entry.urls[0],
        mirrors=entry.urls[1:],
        interval=entry.interval,
        format=entry.format,
        match=entry.match,
        suffixes=entry.suffixes,
        exceptions=entry.exceptions,
        open_names=entry.false_positives,
    )


def ids_of(entry: Subscription, lists: Mapping[str, ListSource]) -> tuple[str, ...]:
    """Return the ids of the lists that are this entry, whatever they are called; mostly one.

    A list is an entry when they have an address in common.
    """
    addresses = frozenset(entry.urls)
    return tuple(key for key, each in lists.items() if not addresses.isdisjoint(each.addresses))


def add_list(
    document: Document, list_id: str, source: ListSource | Mapping[str, object]
) -> Document:
    """Add a list, or replace the one of that id.

    ``source`` may be as somebody wrote it; raises ConfigError for whatever is wrong with it.
    """
    return _with_lists(document, {**document.lists, list_id: source})


def remove_lists(document: Document, ids: Collection[str]) -> Document:
    """Take lists out; ids that are not there are nothing to do."""
    return _with_lists(
        document, {key: each for key, each in document.lists.items() if key not in ids}
    )


def use_entry(document: Document, entry_id: str, entry: Subscription) -> Document:
    """Add an entry of the catalogue, under its own id where that is free; once is enough."""
    if ids_of(entry, document.lists):
        return document
    return add_list(document, free_id(entry_id, document.lists), source_of(entry))


def drop_entry(document: Document, entry: Subscription) -> Document:
    """Take out the lists that are an entry of the catalogue, whatever they are called."""
    return remove_lists(document, ids_of(entry, document.lists))


def id_for(address: str, taken: Collection[str]) -> str:
    """Return a free id for the list at a web address, made of its host's name."""
    host = re.split(r"[/?#:]", address.partition("://")[2].lower(), maxsplit=1)[0]
    plain = re.sub(r"[^a-z0-9]+", "-", host.removeprefix("www.")).strip("-")
    return free_id(plain or "list", taken)


def free_id(stem: str, taken: Collection[str]) -> str:
    """Return ``stem``, numbered when that is taken, and never longer than an id may be."""
    number, found = 1, stem[:_LONGEST_ID].rstrip("-")
    while found in taken:
        number += 1
        end = f"-{number}"
        found = stem[: _LONGEST_ID - len(end)].rstrip("-") + end
    return found


def _with_lists(
    document: Document, lists: Mapping[str, ListSource | Mapping[str, object]]
) -> Document:
    data = document.model_dump()
    data["lists"] = {
        key: each.model_dump() if isinstance(each, ListSource) else each
        for key, each in lists.items()
    }
    return parse_document(data)
