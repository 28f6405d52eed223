"""The policy in force: a document, its lists and its overrides, compiled into one value.

What a document could not know to be wrong is refused here, so that decisions never raise.  A
policy is replaced as a whole; what it remembers between questions cannot go stale.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from filterd.config.document import Document
from filterd.errors import ConfigError, Problem
from filterd.lists.category import ESSENTIALS, FIXED
from filterd.policy import override, profile
from filterd.policy.askers import asker_of
from filterd.policy.client import Client, Devices
from filterd.policy.conditions import conditions_of
from filterd.policy.listed import Listed, Sources
from filterd.policy.moment import Moment, moment_at
from filterd.policy.overlay import Overlay, Typed
from filterd.policy.override import Override
from filterd.policy.profile import Rules
from filterd.policy.table import Knowledge, MomentTable

# One house has tens of clients, a school hundreds; but an IPv6 client may change its address at
# will, and what it can make us remember must end somewhere.
_MAX_CLIENTS = 4096
# Nor may it make us remember a table for every set of a list's rules that it can fall under.
_MAX_TABLES = 1024

# Stands in no id; behind it, which of the lists' rules for some clients are for this subject.
_TRAITS = "#"


class Policy:
    """One compiled policy.

    ``build`` is the index's.  Subjects are made by ``client`` and ``client_of`` and belong to
    this very policy.  Threads may share it: at worst something is worked out twice.
    """

    def __init__(
        self,
        document: Document,
        version: int,
        index: Listed,
        overrides: tuple[Override, ...],
        newest: datetime | None,
    ) -> None:
        self.document = document
        self.version = version
        self.build = index.build
        self.overrides = overrides
        self._newest = newest
        self._rules = {
            profile_id: profile.compile_profile(
                profile_id, settings, ZoneInfo(settings.zone or document.zone)
            )
            for profile_id, settings in document.profiles.items()
        }
        self._conditions = conditions_of(index, used_sources(document, overrides))
        self.knowledge = Knowledge(
            index,
            _sources(document),
            Overlay(_typed(self._rules.values(), overrides)),
            self._conditions,
        )
        self._devices = Devices(document.devices)
        self._overrides_of = self._gather_overrides()
        self._clients: dict[tuple[str, str | None], Client] = {}
        self._tables: dict[str, MomentTable] = {}
        self._coming: dict[str, MomentTable] = {}

    @property
    def left_out(self) -> Mapping[str, int]:
        """How many rules of a list are not applied, being more than can be looked at."""
        return {} if self._conditions is None else self._conditions.rulebook.left_out

    def _gather_overrides(self) -> dict[str, tuple[Override, ...]]:
        """Return each subject's overrides: one subject a profile, one a device that has its own."""
        subjects = {profile_id: (profile_id, "") for profile_id in self._rules}
        for exception in self.overrides:
            if exception.device:
                whose = (exception.profile, exception.device)
                subjects[_device_subject(*whose)] = whose
        return {
            subject: tuple(exception for exception in self.overrides if exception.concerns(*whose))
            for subject, whose in subjects.items()
        }

    def client(self, address: str, mac: str | None) -> Client:
        """Tell who asks from this address; ``mac`` None when it is not known.

        A client that is no device of the house is a new one and has the default profile.
        """
        key = (address, mac)
        client = self._clients.get(key)
        if client is None:
            client = self._recognise(address, mac)
            if len(self._clients) >= _MAX_CLIENTS:
                self._clients = {}
            self._clients[key] = client
        return client

    def _recognise(self, address: str, mac: str | None) -> Client:
        match = self._devices.find(address, mac)
        if match is None:
            profile_id = self.document.default_profile
            subject = self._subject(profile_id, "", address, mac)
            return Client(address, mac, "", profile_id, "", subject)
        profile_id = self.document.devices[match.device_id].profile
        subject = self._subject(profile_id, match.device_id, address, mac)
        return Client(address, mac, match.device_id, profile_id, match.matched, subject)

    def client_of(self, profile_id: str, device_id: str = "") -> Client:
        """Return a client of this profile, or the device: to ask what holds without an address.

        A device is taken to have the address and MAC that its owner knows it by.
        Raises KeyError when there is no such profile.
        """
        if profile_id not in self._rules:
            raise KeyError(profile_id)
        subject = self._subject(profile_id, device_id, "", None)
        return Client("", None, device_id, profile_id, "", subject)

    def _subject(self, profile_id: str, device_id: str, address: str, mac: str | None) -> str:
        subject = _device_subject(profile_id, device_id)
        if subject not in self._overrides_of:
            subject = profile_id
        if self._conditions is None or not self._conditions.rulebook.askers:
            return subject
        is_filtered = self.document.profiles[profile_id].filtering
        device = self.document.devices.get(device_id)
        asker = asker_of(address, mac, device_id, device, is_filtered=is_filtered)
        return f"{subject}{_TRAITS}{self._conditions.rulebook.askers.traits(asker):x}"

    def subject(self, address: str, mac: str | None) -> str:
        """Return the key of what holds for this client; clients with one key are treated alike."""
        return self.client(address, mac).subject

    def moment(self, subject: str, now: datetime) -> Moment:
        """Return what holds for a subject at ``now`` (aware UTC), and until when."""
        whose, _, traits = subject.partition(_TRAITS)
        rules = self._rules[whose.partition("/")[0]]
        moment = moment_at(rules, self._overrides_of[whose], now, self._newest)
        return replace(moment, traits=int(traits, 16)) if traits else moment

    def table(self, subject: str, now: datetime) -> MomentTable:
        """Return the subject's table for ``now`` (aware UTC); a dict look-up while it holds."""
        table = self._tables.get(subject)
        if table is None or not table.holds(now):
            coming = self._coming.pop(subject, None)
            is_it = coming is not None and coming.holds(now)
            table = coming if coming is not None and is_it else self._new_table(subject, now)
            if len(self._tables) >= _MAX_TABLES:
                self._tables = {}
            self._tables[subject] = table
        return table

    def coming_table(self, subject: str, edge: datetime) -> MomentTable:
        """Return the table for an instant to come; from then on ``table`` returns the same.

        ``edge`` is when the subject's present table ends; that one stays what it is.
        """
        coming = self._coming.get(subject)
        if coming is None or not coming.holds(edge):
            coming = self._new_table(subject, edge)
            if len(self._coming) >= _MAX_TABLES:
                self._coming = {}
            self._coming[subject] = coming
        return coming

    def _new_table(self, subject: str, since: datetime) -> MomentTable:
        moment = self.moment(subject, since)
        return MomentTable(self.knowledge, moment, since, (self.build, self.version))


def compile_policy(
    document: Document,
    version: int,
    index: Listed,
    overrides: tuple[Override, ...] = (),
    newest: datetime | None = None,
) -> Policy:
    """Compile one version of the document over an index of its lists.

    ``overrides`` may hold ended and coming ones, and such for profiles and devices that are gone:
    these say nothing.  ``newest`` is the newest time ever stored (aware UTC): before it the clock
    is taken to be wrong, so leave it out to ask about another time than now.
    Raises ConfigError for a time zone this machine does not know; all else a document checks.
    """
    problems = list(_problems(document))
    if problems:
        raise ConfigError(problems)
    return Policy(document, version, index, overrides, newest)


def _device_subject(profile_id: str, device_id: str) -> str:
    # Neither id has a slash in it.
    return f"{profile_id}/{device_id}"


def _sources(document: Document) -> Sources:
    lists = document.lists.items()
    return Sources(
        {source: entry.category for source, entry in lists},
        frozenset(source for source, entry in lists if entry.exceptions == "everywhere"),
    )


def used_sources(document: Document, overrides: Iterable[Override]) -> tuple[str, ...]:
    """Return the lists whose word can matter to anybody, in the document's order.

    That is those of a category that a filtering profile, a window or a grant speaks of, of the
    categories that hold for everybody, and those whose exceptions reach into every category.
    """
    categories = {*FIXED, ESSENTIALS}
    for settings in document.profiles.values():
        if settings.filtering:
            categories.update(settings.blocked_categories, settings.allowed_categories)
            categories.update(*(window.categories for window in settings.windows))
    categories.update(*(exception.categories for exception in overrides))
    return tuple(
        source
        for source, entry in document.lists.items()
        if entry.category in categories or entry.exceptions == "everywhere"
    )


def _typed(rules: Iterable[Rules], overrides: Iterable[Override]) -> Iterator[Typed]:
    for one in rules:
        yield from profile.typed_names(one)
    yield from override.typed_names(overrides)


def _problems(document: Document) -> Iterator[Problem]:
    """Yield the zones that the machine which saved the document knew and this one does not."""
    zones = {"zone": document.zone} | {
        f"profiles.{profile_id}.zone": settings.zone
        for profile_id, settings in document.profiles.items()
        if settings.zone is not None
    }
    for path, zone in zones.items():
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # A folder of zones ("Europe") is an OSError, a path that climbs a ValueError.
            what = f"this machine knows no time zone {zone!r}"
            yield Problem("the policy", None, path, what, "write another, or install tzdata")
