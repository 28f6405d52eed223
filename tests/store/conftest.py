"""A prepared state folder, a small policy, and one log record to vary."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from filterd.config.document import Document, Profile
from filterd.resolve.record import Origin, Record
from filterd.store.guardians import Guardians
from filterd.store.log import LogReader
from filterd.store.logwriter import LogWriter
from filterd.store.policy import PolicyStore
from filterd.store.schema import upgrade

NOW = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a state folder as the first start leaves it; to be copied, never used."""
    folder = tmp_path_factory.mktemp("fresh")
    upgrade(folder)
    return folder


@pytest.fixture
def state(fresh: Path, tmp_path: Path) -> Path:
    shutil.copytree(fresh, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def document_called() -> Callable[[str], Document]:
    """Make a document that differs from others by its profile's name."""

    def make(name: str) -> Document:
        return Document(
            zone="Asia/Karachi", profiles={"sana": Profile(name=name)}, default_profile="sana"
        )

    return make


@pytest.fixture
def store(state: Path) -> Iterator[PolicyStore]:
    store = PolicyStore(state / "policy.db")
    yield store
    store.close()


@pytest.fixture
def guardians(state: Path) -> Iterator[Guardians]:
    guardians = Guardians(state / "policy.db")
    yield guardians
    guardians.close()


@pytest.fixture
def writer(state: Path) -> Iterator[LogWriter]:
    writer = LogWriter(state / "log.db")
    yield writer
    writer.close()


@pytest.fixture
def reader(state: Path) -> Iterator[LogReader]:
    reader = LogReader(state / "log.db")
    yield reader
    reader.close()


@pytest.fixture
def asked() -> Record:
    """A blocked query at NOW, to be varied with ``_replace``."""
    return Record(
        at=NOW.timestamp(),
        address="192.0.2.7",
        name="www.casino.example",
        qtype=1,
        profile="sana",
        action="block",
        reason="category",
        category="gambling",
        source="ut1",
        matched="casino.example",
        detail="",
        version=3,
        build="b1",
        rcode=0,
        origin=Origin.OURSELVES,
        took_us=42,
    )
