"""A moment table: a subject's verdicts, remembered for as long as its rules stand still.

What the lists say of a name and what guardians typed over it are two small numbers; with what
rules with conditions add for this question (mostly nothing) they determine the verdict.  So the
table keeps one verdict per such key, filled in by ``policy.decide`` when it is first needed: a
table costs nothing to make, and no list is touched when a window opens.  The few special names are
decided by name and not kept.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from filterd.config.document import Profile
from filterd.lists.category import ALWAYS_ALLOW
from filterd.lists.rule import NO_TAGS
from filterd.policy.conditions import Conditions, Outcome, combined
from filterd.policy.decide import Asked, decide, judge_link, review
from filterd.policy.listed import BLOCKING, Listed, Sources, memberships, written_for
from filterd.policy.moment import Moment
from filterd.policy.overlay import Overlay
from filterd.policy.special import SPECIAL_NAMES
from filterd.policy.verdict import Verdict
from filterd.wire.codes import IN, A
from filterd.wire.query import Question

# A child meets a few hundred keys in a day.  The bound is for what somebody might try: 300
# subjects with every key there is (8,000 and more) would take hundreds of megabytes.
_MAX_KEPT = 4096


Key = tuple[int, int, Outcome | None]
"""All that lists and guardians say of a name: its set in the index, its marks, what rules add."""


class Knowledge:
    """What a policy knows of names, whoever asks: lists, categories, the overlay.

    ``conditions`` is None when no list in use has a rule with conditions; ``helps_by_condition``:
    a name may be a helpline though its tags do not say so.
    """

    def __init__(
        self, listed: Listed, sources: Sources, overlay: Overlay, conditions: Conditions | None
    ) -> None:
        self.listed = listed
        self.overlay = overlay
        self.conditions = conditions
        self._sources = sources
        self._helping = {
            source for source, each in sources.categories.items() if each == ALWAYS_ALLOW
        }
        self.helps_by_condition = any(map(listed.conditional.get, self._helping))

    def asked(self, name: str, qtype: int, moment: Moment) -> Asked:
        """Return the name as the steps of ``policy.decide`` want it, with nothing remembered."""
        base = self.listed.find(name)
        outcome: Outcome | None = None
        if self.conditions is not None:
            words = self.conditions.words(name, base)
            outcome = combined(words, qtype, moment.traits)
        return self.asked_of(name, (base, self.overlay.find(name), outcome), moment)

    def asked_of(self, name: str, key: Key, moment: Moment) -> Asked:
        """Return the same for a name of which everything is known."""
        base, typed, outcome = key
        tags = self.listed.tags(base)
        marks = self.overlay.marks(typed)
        if outcome is None:
            return Asked(name, memberships(tags, self._sources), marks, moment)
        categories = memberships(tags | outcome.tags, self._sources)
        return Asked(name, categories, marks, moment, dict(outcome.rewrites))

    def may_help(self, base: int) -> bool:
        """Tell whether a name with this tag set may be a helpline; when it is one, always."""
        if self.helps_by_condition:
            return True
        return any(tag.source in self._helping for tag in self.listed.tags(base))

    def written(self, name: str, qtype: int, traits: int, source: str) -> str:
        """Return what the source's deciding rule for a name was written for, "" when none is.

        That is a name, or a pattern between slashes.
        """
        if self.conditions is None:
            return written_for(self.listed, name, source)
        base, words = self.conditions.known(name)
        outcome = self.conditions.outcome(words, qtype, traits)
        added = NO_TAGS if outcome is None else outcome.tags
        said = self.listed.tags(base)
        tags = [tag for tag in said | added if tag.source == source and tag.kind in BLOCKING]
        strongest = min(tags, key=lambda tag: tag.kind, default=None)
        if strongest is None or strongest in said:
            return written_for(self.listed, name, source)
        return self.conditions.written(name, base, (qtype, traits), strongest)


class MomentTable:
    """A subject's verdicts from ``since`` until ``until`` (aware UTC; None: for good).

    ``build_version`` stamps what was decided with: the index build and the policy version.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        moment: Moment,
        since: datetime,
        build_version: tuple[str, int],
    ) -> None:
        self.moment = moment
        self.since = since
        self.until = moment.until
        self.build_version = build_version
        self._knowledge = knowledge
        self._conditions = knowledge.conditions
        self._find_listed = knowledge.listed.find
        self._find_typed = knowledge.overlay.find
        self._verdicts: dict[Key, Verdict] = {}
        self._links: dict[Key, Verdict | None] = {}

    @property
    def profile_id(self) -> str:
        return self.moment.rules.profile_id

    @property
    def profile(self) -> Profile:
        return self.moment.rules.profile

    def holds(self, now: datetime) -> bool:
        """Tell whether the table says what holds at ``now``."""
        return self.since <= now and (self.until is None or now < self.until)

    def decide(self, question: Question) -> Verdict:
        """Return the verdict on a question; its name is lower-case without a trailing dot.

        Where a list decided, ``matched`` is left empty: see ``named``.
        """
        name = question.name
        if name in SPECIAL_NAMES:
            return decide(self._knowledge.asked(name, question.qtype, self.moment))
        key: Key
        if self._conditions is None:
            key = (self._find_listed(name), self._find_typed(name), None)
        else:
            key = self._key(name, question.qtype)
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = decide(self._knowledge.asked_of(name, key, self.moment))
            if len(self._verdicts) >= _MAX_KEPT:
                self._verdicts = {}
            self._verdicts[key] = verdict
        return verdict

    def is_helpline(self, name: str) -> bool:
        """Tell whether the name is one that is written down nowhere.

        For names that nobody asked for: what they could cost, like patterns to be searched, they
        mostly do not.
        """
        if not self._knowledge.may_help(self._find_listed(name)):
            return False
        return not self.decide(Question(name, A, IN)).is_recorded

    def _key(self, name: str, qtype: int) -> Key:
        """Return all that is said of a name for this type of question."""
        conditions = self._conditions
        if conditions is None:
            return self._find_listed(name), self._find_typed(name), None
        base, words = conditions.known(name)
        outcome = conditions.outcome(words, qtype, self.moment.traits)
        return base, self._find_typed(name), outcome

    def review(self, verdict: Verdict, names: Iterable[str], qtype: int) -> Verdict | None:
        """Return the block that the names of an answer add to its verdict, None for nothing.

        ``names`` are the targets an answer leads through (CNAME, DNAME, SVCB, HTTPS), spelt as
        questions are; ``qtype`` is the question's.  An allow by name (a grant's, the profile's
        own, a helpline) exempts from all but locked categories.  A name is never blocked for being
        in no list: not by a pause, a window of mode ``essentials`` or ``only``, or an allow-only
        default.
        """
        return review(verdict, names, lambda name: self._judge_link(name, qtype))

    def _judge_link(self, name: str, qtype: int) -> Verdict | None:
        key = self._key(name, qtype)
        links = self._links
        if key in links:
            found = links[key]
        else:
            found = judge_link(self._knowledge.asked_of(name, key, self.moment))
            if len(links) >= _MAX_KEPT:
                # Replaced, not emptied: another thread may be between the two lines above.
                links = self._links = {}
            links[key] = found
        return found if found is None else self.named(name, qtype, found)

    def named(self, name: str, qtype: int, verdict: Verdict) -> Verdict:
        """Return the verdict given for ``name`` with ``matched`` filled in for a list's rule.

        Costs a few look-ups, so ask for what is written down, not for every query.
        """
        if verdict.matched or not verdict.source:
            return verdict
        return replace(verdict, matched=self.written(name, qtype, verdict.source))

    def written(self, name: str, qtype: int, source: str) -> str:
        """Return what the rule was written for by which a source decided about ``name``."""
        return self._knowledge.written(name, qtype, self.moment.traits, source)
