"""The core that runs is the one that was asked for, and was built from the sources that lie here."""

import importlib.util
import os
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from filterd.lists import core

REPO = Path(__file__).parents[2]
NATIVE = REPO / "filterd" / "lists" / "_native"
PARTS = sorted(NATIVE.glob("*.pyx"))
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


def test_the_core_that_this_run_is_for_is_loaded() -> None:
    """``FILTERD_CORE`` is read here only: it chooses nothing, it says what must have happened."""
    wanted = os.environ.get("FILTERD_CORE")
    if wanted is None:
        pytest.skip("no core was asked for (FILTERD_CORE=native or python)")
    assert wanted == core.CORE, (
        f"FILTERD_CORE={wanted}, but the core is {core.CORE} ({why_not() or 'it was built'}). "
        "The compiled core needs gcc and the headers of C and Python when filterd is installed "
        "(Debian: gcc libc6-dev python3-dev), then: make clean test"
    )


@pytest.mark.parametrize("part", [path.stem for path in PARTS])
def test_no_part_of_the_compiled_core_is_older_than_its_sources(part: str) -> None:
    if core.CORE == "python":
        pytest.skip(f"the compiled core is not loaded: {why_not()}")
    compiled = import_module(f"filterd.lists._native.{part}")
    assert setup_script().digest() == compiled.SOURCES, "stale: make test builds it again"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_page_of_it_can_be_read_in_one_sitting_and_says_what_it_may_touch(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_PAGE
    assert "May touch:" in text[:1000]


@pytest.mark.parametrize("part", [path.stem for path in PARTS])
def test_every_part_has_its_types(part: str) -> None:
    assert (NATIVE / f"{part}.pyi").is_file()
