"""The core that runs is the one that was asked for, and was built from the sources that lie here."""

import importlib.util
import os
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from built import built

from filterd.lists import core
from filterd.service import core as service_core

REPO = Path(__file__).parents[2]
NATIVE = REPO / "filterd" / "lists" / "_native"
FAST = REPO / "filterd" / "fast"
PARTS = sorted(NATIVE.glob("*.pyx"))
ALL = [path.relative_to(REPO) for room in (NATIVE, FAST) for path in sorted(room.glob("*.pyx"))]
PAGES = sorted([*PARTS, *NATIVE.glob("*.pxd")])
LONGEST_PAGE = 400


def why_not() -> str:
    """Return what importing the compiled core says."""
    try:
        import_module("filterd.lists._native")
    except ImportError as error:
        return str(error)
    return ""


def setup_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup", REPO / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.mark.parametrize("whose", [core, service_core], ids=["look-ups", "answers"])
def test_the_core_that_this_run_is_for_is_loaded(whose: ModuleType) -> None:
    """``FILTERD_CORE`` chooses nothing: it says what must have happened (``built`` reads it, too)."""
    wanted = os.environ.get("FILTERD_CORE")
    if wanted is None:
        pytest.skip("no core was asked for (FILTERD_CORE=native or python)")
    assert wanted == whose.CORE, (
        f"FILTERD_CORE={wanted}, but the core is {whose.CORE} ({why_not() or 'it was built'}). "
        "The compiled core needs gcc and the headers of C and Python when filterd is installed "
        "(Debian: gcc libc6-dev python3-dev), then: make clean test"
    )


@pytest.mark.parametrize("part", ALL, ids=str)
def test_every_part_of_the_compiled_core_is_here(part: Path) -> None:
    assert built(".".join(part.with_suffix("").parts)).__file__.endswith((".so", ".pyd"))


@pytest.mark.parametrize("part", [path.stem for path in PARTS])
def test_no_part_of_the_compiled_core_is_older_than_its_sources(part: str) -> None:
    compiled = built(f"filterd.lists._native.{part}")
    assert setup_script().digest() == compiled.SOURCES, "stale: make test builds it again"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_page_of_it_can_be_read_in_one_sitting_and_says_what_it_may_touch(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_PAGE
    assert "May touch:" in text[:1000]


@pytest.mark.parametrize("part", [path.stem for path in PARTS])
def test_every_part_has_its_types(part: str) -> None:
    assert (NATIVE / f"{part}.pyi").is_file()
