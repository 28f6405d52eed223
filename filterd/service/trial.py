"""``filterd lists try``: what a list would newly block among the names really asked here.

The list is compiled alone and laid over the index in force, and both policies, with it and
without, decide about every name of the log as the resolver would.  What passes with time (windows,
pauses, grants) is left out of both, or the answer would depend on the hour; the list counts as a
category of its own that every filtered profile blocks.  Names in answers are not in the log, so
what a list would block by an alias is not seen.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from filterd.config.document import Document, ListSource, Profile
from filterd.config.model import problems_of
from filterd.errors import FilterdError, ListError
from filterd.lists.category import ALWAYS_ALLOW
from filterd.lists.compile import compile_index
from filterd.lists.index import Index
from filterd.lists.parsed import Parsed
from filterd.lists.rule import TagSet
from filterd.net.fetch import fetch
from filterd.policy.listed import Listed
from filterd.policy.snapshot import Policy, compile_policy
from filterd.policy.verdict import Action, Verdict
from filterd.service.current import index_key, map_index
from filterd.service.guards import Sayings, kept_names
from filterd.service.layout import Layout
from filterd.service.operator import open_layout
from filterd.service.ourselves import resolve_by
from filterd.service.reading import read
from filterd.service.starter import read_config
from filterd.service.texts import limits_of, read_text
from filterd.store.log import AskedName, LogReader
from filterd.store.policy import PolicyStore
from filterd.wire.codes import IN, A
from filterd.wire.query import Question

# No list and no category of a policy can be called so.
TRIED = "(the list tried)"
_SHOWN = 50
_COMPLAINTS = 3


class TrialError(FilterdError):
    """The list cannot be tried as it was asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to try: ``place`` is a web address or a file; no ``profile`` means every one."""

    place: str
    form: str = "auto"
    match: str = "format"
    profile: str = ""
    days: int = 7


@dataclass(slots=True)
class NewlyBlocked:
    """A name that only the list tried would block, and for whom."""

    name: str
    matched: str
    queries: int = 0
    profiles: list[str] = field(default_factory=list)


class Over:
    """Two indexes as one ``Listed``: a name has the tags of both.

    A list's tags depend on that list alone, so this finds what compiling all together would.
    """

    def __init__(self, base: Listed, extra: Listed) -> None:
        self.build = f"{base.build}+{extra.build}"
        self.conditional = {**base.conditional, **extra.conditional}
        self._base = base
        self._extra = extra
        self._numbers: dict[tuple[int, int], int] = {(0, 0): 0}
        self._pairs: list[tuple[int, int]] = [(0, 0)]

    def find(self, name: str, /) -> int:
        pair = self._base.find(name), self._extra.find(name)
        number = self._numbers.setdefault(pair, len(self._pairs))
        if number == len(self._pairs):
            self._pairs.append(pair)
        return number

    def tags(self, number: int, /) -> TagSet:
        base, extra = self._pairs[number]
        return self._base.tags(base) | self._extra.tags(extra)


def try_list(config_path: Path, wanted: Wanted) -> Iterator[str]:
    """Yield what the list is, and what it would newly block, the most asked first."""
    layout = open_layout(config_path)
    document = PolicyStore(layout.policy_db).current().document
    if wanted.profile and wanted.profile not in document.profiles:
        raise TrialError(f"there is no profile {wanted.profile!r}")
    parsed = _read(config_path, layout, document, wanted)
    key = index_key(layout)
    extra = Index(compile_index([(TRIED, parsed)], key), key)
    yield from _about(layout, document, parsed, extra)
    reader = LogReader(layout.log_db)
    since = datetime.fromtimestamp(time.time(), UTC) - timedelta(days=wanted.days)
    asked = reader.asked(since, wanted.profile)
    reader.close()
    base, problem = map_index(layout)
    if problem:
        raise TrialError(problem)
    before = compile_policy(steady(document), 0, base)
    after = compile_policy(with_list_tried(steady(document)), 0, Over(base, extra))
    names = {profile_id: profile.name for profile_id, profile in document.profiles.items()}
    yield from _report(newly_blocked(before, after, asked), asked, names, wanted.days)


def steady(document: Document) -> Document:
    """Return the policy without its windows."""
    profiles = {
        profile_id: profile.model_copy(update={"windows": ()})
        for profile_id, profile in document.profiles.items()
    }
    return document.model_copy(update={"profiles": profiles})


def with_list_tried(document: Document) -> Document:
    """Return the policy with the list tried in a category of its own that all profiles block.

    Such a document is for deciding only: it would not be let into the store.
    """
    listed = ListSource.model_construct(category=TRIED, file=TRIED)
    profiles: Mapping[str, Profile] = {
        profile_id: profile.model_copy(
            update={"blocked_categories": (*profile.blocked_categories, TRIED)}
        )
        for profile_id, profile in document.profiles.items()
    }
    lists = {**document.lists, TRIED: listed}
    return document.model_copy(update={"lists": lists, "profiles": profiles})


def newly_blocked(
    before: Policy, after: Policy, asked: tuple[AskedName, ...]
) -> list[NewlyBlocked]:
    """Return the names that ``after`` blocks and ``before`` does not, the most asked first."""
    now = datetime.fromtimestamp(time.time(), UTC)
    found: dict[str, NewlyBlocked] = {}
    for each in asked:
        if each.profile not in after.document.profiles:
            continue  # the log is older than the policy
        question = Question(each.name, A, IN)
        subject = after.client_of(each.profile).subject
        table = after.table(subject, now)
        verdict = table.decide(question)
        # A name that is answered with something else is as gone as a blocked one.
        if _is_open(verdict) or not _is_open(before.table(subject, now).decide(question)):
            continue
        matched = table.named(each.name, A, verdict).matched
        blocked = found.setdefault(each.name, NewlyBlocked(each.name, matched))
        blocked.queries += each.queries
        blocked.profiles.append(each.profile)
    return sorted(found.values(), key=lambda blocked: (-blocked.queries, blocked.name))


def _is_open(verdict: Verdict) -> bool:
    return verdict.action is Action.ALLOW


def _read(config_path: Path, layout: Layout, document: Document, wanted: Wanted) -> Parsed:
    listed = _as_listed(wanted)
    try:
        if wanted.place.lower().startswith(("http://", "https://")):
            resolve = resolve_by(document, read_config(config_path).listen.dns)
            with TemporaryDirectory() as folder:
                path = Path(folder) / "tried"
                with path.open("wb") as file:
                    fetch(TRIED, wanted.place, file, limits=limits_of(listed), resolve=resolve)
                text = read_text(layout, TRIED, listed, path)
        else:
            text = read_text(layout, TRIED, listed, Path(wanted.place))
    except ListError as error:
        raise TrialError(f"{wanted.place}: {error.what}") from error
    found = read(TRIED, listed, text)
    if found.parsed is None:
        raise TrialError(f"{wanted.place}: {found.facts.problem}")
    return found.parsed


def _as_listed(wanted: Wanted) -> ListSource:
    """Return the list as a policy would have it.  Raises TrialError where it would be refused."""
    listed = {"category": ALWAYS_ALLOW, "file": TRIED, "format": wanted.form, "match": wanted.match}
    try:
        return ListSource.model_validate(listed)
    except ValidationError as error:
        problem = problems_of(error, "", lambda _: None)[0]
        raise TrialError(f"--{problem.path}: {problem.what} ({problem.right})") from None


def _about(layout: Layout, document: Document, parsed: Parsed, extra: Index) -> Iterator[str]:
    yield f"{parsed.rules:,} rules in the {parsed.format} format"
    if parsed.complaint_count:
        yield f"{parsed.complaint_count:,} lines are left out:"
        for complaint in parsed.complaints[:_COMPLAINTS]:
            yield f"  line {complaint.line}, {complaint.text!r}: {complaint.why}"
    hits = Sayings(extra, kept_names(layout, document)).hits(TRIED, TRIED)
    if hits.opens:
        yield f"holds names that stay open, whatever it says: {', '.join(hits.opens)}"
    if hits.closes:
        yield f"holds names that nobody should close: {', '.join(hits.closes)}"


def _report(
    found: list[NewlyBlocked],
    asked: tuple[AskedName, ...],
    profiles: Mapping[str, str],
    days: int,
) -> Iterator[str]:
    names = len({each.name for each in asked})
    span = "day" if days == 1 else f"{days} days"
    if not asked:
        yield f"no name was logged in the last {span}"
        return
    if not found:
        yield f"of {names:,} names asked for in the last {span} it would newly block none"
        return
    queries = sum(blocked.queries for blocked in found)
    yield (
        f"of {names:,} names asked for in the last {span} it would newly block {len(found):,}, "
        f"asked for {queries:,} times; the most asked first:"
    )
    for blocked in found[:_SHOWN]:
        whose = ", ".join(profiles[profile] for profile in sorted(set(blocked.profiles)))
        rule = f", by the rule for {blocked.matched}" if blocked.matched != blocked.name else ""
        yield f"{blocked.queries:>8,}  {blocked.name}  ({whose}){rule}"
    if len(found) > _SHOWN:
        yield f"{'...':>8}  and {len(found) - _SHOWN:,} more"
