"""Reasons and steps of a decision in words; every code of ``policy.verdict`` has its sentence."""

from admin_ui.language import Ltr, Say, mark, say
from admin_ui.topics import topic_name
from filterd.policy.special import LocalAnswer, LocalKind
from filterd.policy.verdict import Reason

# Each may name %(topic)s, %(window)s and %(name)s.
_SENTENCES: dict[Reason, str] = {
    Reason.CANARY: mark(
        "With this name an app asks whether it may go around the filter. It may not."
    ),
    Reason.TEST_NAME: mark("This is filterd's own test name. Every filter closes it."),
    Reason.LOCKED: mark("It is on a list of child abuse material, which is always closed."),
    Reason.ALWAYS_ALLOW: mark("It is a helpline or an emergency page. These are always open."),
    Reason.GRANT: mark("A guardian opened it for some time."),
    Reason.PAUSE: mark("A guardian paused the internet."),
    Reason.OWN_ALLOW: mark("A guardian opened %(name)s."),
    Reason.OWN_BLOCK: mark("A guardian closed %(name)s."),
    Reason.WINDOW: mark("It is closed during this time: %(window)s."),
    Reason.CLOCK: mark("The clock is wrong, and then only essentials are open."),
    Reason.CATEGORY: mark("It belongs to a closed topic: %(topic)s."),
    Reason.DEFAULT_ALLOW: mark("Nothing closes it."),
    Reason.DEFAULT_BLOCK: mark("Only what you allowed is open, and this is not among it."),
    Reason.UNFILTERED: mark("There is no filter here."),
}
_REWRITTEN = mark(
    "It belongs to a closed topic: %(topic)s. The list %(list)s gives another answer for it."
)
_OPEN_TOPIC = mark("It belongs to an open topic: %(topic)s.")

# The steps of ``policy.decide``, each as the question it asks.
STEP_QUESTIONS: dict[str, str] = {
    "special_name": mark("Is it a name with a special meaning?"),
    "locked_category": mark("Is it child abuse material?"),
    "always_allow": mark("Is it a helpline or an emergency page?"),
    "unfiltered": mark("Is the filter switched off here?"),
    "granted_name": mark("Did a guardian open it for some time?"),
    "pause": mark("Is the internet paused?"),
    "own_name": mark("Did a guardian open or close this very site?"),
    "wrong_clock": mark("Is the clock wrong?"),
    "closing_window": mark("Is it closed at this time of day?"),
    "blocked_category": mark("Does it belong to a closed topic?"),
    "profile_default": mark("And if nothing else decides?"),
}


def reason_words(
    reason: str,
    *,
    category: str = "",
    matched: str = "",
    detail: str = "",
    rewritten_by: str = "",
) -> Say:
    """Return the sentence for a reason code, as stored or as in a verdict.

    ``category``, ``matched`` and ``detail`` are the verdict's; ``rewritten_by`` is its source
    where that answered instead.  A code from another version of filterd is shown as it is.
    """
    known = _known(reason)
    if known is None:
        return say("Reason: %(code)s", code=Ltr(reason))
    sentence = _REWRITTEN if rewritten_by else _SENTENCES[known]
    if known is Reason.DEFAULT_ALLOW and category:
        sentence = _OPEN_TOPIC
    return say(
        sentence,
        topic=topic_name(category),
        window=detail,
        name=Ltr(matched),
        list=Ltr(rewritten_by),
    )


def local_words(local: LocalAnswer) -> Say:
    """Say that the house answers a name itself, before any rule is asked."""
    if local.kind is LocalKind.SELF:
        return say("This is the page of filterd itself.")
    return say("This name belongs to the house or to no one; it is never asked on the internet.")


def _known(reason: str) -> Reason | None:
    try:
        return Reason(reason)
    except ValueError:
        return None
