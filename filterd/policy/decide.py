"""Decide what happens to one question: the reference walk.

Pure, and nothing is kept between two calls.  The resolver asks ``policy.table``, which remembers
what these very steps say; whatever else ever decides is tested against this page.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from filterd.lists.category import ALWAYS_ALLOW, ESSENTIALS, LOCKED
from filterd.lists.condition import Rewrite
from filterd.lists.rule import Kind
from filterd.policy.listed import Membership
from filterd.policy.moment import Moment
from filterd.policy.overlay import Marks
from filterd.policy.profile import TimedWindow
from filterd.policy.special import SPECIAL_NAMES
from filterd.policy.verdict import Action, Rank, Reason, Verdict


@dataclass(frozen=True, slots=True)
class Asked:
    """A name, what is known of it, and the moment it is asked in.

    ``categories`` are those the name is in, worst first (``listed.memberships``); ``marks`` is
    what guardians typed over it; ``rewrites`` is what a source answers instead.
    """

    name: str
    categories: Mapping[str, Membership]
    marks: Marks
    moment: Moment
    rewrites: Mapping[str, tuple[Rewrite, ...]] = field(default_factory=dict)

    def block(self, rank: Rank, reason: Reason, **why: str) -> Verdict:
        return Verdict(Action.BLOCK, rank, reason, until=self.moment.until, rewrite=(), **why)

    def allow(self, rank: Rank, reason: Reason, **why: str) -> Verdict:
        return Verdict(Action.ALLOW, rank, reason, until=self.moment.until, rewrite=(), **why)

    def close(self, rank: Rank, reason: Reason, category: str, found: Membership) -> Verdict:
        """Block for a category, or answer what its deciding source says instead."""
        verdict = self.block(rank, reason, category=category, source=found.source)
        if found.kind is not Kind.REWRITE:
            return verdict
        return replace(verdict, action=Action.REWRITE, rewrite=self.rewrites[found.source])

    def is_in(self, categories: Iterable[str]) -> bool:
        return not self.categories.keys().isdisjoint(categories)


Step = Callable[[Asked], Verdict | None]


def decide(asked: Asked) -> Verdict:
    """Return the verdict of the first step that has one, else the profile's default.

    Never raises: whatever could be wrong with a policy was refused when it was compiled.
    """
    return first_verdict(STEPS, asked) or profile_default(asked)


def first_verdict(steps: Iterable[Step], asked: Asked) -> Verdict | None:
    """Return what the first step with an opinion says, None when none has one."""
    for step in steps:
        verdict = step(asked)
        if verdict is not None:
            return verdict
    return None


def special_name(asked: Asked) -> Verdict | None:
    """Answer the signals that tell apps to go around the filter, and the test name."""
    reason = SPECIAL_NAMES.get(asked.name)
    if reason is None or not asked.moment.rules.profile.filtering:
        return None
    return asked.block(Rank.SPECIAL, reason, matched=asked.name)


def locked_category(asked: Asked) -> Verdict | None:
    """Block, also where the list would answer something else: nothing opens this by intent."""
    found = asked.categories.get(LOCKED)
    if found is None:
        return None
    return asked.block(Rank.LOCKED, Reason.LOCKED, category=LOCKED, source=found.source)


def always_allow(asked: Asked) -> Verdict | None:
    found = asked.categories.get(ALWAYS_ALLOW)
    if found is None:
        return None
    why = {"category": ALWAYS_ALLOW, "source": found.source}
    return asked.allow(Rank.ALWAYS_ALLOW, Reason.ALWAYS_ALLOW, **why)


def unfiltered(asked: Asked) -> Verdict | None:
    if asked.moment.rules.profile.filtering:
        return None
    return asked.allow(Rank.DEFAULT, Reason.UNFILTERED)


def granted_name(asked: Asked) -> Verdict | None:
    for grant in asked.moment.grants:
        mark = asked.marks.get(grant.scope)
        if mark is not None:
            return asked.allow(Rank.GRANT, Reason.GRANT, matched=mark.name, detail=str(grant.id))
    return None


def pause(asked: Asked) -> Verdict | None:
    pausing = asked.moment.pause
    if pausing is None or _is_essential(asked):
        return None
    return asked.block(Rank.PAUSE, Reason.PAUSE, detail=str(pausing.id))


def own_name(asked: Asked) -> Verdict | None:
    mark = asked.marks.get(asked.moment.rules.scope)
    if mark is None:
        return None
    if mark.allows:
        return asked.allow(Rank.OWN, Reason.OWN_ALLOW, matched=mark.name)
    return asked.block(Rank.OWN, Reason.OWN_BLOCK, matched=mark.name)


def wrong_clock(asked: Asked) -> Verdict | None:
    moment = asked.moment
    if moment.is_clock_right or not moment.rules.windows or _is_essential(asked):
        return None
    return asked.block(Rank.WINDOW, Reason.CLOCK)


def closing_window(asked: Asked) -> Verdict | None:
    """Block what the first window that closes it closes.  A window never allows."""
    for window in asked.moment.windows:
        if _is_closed_but_for_some(asked, window):
            return asked.block(Rank.WINDOW, Reason.WINDOW, detail=window.name)
        verdict = _closed_by(asked, window)
        if verdict is not None:
            return verdict
    return None


def naming_window(asked: Asked) -> Verdict | None:
    """Block what a window closes by name or category, not what it merely fails to list."""
    for window in asked.moment.windows:
        verdict = _closed_by(asked, window)
        if verdict is not None:
            return verdict
    return None


def blocked_category(asked: Asked) -> Verdict | None:
    """Block a name for the worst blocked category that nothing lifts, or answer its rewrite.

    A grant and a window of mode ``open`` lift categories, not names: one that is also in another
    blocked category stays closed.
    """
    moment = asked.moment
    for category, found in asked.categories.items():
        is_lifted = category in moment.granted or category in moment.opened or found.lifted_by
        if category in moment.rules.blocked and not is_lifted:
            return asked.close(Rank.CATEGORY, Reason.CATEGORY, category, found)
    return None


def profile_default(asked: Asked) -> Verdict:
    """Allow; in an allow-only profile only what is in an allowed or a granted category."""
    rules = asked.moment.rules
    if rules.profile.default == "allow":
        return asked.allow(Rank.DEFAULT, Reason.DEFAULT_ALLOW)
    for category, found in asked.categories.items():
        if category in rules.allowed or category in asked.moment.granted:
            why = {"category": category, "source": found.source}
            return asked.allow(Rank.DEFAULT, Reason.DEFAULT_ALLOW, **why)
    return asked.block(Rank.DEFAULT, Reason.DEFAULT_BLOCK)


# Order is policy: a step sees only what every step above it let pass.
STEPS: tuple[Step, ...] = (
    special_name,  # first, so that no list and no guardian lets an app go around the filter
    locked_category,  # above every allow, so that nothing opens it by mistake or by intent
    always_allow,  # above all that could keep a child from help, and above "unfiltered" so that
    unfiltered,  # a parent's call for help is not written down either
    granted_name,  # above the pause; one that is older than the pause is no longer in force
    pause,  # above own names: "internet off" means the allowed ones too
    own_name,  # above the windows, so that the homework site stays up at night
    wrong_clock,  # instead of the windows, which a wrong clock would open
    closing_window,  # above the categories, so that a child reads "bedtime" and not "games"
    blocked_category,
)

# What is asked of the other names in an answer.  A site that may be seen may use any content
# network, so nothing here blocks a name for being unlisted: no pause, no window of mode
# ``essentials`` or ``only``, no wrong clock, no default.
LINK_STEPS: tuple[Step, ...] = (
    locked_category,
    always_allow,
    unfiltered,
    granted_name,
    own_name,
    naming_window,
    blocked_category,
)

# A name that was allowed by name or as a helpline is allowed with everything it stands on.
EXEMPTING: frozenset[Rank] = frozenset({Rank.ALWAYS_ALLOW, Rank.GRANT, Rank.OWN})


def judge_link(asked: Asked) -> Verdict | None:
    """Return what is to be said of a name within an answer, None for nothing.

    What would be answered instead of such a name is not what was asked for, so a rewrite blocks.
    """
    verdict = first_verdict(LINK_STEPS, asked)
    if verdict is None or not verdict.is_rewrite:
        return verdict
    return replace(verdict, action=Action.BLOCK, rewrite=())


def review(
    verdict: Verdict, names: Iterable[str], judge: Callable[[str], Verdict | None]
) -> Verdict | None:
    """Return the block that the names of an answer add to the question's verdict, or None.

    ``names`` are those the answer leads through (CNAME, DNAME, SVCB and HTTPS targets); ``judge``
    is ``judge_link`` for a name.  The lowest rank wins, of equal ranks the first name.
    """
    if verdict.is_block:
        return None
    worst: Verdict | None = None
    for name in names:
        found = judge(name)
        if found is None or not found.is_block:
            continue
        if verdict.rank in EXEMPTING and found.rank is not Rank.LOCKED:
            continue
        if worst is None or found.rank < worst.rank:
            worst = found
    return worst


def _is_essential(asked: Asked) -> bool:
    """Tell whether the name stays open when all else is closed: essential, or granted."""
    return ESSENTIALS in asked.categories or asked.is_in(asked.moment.granted)


def _is_closed_but_for_some(asked: Asked, window: TimedWindow) -> bool:
    if window.mode == "essentials":
        return not _is_essential(asked)
    if window.mode == "only":
        is_listed = window.scope in asked.marks or asked.is_in(window.categories)
        return not is_listed and not asked.is_in(asked.moment.granted)
    return False


def _closed_by(asked: Asked, window: TimedWindow) -> Verdict | None:
    if window.mode != "block":
        return None
    mark = asked.marks.get(window.scope)
    if mark is not None:
        return asked.block(Rank.WINDOW, Reason.WINDOW, matched=mark.name, detail=window.name)
    for category, found in asked.categories.items():
        is_lifted = category in asked.moment.granted or found.lifted_by
        if category in window.categories and not is_lifted:
            return asked.block(
                Rank.WINDOW,
                Reason.WINDOW,
                category=category,
                source=found.source,
                detail=window.name,
            )
    return None
