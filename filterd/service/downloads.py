"""One round of downloads, in which every address is asked once, whoever wants what is there.

Lists that are parts of one archive share it.  What came lies aside until the round is over; what
becomes of it is ``fetching``'s.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from filterd.config.document import ListSource
from filterd.errors import ListError
from filterd.net.fetch import NO_VALIDATORS, Fetched, Limits, NotModified, Validators, fetch
from filterd.net.lookup import Resolve
from filterd.service.files import aside_of, writing_aside
from filterd.service.layout import Layout
from filterd.service.manifest import Copy
from filterd.service.texts import limits_of


@dataclass(frozen=True, slots=True)
class Wish:
    """One list that is to be asked for; ``newest`` is what this house has of it, if anything."""

    listed: ListSource
    newest: Copy | None


@dataclass(frozen=True, slots=True)
class Came:
    """What an address gave: a whole text, or archive, at ``path`` until the round is over."""

    path: Path
    copy: Copy


@dataclass(slots=True)
class Round:
    """Use as a context: at its end all that was not put in place is gone.

    ``most`` bounds every download further, for tests and small machines.
    """

    layout: Layout
    wishes: Iterable[Wish]
    resolve: Resolve | None
    most: Limits
    _given: dict[str, Came | NotModified | ListError | OSError] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for given in self._given.values():
            if isinstance(given, Came):
                given.path.unlink(missing_ok=True)

    def ask(self, source: str, address: str) -> Came | NotModified:
        """Return what the server has, or that all who wish for it have the newest.

        Raises ListError when it has nothing good, OSError when it cannot be stored; to all who
        ask for the same address in this round.
        """
        if address not in self._given:
            try:
                self._given[address] = self._fetch(source, address)
            except (ListError, OSError) as error:
                self._given[address] = error
        given = self._given[address]
        if isinstance(given, ListError):
            raise ListError(source, given.what)
        if isinstance(given, OSError):
            raise given
        return given

    def _fetch(self, source: str, address: str) -> Came | NotModified:
        wishes = [wish for wish in self.wishes if address in wish.listed.addresses]
        place = self.layout.downloads / f"{len(self._given)}.came"
        limits = self._limits(wishes)
        with writing_aside(place) as file:
            known = _shared(wishes, address)
            got = fetch(source, address, file, known, limits=limits, resolve=self.resolve)
        path = aside_of(place)
        if isinstance(got, Fetched):
            named = got.validators
            return Came(path, Copy(address, got.digest, named.etag, named.last_modified))
        path.unlink()
        return got

    def _limits(self, wishes: list[Wish]) -> Limits:
        wanted = [limits_of(wish.listed) for wish in wishes]
        return Limits(
            size_bytes=min(max(each.size_bytes for each in wanted), self.most.size_bytes),
            total_s=min(max(each.total_s for each in wanted), self.most.total_s),
        )


def _shared(wishes: Iterable[Wish], address: str) -> Validators:
    """Return what the server called the copy that all who wish for it have, if they have one."""
    called = {_called(wish.newest, address) for wish in wishes}
    return called.pop() if len(called) == 1 else NO_VALIDATORS


def _called(copy: Copy | None, address: str) -> Validators:
    if copy is None or copy.address != address:
        return NO_VALIDATORS
    return Validators(copy.etag, copy.last_modified)
