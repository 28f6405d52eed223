"""What holds for a child right now, in one sentence, and until when.

Reads the same ``Policy.moment`` that every answer is decided by, so that the card on the home page
cannot say anything else than the filter does.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from admin_ui.language import Say, say
from admin_ui.times import until_words
from filterd.policy.moment import Moment
from filterd.policy.snapshot import Policy

# How many changes to look through for the first one that changes the sentence.
_EDGES = 24


@dataclass(frozen=True, slots=True)
class State:
    """The sentence on a child's card.

    ``tone`` picks the colours and ``icon`` the shape; the words alone say everything.
    ``until`` is None when nothing is planned.
    """

    icon: str
    tone: str
    words: Say
    until: Say | None = None
    is_paused: bool = False


NO_LISTS = State("warning", "stop", say("The lists are missing: topics are open"))
NOT_RUNNING = State("warning", "stop", say("The filter is not running"))


def state_of(policy: Policy, profile_id: str, now: datetime) -> State:
    """Return what holds for a profile at ``now`` (aware UTC), with times in the house's zone."""
    subject = policy.client_of(profile_id).subject
    headline = _headline(policy.moment(subject, now))
    ends = lasting(policy, subject, now, lambda at: _headline(policy.moment(subject, at)))
    if ends is None:
        return headline
    until = until_words(ends, now, ZoneInfo(policy.document.zone))
    return replace(headline, until=until)


def lasting(
    policy: Policy, subject: str, now: datetime, what: Callable[[datetime], object]
) -> datetime | None:
    """Return when ``what``, which depends on the subject's rules, first becomes something else.

    None when nothing that is planned changes it.
    """
    before, ends = what(now), policy.moment(subject, now).until
    for _ in range(_EDGES):
        if ends is None or what(ends) != before:
            return ends
        ends = policy.moment(subject, ends).until
    return None


def _headline(moment: Moment) -> State:
    profile = moment.rules.profile
    if not profile.filtering:
        return State("door", "plain", say("No filter: everything is open"))
    if moment.pause is not None:
        return State("pause", "pause", say("The internet is paused"), is_paused=True)
    if not moment.is_clock_right and moment.rules.windows:
        return State("clock", "stop", say("The clock is wrong: only essentials are open"))
    for window in moment.windows:
        if window.mode == "essentials":
            return State(
                "moon", "moon", say("%(window)s: only essentials are open", window=window.name)
            )
        if window.mode == "only":
            return State(
                "book", "moon", say("%(window)s: only what you chose is open", window=window.name)
            )
    return _between(moment)


def _between(moment: Moment) -> State:
    """Say what holds while no window closes nearly everything."""
    for window in moment.windows:
        if window.mode == "block":
            return State(
                "hand", "moon", say("%(window)s: more than usual is closed", window=window.name)
            )
        return State("sun", "good", say("%(window)s: more than usual is open", window=window.name))
    profile = moment.rules.profile
    if profile.default == "block":
        return State("lock", "good", say("Only what you allowed is open"))
    if not profile.blocked_categories and not profile.blocked_names:
        return State("shield-off", "pause", say("Nothing is chosen to be closed yet"))
    return State("shield", "good", say("The filter is on"))
