"""Why: everything a decision was made from, and what each step said.

The same steps and the same table as every query, so an explanation cannot differ from what
happened; if it does, that is a fault and is said, not papered over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from filterd.errors import FilterdError
from filterd.policy.client import Client
from filterd.policy.decide import STEPS, decide, profile_default
from filterd.policy.moment import Moment
from filterd.policy.snapshot import Policy
from filterd.policy.special import LocalAnswer, local_answer
from filterd.policy.verdict import Verdict
from filterd.wire.query import Question


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole reason for one question of one client at one instant.

    ``steps`` are all of them in order, also below the one that decided, each with what it says by
    itself (None: nothing).  ``local`` is set when the house answers the name itself, before any
    step is asked.  ``categories`` are those the name is in, each with the source that says so;
    ``lifted`` are those of them that do not block it here, each with the source of the exception.
    ``left_out`` says of a list how many of its rules are not applied, to this or any other name.
    ``moment`` holds the open windows, the pause, the grants and the clock; ``verdict.until``, like
    ``moment.until``, is when all this may change.
    """

    client: Client
    device_name: str
    profile_name: str
    question: Question
    now: datetime
    local: LocalAnswer | None
    steps: tuple[tuple[str, Verdict | None], ...]
    verdict: Verdict
    categories: tuple[tuple[str, str], ...]
    lifted: tuple[tuple[str, str], ...]
    left_out: Mapping[str, int]
    moment: Moment
    version: int
    build: str

    @property
    def windows(self) -> tuple[str, ...]:
        """The names of the windows that are open."""
        return tuple(window.name for window in self.moment.windows)


def explain(policy: Policy, client: Client, question: Question, now: datetime) -> Explanation:
    """Return why ``client`` (``policy.client`` or ``policy.client_of``) gets what it gets.

    ``now`` is aware UTC and may be any time; for another time than the real one compile the
    policy without its newest stored time, or the clock will be taken to be wrong.
    Raises FilterdError when the table in force and the reference walk disagree.
    """
    table = policy.table(client.subject, now)
    verdict = table.decide(question)
    name, qtype, _ = question
    asked = policy.knowledge.asked(name, qtype, policy.moment(client.subject, now))
    if decide(asked) != verdict:
        raise FilterdError(
            f"two answers for {name}: {verdict} in force, {decide(asked)} by the rules"
        )
    said = ((step.__name__, step(asked)) for step in (*STEPS, profile_default))
    device = policy.document.devices.get(client.device_id)
    return Explanation(
        client=client,
        device_name="" if device is None else device.name,
        profile_name=table.profile.name,
        question=question,
        now=now,
        local=local_answer(question, filtering=table.profile.filtering),
        steps=tuple(
            (step, None if one is None else table.named(name, qtype, one)) for step, one in said
        ),
        verdict=table.named(name, qtype, verdict),
        categories=tuple((each, found.source) for each, found in asked.categories.items()),
        lifted=tuple(
            (each, found.lifted_by) for each, found in asked.categories.items() if found.lifted_by
        ),
        left_out=policy.left_out,
        moment=asked.moment,
        version=policy.version,
        build=policy.build,
    )
