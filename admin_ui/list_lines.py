"""Lists as lines on a page, and in plain words what is wrong with each.

Whether a download must wait is decided by the service; here its words are only told apart.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from admin_ui.house import HeldList, ListState
from admin_ui.language import say
from admin_ui.parts import ListLine, Trouble, WaitingList
from admin_ui.times import when_words
from admin_ui.topics import TOPICS, topic_name
from filterd.config.document import ListSource

_SHOWN = 5
# The service's reasons for holding a download, with what they mean to a parent.
_REASONS = {
    "closes": say("It would close a site that everybody needs."),
    "opens": say("It holds a helpline. Helplines stay open all the same."),
    "smaller": say("It has far fewer names than the one in use."),
    "larger": say("It has far more names than the one in use."),
}
_OTHER = say("It is very different from the one in use.")


def list_line(
    list_id: str, listed: ListSource, state: ListState | None, now: datetime, zone: ZoneInfo
) -> ListLine:
    """Return a list of the policy; ``state`` is None until it was compiled."""
    topic = TOPICS.get(listed.category)
    checked = None if state is None else state.checked
    return ListLine(
        id=list_id,
        icon="tag" if topic is None else topic.icon,
        topic=topic_name(listed.category),
        is_used=state is not None and state.ok,
        is_file=listed.url is None,
        names=0 if state is None else state.names,
        left_out=0 if state is None else state.left_out,
        copied=None if checked is None else when_words(checked, now, zone),
        days=0 if checked is None else max(0, (now - checked).days),
        wrong=tuple(_wrong(listed, state)),
    )


def is_coming(listed: ListSource, state: ListState | None) -> bool:
    """Tell whether a list that does nothing yet soon will: nothing went wrong with it so far."""
    if state is None:
        return True
    is_untried = listed.url is not None and state.checked is None and state.held is None
    return not state.ok and (state.is_loading or (is_untried and not state.trouble))


def waiting_list(line: ListLine, held: HeldList, now: datetime, zone: ZoneInfo) -> WaitingList:
    return WaitingList(
        line=line,
        names=held.names,
        since=when_words(held.since, now, zone),
        words=_REASONS.get(held.reason, _OTHER),
        why=held.why,
        stamp=stamp_of(held),
    )


def stamp_of(held: HeldList) -> str:
    """Return what tells one download of a list from the next."""
    return held.since.isoformat()


def _wrong(listed: ListSource, state: ListState | None) -> Iterator[Trouble]:
    if state is None or (not state.ok and state.is_loading):
        yield Trouble("clock", say("It was not read yet. This takes a minute."))
        return
    if state.ok:
        yield from _wrong_in_use(state)
    else:
        yield _wrong_out_of_use(listed, state)


def _wrong_in_use(state: ListState) -> Iterator[Trouble]:
    if state.trouble:
        yield Trouble(
            "globe",
            say("The newest one could not be downloaded. The one from before is used."),
            say("filterd tries again by itself."),
            detail=state.trouble,
        )
    if state.held is not None and state.held.is_refused:
        yield Trouble(
            "shield",
            say("A new one was refused. The one from before is used."),
            detail=state.held.why,
        )
    if state.closes:
        more = " …" if len(state.closes) > _SHOWN else ""
        yield Trouble(
            "warning",
            say("It closes sites that everybody needs."),
            detail=", ".join(state.closes[:_SHOWN]) + more,
        )


def _wrong_out_of_use(listed: ListSource, state: ListState) -> Trouble:
    is_missing = listed.url is not None and state.checked is None
    if state.waiting is not None:
        return Trouble("pause", say("It does nothing until you have answered above."))
    if state.held is not None and is_missing:
        return Trouble("shield", say("It was refused, so it does nothing."), detail=state.held.why)
    if state.trouble and is_missing:
        return Trouble(
            "globe",
            say("It could not be downloaded, so it does nothing."),
            say("filterd tries again by itself."),
            detail=state.trouble,
        )
    if is_missing:
        return Trouble("clock", say("It is not downloaded yet, so it does nothing."))
    return Trouble(
        "warning", say("It could not be loaded, so it does nothing."), detail=state.problem
    )
