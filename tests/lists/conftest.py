"""What the tests of this room share: a key, the cores, and the real lists beside the repository."""

import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from built import built

from filterd.lists import _python
from filterd.lists import core as core_in_force

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def key() -> bytes:
    """The key of the published SipHash vectors: 00 01 02 ... 0f."""
    return bytes(range(16))


@pytest.fixture(scope="module", params=["native", "python"])
def core(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """Each core in turn, in force for the tests that ask for it."""
    module = _python if request.param == "python" else built("filterd.lists._native")
    with pytest.MonkeyPatch.context() as patch:
        for name in _python.__all__:
            patch.setattr(core_in_force, name, getattr(module, name))
        yield module


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real lists; not part of the repository."""
    if not (SHARED / "counts.json").is_file():
        pytest.skip("the real lists (../shared/data) are not beside this clone")
    return SHARED


@pytest.fixture(scope="session")
def unpacked(shared: Path) -> Callable[[str], bytes]:
    """Return the bytes of a packed file of the shared folder."""
    return lambda path: lzma.decompress((shared / path).read_bytes())


@pytest.fixture(scope="session")
def counts(shared: Path) -> dict[str, dict[str, Any]]:
    """The independent count of each list, by file."""
    return {row["file"]: row for row in json.loads((shared / "counts.json").read_text())}


@pytest.fixture(scope="session")
def tranco(unpacked: Callable[[str], bytes]) -> dict[str, int]:
    """Rank of each registrable name in the Tranco top 100,000."""
    lines = unpacked("rankings/tranco-top100k-2026-08.txt.xz").decode().split()
    return {name: rank for rank, name in enumerate(lines, 1)}


@pytest.fixture(scope="session")
def umbrella(unpacked: Callable[[str], bytes]) -> frozenset[str]:
    """The 100,000 names most asked for over DNS, subdomains included."""
    return frozenset(unpacked("rankings/umbrella-top100k-2026-07.txt.xz").decode().split())
