"""A moment table: a subject's verdicts, remembered for as long as its rules stand still.

What the lists say of a name and what guardians typed over it are two small numbers, and they
determine the verdict.  So the table keeps one verdict per pair of numbers, filled in by
``policy.decide`` when it is first needed: a table costs nothing to make, and no list is touched
when a window opens.  The few special names are decided by name and not kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from filterd.config.document import Profile
from filterd.policy.decide import Asked, decide, judge_link, review
from filterd.policy.listed import Listed, memberships, written_for
from filterd.policy.moment import Moment
from filterd.policy.overlay import Overlay
from filterd.policy.special import SPECIAL_NAMES
from filterd.policy.verdict import Verdict
from filterd.wire.query import Question

# A child meets a few hundred pairs in a day.  The bound is for what somebody might try: 300
# subjects with every pair there is (8,000 and more) would take hundreds of megabytes.
_MAX_KEPT = 4096


class Knowledge:
    """What a policy knows of names, whoever asks: lists, categories, the overlay."""

    def __init__(self, listed: Listed, categories: Mapping[str, str], overlay: Overlay) -> None:
        self.listed = listed
        self.overlay = overlay
        self._categories = categories

    def asked(self, name: str, moment: Moment) -> Asked:
        """Return the name as the steps of ``policy.decide`` want it."""
        return self.asked_of(name, self.listed.find(name), self.overlay.find(name), moment)

    def asked_of(self, name: str, base: int, typed: int, moment: Moment) -> Asked:
        """Return the same for a name whose set numbers are known."""
        categories = memberships(self.listed.tags(base), self._categories)
        return Asked(name, categories, self.overlay.marks(typed), moment)


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
        self._find_listed = knowledge.listed.find
        self._find_typed = knowledge.overlay.find
        self._verdicts: dict[tuple[int, int], Verdict] = {}
        self._links: dict[tuple[int, int], Verdict | None] = {}

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
            return decide(self._knowledge.asked(name, self.moment))
        key = (self._find_listed(name), self._find_typed(name))
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = decide(self._knowledge.asked_of(name, *key, self.moment))
            if len(self._verdicts) >= _MAX_KEPT:
                self._verdicts = {}
            self._verdicts[key] = verdict
        return verdict

    def review(self, verdict: Verdict, names: Iterable[str]) -> Verdict | None:
        """Return the block that the names of an answer add to its verdict, None for nothing.

        ``names`` are the targets an answer leads through (CNAME, DNAME, SVCB, HTTPS), spelt as
        questions are.  An allow by name (a grant's, the profile's own, a helpline) exempts from
        all but locked categories.  A name is never blocked for being in no list: not by a pause,
        a window of mode ``essentials`` or ``only``, or an allow-only default.
        """
        return review(verdict, names, self._judge_link)

    def _judge_link(self, name: str) -> Verdict | None:
        key = (self._find_listed(name), self._find_typed(name))
        links = self._links
        if key in links:
            found = links[key]
        else:
            found = judge_link(self._knowledge.asked_of(name, *key, self.moment))
            if len(links) >= _MAX_KEPT:
                # Replaced, not emptied: another thread may be between the two lines above.
                links = self._links = {}
            links[key] = found
        return found if found is None else self.named(name, found)

    def named(self, name: str, verdict: Verdict) -> Verdict:
        """Return the verdict given for ``name`` with ``matched`` filled in for a list's rule.

        Costs a look-up per label, so ask for what is written down, not for every query.
        """
        if verdict.matched or not verdict.source:
            return verdict
        return replace(verdict, matched=written_for(self._knowledge.listed, name, verdict.source))
