"""What is broken in the house, in the order in which it hurts: what it means, and what to do."""

from collections.abc import Iterator, Mapping
from typing import Any

from admin_ui.house import House
from admin_ui.language import Command, Ltr, say
from admin_ui.list_lines import is_coming
from admin_ui.parts import Trouble
from admin_ui.topics import topic_name
from filterd.policy.moment import CLOCK_TOLERANCE


def troubles_of(house: House, status: Mapping[str, Any] | None) -> tuple[Trouble, ...]:
    """Return what is broken; ``status`` is the DNS process's word, None when it is not running."""
    return (
        *_of_dns(status),
        *_of_clock(house),
        *_of_lists(house),
        *_of_starter(house),
    )


def _of_dns(status: Mapping[str, Any] | None) -> Iterator[Trouble]:
    if status is None:
        yield Trouble(
            "warning",
            say("The filter is not running. No device in the house is protected now."),
            say("Start filterd again, or switch its computer off and on."),
            is_urgent=True,
        )
        return
    if status.get("problem"):
        yield Trouble(
            "warning",
            say("The newest rules could not be loaded. The rules from before are still in force."),
            detail=str(status["problem"]),
            is_urgent=True,
        )
    if status.get("index_problem"):
        yield Trouble(
            "hand",
            say("The lists are not loaded, so topics are not closed now. Your own sites are."),
            say("On the first start this takes a minute. If it stays, start filterd again."),
            detail=str(status["index_problem"]),
            is_urgent=True,
        )
    if status.get("log_problem"):
        yield Trouble(
            "list",
            say("The record of what devices ask for has stopped. The filter goes on working."),
            say("Often the disk is full: free some space on the computer that runs filterd."),
            detail=str(status["log_problem"]),
        )


def _of_clock(house: House) -> Iterator[Trouble]:
    newest = house.policies.newest_time()
    if newest is not None and house.clock() < newest - CLOCK_TOLERANCE:
        yield Trouble(
            "clock",
            say("The clock of this computer is wrong, so children with times get only essentials."),
            say("Connect it to the internet or set its clock."),
            is_urgent=True,
        )


def _of_lists(house: House) -> Iterator[Trouble]:
    states, lists = house.lists(), house.policies.current().document.lists
    if any(state.waiting for state in states):
        yield Trouble(
            "list", say("A list changed a lot. Look at it before it is used."), endpoint=_LISTS
        )
    for state in states:
        what = "; ".join(filter(None, (state.problem, state.trouble)))
        if state.id in lists and is_coming(lists[state.id], state):
            continue  # it was chosen a moment ago
        if what and (state.ok or not state.waiting):
            topic = topic_name(state.category)
            words = say("A list for the topic “%(topic)s” has a problem.", topic=topic)
            if not state.ok:
                words = say(
                    "A list for the topic “%(topic)s” could not be loaded, so it closes nothing.",
                    topic=topic,
                )
            yield Trouble("list", words, detail=f"{state.id}: {what}", endpoint=_LISTS)


def _of_starter(house: House) -> Iterator[Trouble]:
    if house.starter_differs():
        yield Trouble(
            "gear",
            say("The file %(file)s has other rules than these. They are not applied.", file=_FILE),
            say("To use the rules of the file, type %(command)s.", command=_APPLY),
        )


_LISTS = "lists.show"
_FILE = Ltr("config.yaml")
_APPLY = Command("filterd policy apply")
