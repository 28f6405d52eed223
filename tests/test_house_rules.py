"""The rules of the house that no linter counts."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
SOURCES = sorted(
    path
    for room in ("filterd", "admin_ui", "blocklists")
    for path in (REPO / room).rglob("*.py")
    if "migrations" not in path.parts  # a schema is one long declaration
)

COMPILED = sorted((REPO / "filterd").rglob("*.p[yx][xd]"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPO)))
def test_a_file_can_be_read_in_one_sitting_and_a_function_on_one_screen(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    long = [
        f"{function.name}: {function.end_lineno - function.lineno + 1} lines"
        for function in functions(path)
        if function.end_lineno - function.lineno >= LONGEST_FUNCTION
    ]
    assert long == []
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), "what does it hold?"


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: str(path.relative_to(REPO)))
def test_a_compiled_part_is_as_short_and_says_what_it_is(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_FILE
    first = next(line for line in lines if not line.startswith("# cython:"))
    assert first.startswith(("# ", '"""')), "what does it hold, and what may it touch?"


def test_the_tree_holds_no_file_of_this_machine_or_of_others() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is not a git checkout")
    for name in listed.stdout.splitlines():
        assert not name.endswith((".mo", ".so", ".min.js", ".woff2", "uv.lock")), name
