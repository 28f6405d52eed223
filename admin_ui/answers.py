"""The question "is it open, and why": read, asked of the policy, and told in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from admin_ui.forms import EXAMPLE
from admin_ui.language import Ltr, Say, say
from admin_ui.parts import Act, Answer, AskForm, Fact, Option, Step
from admin_ui.reasons import STEP_QUESTIONS, local_words, reason_words
from admin_ui.state import lasting
from admin_ui.times import until_words, when_words
from admin_ui.topics import topic_name
from filterd.config.document import Document
from filterd.config.names import own_name
from filterd.config.wrong import Wrong
from filterd.policy.client import Client
from filterd.policy.explain import Explanation, explain
from filterd.policy.schedule import instant
from filterd.policy.snapshot import Policy, compile_policy
from filterd.policy.verdict import Action, Reason, Verdict
from filterd.resolve.record import Origin
from filterd.store.log import LogRow
from filterd.wire.query import Question

_A, _IN = 1, 1
# Beyond these nobody plans, and calendars end.
_FIRST_YEAR, _LAST_YEAR = 2000, 2200
_PROFILE, _DEVICE = "child:", "device:"
# What no guardian can change, with the sentence that says so.
_FIXED_OPEN = frozenset({Reason.ALWAYS_ALLOW.value})
_FIXED_CLOSED = frozenset({Reason.LOCKED.value, Reason.CANARY.value, Reason.TEST_NAME.value})

_ORIGINS = {
    Origin.OURSELVES: say("filterd itself"),
    Origin.CACHE: say("an answer from a moment before"),
    Origin.UPSTREAM: say("the internet"),
    Origin.FAILED: say("nobody: no answer came in time"),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A question; ``is_complete`` when a name was given and everything could be read.

    ``device_id`` is "" for a child in general; ``at`` is None for now.
    """

    form: AskForm
    name: str = ""
    profile_id: str = ""
    device_id: str = ""
    at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        return bool(self.name) and not self.form.errors


def people_of(document: Document) -> tuple[Option, ...]:
    """Return whom the question can be asked for: every child, then every device."""
    return (
        *(Option(_PROFILE + each, profile.name) for each, profile in document.profiles.items()),
        *(Option(_DEVICE + each, device.name) for each, device in document.devices.items()),
    )


def parse_ask(fields: Mapping[str, str], document: Document) -> Ask:
    """Read the question; without a site it is not asked yet."""
    site, at = fields.get("site", "").strip(), fields.get("at", "").strip()
    who = fields.get("who", "") or _PROFILE + next(iter(document.profiles))
    errors: dict[str, Say] = {}
    form = AskForm(site, who, at, errors)
    if not site:
        return Ask(form)
    name = ""
    try:
        name = own_name(site).removeprefix("=")
    except Wrong:
        errors["site"] = say(
            "This is not the name of a site. Write it like %(example)s.", example=EXAMPLE
        )
    profile_id, device_id = _read_who(who, document)
    if not profile_id:
        errors["who"] = say("Choose one of these.")
    moment = _read_moment(at, ZoneInfo(document.zone)) if at else None
    if at and moment is None:
        errors["at"] = say("Write a day and a time.")
    return Ask(form, name, profile_id, device_id, moment)


def answer_of(policy: Policy, ask: Ask, now: datetime) -> Answer:
    """Return what would be answered, and why.  ``ask`` is complete."""
    if ask.at is not None:
        # Another time than now is no wrong clock, so the newest stored time is left out.
        policy = compile_policy(
            policy.document, policy.version, policy.knowledge.listed, policy.overrides
        )
    at = ask.at or now
    client = policy.client_of(ask.profile_id, ask.device_id)
    found = explain(policy, client, Question(ask.name, _A, _IN), at)
    zone = ZoneInfo(policy.document.zone)
    verdict = found.verdict
    return Answer(
        name=ask.name,
        profile_id=ask.profile_id,
        code=verdict.reason.value,
        is_block=verdict.is_block,
        is_rewrite=verdict.is_rewrite,
        until=_until(policy, client, found, zone),
        reason=local_words(found.local) if found.local else _words(verdict),
        child=found.device_name or found.profile_name,
        when=when_words(at, now, zone),
        steps=_steps(found),
    )


def act_of(policy: Policy, profile_id: str, name: str, reason: str) -> Act | None:
    """Return the buttons that change it, None where a child's own list cannot say anything."""
    profile = policy.document.profiles.get(profile_id)
    if profile is None or not profile.filtering or "." not in name:
        return None
    fixed = say("Nobody can open this.")
    if reason in _FIXED_OPEN:
        fixed = say("This always stays open.")
    is_fixed = reason in _FIXED_OPEN | _FIXED_CLOSED
    return Act(
        profile_id=profile_id,
        child=profile.name,
        name=name,
        version=policy.version,
        can_block=not is_fixed,
        can_allow=not is_fixed,
        fixed_words=fixed,
    )


def facts_of(document: Document, row: LogRow) -> tuple[Fact, ...]:
    """Return what was kept of a decision, each with its heading."""
    profile = document.profiles.get(row.profile)
    facts = [Fact(say("Rules of"), row.profile if profile is None else profile.name)]
    if row.category:
        facts.append(Fact(say("Topic"), topic_name(row.category)))
    if row.source:
        facts.append(Fact(say("List"), Ltr(row.source)))
    if row.matched:
        facts.append(Fact(say("Entry"), Ltr(row.matched)))
    facts.append(Fact(say("Answered by"), _ORIGINS[row.origin]))
    facts.append(Fact(say("Version of the rules"), Ltr(str(row.version))))
    if row.build:
        facts.append(Fact(say("State of the lists"), Ltr(row.build)))
    return tuple(facts)


def _read_who(who: str, document: Document) -> tuple[str, str]:
    """Return the profile and the device that are meant, "" and "" for nobody known."""
    device_id = who.removeprefix(_DEVICE)
    device = document.devices.get(device_id) if who.startswith(_DEVICE) else None
    if device is not None:
        return device.profile, device_id
    profile_id = who.removeprefix(_PROFILE)
    is_known = who.startswith(_PROFILE) and profile_id in document.profiles
    return (profile_id if is_known else ""), ""


def _read_moment(text: str, zone: tzinfo) -> datetime | None:
    """Read the wall-clock time of a browser's date and time field as an instant."""
    try:
        wall = datetime.fromisoformat(text)
        if wall.tzinfo is not None or not _FIRST_YEAR <= wall.year <= _LAST_YEAR:
            return None
        return instant(wall.replace(second=0, microsecond=0), zone)
    except ValueError:
        return None


def _until(policy: Policy, client: Client, found: Explanation, zone: ZoneInfo) -> Say | None:
    """Say when the answer becomes another one, None when nothing planned changes it."""

    def answer(at: datetime) -> object:
        verdict = policy.table(client.subject, at).decide(found.question)
        return verdict.action, verdict.reason, verdict.detail

    ends = lasting(policy, client.subject, found.now, answer)
    return None if ends is None else until_words(ends, found.now, zone)


def _words(verdict: Verdict) -> Say:
    return reason_words(
        verdict.reason.value,
        category=verdict.category,
        matched=verdict.matched,
        detail=verdict.detail,
        rewritten_by=verdict.source if verdict.is_rewrite else "",
    )


def _steps(found: Explanation) -> tuple[Step, ...]:
    """Return the steps in order; the first one with an answer has decided."""
    steps: list[Step] = []
    is_decided = found.local is not None
    for name, verdict in found.steps:
        words = say(STEP_QUESTIONS[name])
        if verdict is None:
            steps.append(Step("cross", words, say("No."), is_decisive=False))
            continue
        said = say("Open. %(reason)s", reason=_words(verdict))
        if verdict.is_block:
            said = say("Closed. %(reason)s", reason=_words(verdict))
        elif verdict.is_rewrite:
            said = say("Changed. %(reason)s", reason=_words(verdict))
        icon = "check" if verdict.action is Action.ALLOW else "hand"
        steps.append(Step(icon, words, said, is_decisive=not is_decided))
        is_decided = True
    return tuple(steps)
