"""What the tests of this room share: the curated lists, and the real data beside the repository."""

import importlib.resources
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from filterd.config.catalogue import Service, load_services
from filterd.lists import formats
from filterd.lists.category import ALWAYS_ALLOW, ESSENTIALS
from filterd.lists.parsed import each_name

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
FOLDER = importlib.resources.files("blocklists")
OPEN = frozenset({ALWAYS_ALLOW, ESSENTIALS, "learning"})


@pytest.fixture(scope="session")
def curated() -> dict[str, frozenset[str]]:
    """The names of each curated list, by the category that is also its file's name."""
    return {
        file.name.removesuffix(".txt"): frozenset(
            name
            for names in formats.parse(file.name, file.read_bytes(), "domains").names.values()
            for name in each_name(names)
        )
        for file in FOLDER.iterdir()
        if file.name.endswith(".txt")
    }


@pytest.fixture(scope="session")
def blocked(curated: dict[str, frozenset[str]]) -> dict[str, str]:
    """Each name of a list that closes something, and its category."""
    return {name: each for each in sorted(curated.keys() - OPEN) for name in curated[each]}


@pytest.fixture(scope="session")
def opened(curated: dict[str, frozenset[str]]) -> dict[str, str]:
    """Each name of a list that opens something, and its category."""
    return {name: each for each in sorted(OPEN) for name in curated[each]}


@pytest.fixture(scope="session")
def services() -> dict[str, Service]:
    """Every service, by id."""
    text = (FOLDER / "services.yaml").read_text("utf-8")
    return load_services(text, "services.yaml").services


@pytest.fixture(scope="session")
def covering() -> Callable[[str, dict[str, str]], str | None]:
    """Return a function: what covers a name, the name itself or a parent of it."""

    def find(name: str, names: dict[str, str]) -> str | None:
        labels = name.split(".")
        parents = (".".join(labels[at:]) for at in range(len(labels)))
        return next((parent for parent in parents if parent in names), None)

    return find


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real lists; not part of the repository."""
    if not (SHARED / "counts.json").is_file():
        pytest.skip("the real lists (../shared/data) are not beside this clone")
    return SHARED


@pytest.fixture(scope="session")
def unpacked(shared: Path) -> Callable[[str], str]:
    """Return the text of a packed file of the shared folder."""
    return lambda path: lzma.decompress((shared / path).read_bytes()).decode("utf-8", "replace")


@pytest.fixture(scope="session")
def table(shared: Path) -> list[dict[str, Any]]:
    """Our table of services, their names, and where each name was seen."""
    rows: list[dict[str, Any]] = json.loads(
        (shared / "services" / "service-domains.json").read_text()
    )
    return rows


@pytest.fixture(scope="session")
def tranco(unpacked: Callable[[str], str]) -> dict[str, int]:
    """Rank of each registrable name in the Tranco top 100,000."""
    lines = unpacked("rankings/tranco-top100k-2026-08.txt.xz").split()
    return {name: rank for rank, name in enumerate(lines, 1)}


@pytest.fixture(scope="session")
def umbrella(unpacked: Callable[[str], str]) -> frozenset[str]:
    """The 100,000 names most asked for over DNS, subdomains included."""
    return frozenset(unpacked("rankings/umbrella-top100k-2026-07.txt.xz").split())
