"""Categories as tiles to choose from: those that work today first, the others by group."""

from collections.abc import Collection, Iterable

from admin_ui.house import ListState
from admin_ui.language import mark, say
from admin_ui.parts import Tile, TileGroup, Topics
from admin_ui.topics import BLOCKABLE, GROUPS, LEARNING, OPENABLE, TOPICS
from filterd.config.document import Profile
from filterd.lists.category import ESSENTIALS, LOCKED


def listed_categories(lists: Iterable[ListState]) -> frozenset[str]:
    """Return the categories that have a list which could be loaded."""
    return frozenset(state.category for state in lists if state.ok and state.names)


def topics_of(profile: Profile, listed: Collection[str]) -> Topics:
    """Return the tiles of a profile: what is closed, or in an allow-only one what is open."""
    closes = profile.default == "allow"
    chosen = profile.blocked_categories if closes else profile.allowed_categories
    offered = offered_categories(profile)
    waiting = (
        TileGroup(say(words), tiles_of([each for each in ids if each not in listed], chosen, ()))
        for words, ids in _groups(closes=closes)
    )
    return Topics(
        closes=closes,
        ready=tiles_of([each for each in offered if each in listed], chosen, listed),
        waiting=tuple(group for group in waiting if group.tiles),
        has_locked_list=LOCKED in listed,
    )


def offered_categories(profile: Profile) -> tuple[str, ...]:
    """Return what may be chosen for a profile."""
    return BLOCKABLE if profile.default == "allow" else OPENABLE


def tiles_of(
    ids: Iterable[str], chosen: Collection[str], listed: Collection[str]
) -> tuple[Tile, ...]:
    """Return tiles for categories, in the order given."""
    return tuple(
        Tile(
            category,
            TOPICS[category].icon,
            say(TOPICS[category].name),
            say(TOPICS[category].about),
            category in chosen,
            category in listed,
        )
        for category in ids
    )


def _groups(*, closes: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if closes:
        return GROUPS
    return ((mark("Learning and essentials"), (LEARNING, ESSENTIALS)), *GROUPS)
