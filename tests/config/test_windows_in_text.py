"""Every fault in a window is said with its line, its path and what would be right."""

from collections.abc import Callable

import pytest

from filterd.errors import Problem

IN_SANA = "profiles.sana"
WINDOW = f"{IN_SANA}.windows[0]"

# Lines added below the small policy of conftest, which begin in line 6: wrong ones, and their
# twins put right.
TWINS = [
    pytest.param(
        '    windows:\n      - {name: B, mode: essentials, start: 1290, end: "07:00"}\n',
        7,
        f"{WINDOW}.start",
        "1290 is not a time",
        '"21:30"',
        '    windows:\n      - {name: B, mode: essentials, start: 21:30, end: "07:00"}\n',
        id="a time as other YAML readers understand it",
    ),
    pytest.param(
        "    windows:\n      - name: B\n        mode: essentials\n        start: 9:30\n        end: 10:00\n",
        9,
        f"{WINDOW}.start",
        '"9:30" is not a time',
        'write "09:30"',
        "    windows:\n      - name: B\n        mode: essentials\n        start: 09:30\n        end: 10:00\n",
        id="a time without its zero",
    ),
    pytest.param(
        '    windows: [{name: B, mode: essentials, start: 21.30, end: "22:00"}]\n',
        6,
        f"{WINDOW}.start",
        '"21.30" is not a time',
        'write "21:30"',
        '    windows: [{name: B, mode: essentials, start: "21:30", end: "22:00"}]\n',
        id="a time with a point",
    ),
    pytest.param(
        '    windows: [{name: B, mode: essentials, start: "21:00", end: "24:00"}]\n',
        6,
        f"{WINDOW}.end",
        '"24:00" is not a time',
        'write "00:00" for midnight',
        '    windows: [{name: B, mode: essentials, start: "21:00", end: "00:00"}]\n',
        id="midnight at the end of a day",
    ),
    pytest.param(
        '    windows: [{name: B, mode: essentials, start: "21:60", end: "22:00"}]\n',
        6,
        f"{WINDOW}.start",
        '"21:60" is not a time',
        'from "00:00" to "23:59"',
        '    windows: [{name: B, mode: essentials, start: "21:59", end: "22:00"}]\n',
        id="a minute that no hour has",
    ),
    pytest.param(
        '    windows: [{name: B, mode: essentials, start: 1440, end: "22:00"}]\n',
        6,
        f"{WINDOW}.start",
        "1440 is not a time",
        "in quotes",
        '    windows: [{name: B, mode: essentials, start: "14:40", end: "22:00"}]\n',
        id="a number that is no minute of a day",
    ),
    pytest.param(
        '    windows: [{name: B, mode: essentials, start: "21:00"}]\n',
        6,
        f"{WINDOW}.start",
        "there is no end",
        "write end as well, or leave both out",
        "    windows: [{name: B, mode: essentials}]\n",
        id="a window without an end",
    ),
    pytest.param(
        '    windows: [{name: B, mode: essentials, end: "21:00"}]\n',
        6,
        f"{WINDOW}.end",
        "there is no start",
        "write start as well, or leave both out",
        "    windows: [{name: B, mode: essentials, start: null, end: null}]\n",
        id="a window without a start",
    ),
    pytest.param(
        '    windows:\n      - name: B\n        mode: essentials\n        start: "07:00"\n        end: 07:00\n',
        10,
        f"{WINDOW}.end",
        "is the same time as start",
        "leave both out for the whole day",
        '    windows:\n      - name: B\n        mode: essentials\n        start: "07:00"\n        end: 06:59\n',
        id="a window of no length",
    ),
    pytest.param(
        "    windows:\n      - {name: B, mode: only}\n",
        7,
        WINDOW,
        "mode only says nothing to leave open",
        "categories: [...] or names: [...]",
        "    windows:\n      - {name: B, mode: only, names: [a.example]}\n",
        id="a mode that opens nothing",
    ),
    pytest.param(
        "    windows:\n      - {name: B, mode: block, names: []}\n",
        7,
        WINDOW,
        "mode block says nothing to block",
        "categories: [...] or names: [...]",
        "    windows:\n      - {name: B, mode: block, categories: [games]}\n",
        id="a mode that blocks nothing",
    ),
    pytest.param(
        "    windows:\n      - {name: B, mode: open}\n",
        7,
        WINDOW,
        "says no category to open",
        "categories: [...]",
        "    windows:\n      - {name: B, mode: open, categories: [games]}\n",
        id="open without categories",
    ),
    pytest.param(
        "    windows:\n      - name: B\n        mode: open\n        categories: [games]\n        names: [a.example]\n",
        10,
        f"{WINDOW}.names",
        "opens categories, not names",
        "allowed_names",
        "    windows:\n      - name: B\n        mode: open\n        categories: [games]\n        names: []\n",
        id="open with names",
    ),
    pytest.param(
        "    windows: [{name: B, mode: essentials, categories: [games]}]\n",
        6,
        f"{WINDOW}.categories",
        "leaves only essentials open",
        "mode: only",
        "    windows: [{name: B, mode: only, categories: [games]}]\n",
        id="essentials with categories",
    ),
    pytest.param(
        "    windows: [{name: B, mode: essential}]\n",
        6,
        f"{WINDOW}.mode",
        '"essential" is not known here',
        "did you mean essentials?",
        "    windows: [{name: B, mode: essentials}]\n",
        id="an unknown mode",
    ),
    pytest.param(
        "    windows:\n      - name: B\n        days: [mon]\n",
        7,
        f"{WINDOW}.mode",
        "is missing",
        "essentials, only, block or open",
        "    windows:\n      - name: B\n        days: [mon]\n        mode: essentials\n",
        id="a window without a mode",
    ),
    pytest.param(
        "    windows: [{name: B, mode: essentials, days: [fri, Saturday]}]\n",
        6,
        f"{WINDOW}.days[1]",
        '"Saturday" is not known here',
        "did you mean sat?",
        "    windows: [{name: B, mode: essentials, days: [fri, sat]}]\n",
        id="a day by its long name",
    ),
    pytest.param(
        "    windows: [{name: B, mode: essentials, days: []}]\n",
        6,
        f"{WINDOW}.days",
        "is an empty list",
        "leave it out for every day",
        "    windows: [{name: B, mode: essentials}]\n",
        id="no days",
    ),
    pytest.param(
        "    windows:\n      - {name: B, mode: essentials}\n      - mode: essentials\n        name: B\n",
        9,
        f"{IN_SANA}.windows[1].name",
        'already has a window called "B"',
        "another name",
        "    windows:\n      - {name: B, mode: essentials}\n      - mode: essentials\n        name: C\n",
        id="two windows of one name",
    ),
    pytest.param(
        "    windows: [{name: B, mode: open, categories: [csam-illegal]}]\n",
        6,
        f"{WINDOW}.categories[0]",
        "csam-illegal is the same for everybody",
        "take it out",
        "    windows: [{name: B, mode: open, categories: [social]}]\n",
        id="a window that opens what nobody may open",
    ),
]


@pytest.mark.parametrize(("wrong", "line", "path", "what", "right", "put_right"), TWINS)
def test_a_fault_has_its_line_its_path_and_what_is_right(
    wrong: str,
    line: int,
    path: str,
    what: str,
    right: str,
    put_right: str,
    policy_text: str,
    policy_problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    (problem,) = policy_problems(policy_text + wrong)
    assert (problem.file, problem.line, problem.path) == ("policy.yaml", line, path)
    assert what in problem.what
    assert right in problem.right
    assert policy_problems(policy_text + put_right) == ()
