"""What is written in YAML is what is meant, for both of PyYAML's parsers."""

from pathlib import Path
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from filterd.config import yaml as strict
from filterd.config.yaml import read_yaml
from filterd.errors import ConfigError, Problem

PARSERS = [
    pytest.param(pyyaml.SafeLoader, id="python"),
    pytest.param(
        getattr(pyyaml, "CSafeLoader", None),
        id="libyaml",
        marks=pytest.mark.skipif(
            not pyyaml.__with_libyaml__, reason="this PyYAML was built without libyaml"
        ),
    ),
]


@pytest.fixture(params=PARSERS)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict, "LOADER", request.param)


both_parsers = pytest.mark.usefixtures("_parser")


def all_problems(text: str) -> list[Problem]:
    try:
        return read_yaml(text, "f.yaml").problems
    except ConfigError as error:
        return list(error.problems)


@both_parsers
@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param("21:30", "21:30", id="not 1290, a number in base 60"),
        pytest.param("190:20:30", "190:20:30", id="not 685230"),
        pytest.param("no", "no", id="not false"),
        pytest.param("NO", "NO", id="Norway"),
        pytest.param("on", "on", id="not true"),
        pytest.param("y", "y", id="a letter"),
        pytest.param("010", "010", id="not 8"),
        pytest.param("0x1F", "0x1F", id="not 31"),
        pytest.param("1_000", "1_000", id="not a thousand"),
        pytest.param("2026-01-01", "2026-01-01", id="not a date"),
        pytest.param("1.5", "1.5", id="no setting has a fraction"),
        pytest.param(".inf", ".inf", id="not infinity"),
        pytest.param("=a.example", "=a.example", id="an equals sign"),
        pytest.param("9" * 30, "9" * 30, id="digits of a serial number"),
        pytest.param("0", 0, id="zero"),
        pytest.param("60", 60, id="a number"),
        pytest.param("-1", -1, id="a negative number"),
        pytest.param('"60"', "60", id="a quoted number is text"),
        pytest.param("'true'", "true", id="a quoted true is text"),
        pytest.param("true", True, id="true"),
        pytest.param("False", False, id="False"),
        pytest.param("null", None, id="null"),
        pytest.param("~", None, id="a tilde"),
        pytest.param("", None, id="nothing"),
        pytest.param('""', "", id="an empty text"),
        pytest.param("[a, b]", ["a", "b"], id="a list"),
        pytest.param("{no: 1, 2: x, null: y}", {"no": 1, "2": "x", "null": "y"}, id="text keys"),
        pytest.param("|\n  a\n  b\n", "a\nb\n", id="a block of text"),
    ],
)
def test_a_value_means_what_it_says(written: str, value: object) -> None:
    read = read_yaml(f"key: {written}\n", "f.yaml")
    assert read.data == {"key": value}
    assert type(read.data["key"]) is type(value)
    assert not read.problems


@both_parsers
def test_every_path_has_its_line() -> None:
    read = read_yaml("# a comment\na:\n  b:\n    - x\n\n    - {c: 1,\n       d: 2}\n", "f.yaml")
    assert read.data == {"a": {"b": ["x", {"c": 1, "d": 2}]}}
    assert read.lines == {
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "b", 0): 4,
        ("a", "b", 1): 6,
        ("a", "b", 1, "c"): 6,
        ("a", "b", 1, "d"): 7,
    }
    assert read.line_of(("a", "b", 1, "missing", "deep")) == 6
    assert read.line_of(()) == 1


@both_parsers
def test_a_key_written_twice_names_both_lines_and_reading_goes_on() -> None:
    read = read_yaml("a: 1\nb:\n  c: 1\n  c: 2\na: 2\n", "f.yaml")
    assert read.data == {"a": 1, "b": {"c": 1}}
    assert [(each.line, each.path, each.what) for each in read.problems] == [
        (4, "b.c", '"c" is written twice, first in line 3'),
        (5, "a", '"a" is written twice, first in line 1'),
    ]


@both_parsers
def test_an_alias_is_a_copy_with_the_lines_of_the_original_below_its_own() -> None:
    read = read_yaml("a: &x\n  - 1\n  - 2\nb: *x\n", "f.yaml")
    assert read.data == {"a": [1, 2], "b": [1, 2]}
    assert read.lines["b",] == 4
    assert read.lines["b", 1] == 3
    assert read.data["a"] is not read.data["b"]


@both_parsers
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("a: *x\n", 1, "no finished &x", id="an alias to nothing"),
        pytest.param("a: &x\n  b: *x\n", 2, "no finished &x", id="an alias inside itself"),
        pytest.param("a: !!int 5\n", 1, "(a tag)", id="a tag of YAML's own"),
        pytest.param("a: !python/name x\n", 1, "(a tag)", id="somebody's tag"),
        pytest.param("a: ! x\n", 1, "(a tag)", id="a bare tag"),
        pytest.param("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "<< (a merge)", id="a merge"),
        pytest.param("? [a, b]\n: c\n", 1, "not a plain word", id="a list as a key"),
        pytest.param("a: &x b\n*x : c\n", 2, "not a plain word", id="an alias as a key"),
        pytest.param("a: 1\n---\nb: 2\n", 2, "second document", id="two documents"),
    ],
)
def test_what_is_too_clever_is_a_problem_of_its_line(text: str, line: int, words: str) -> None:
    read = read_yaml(text, "f.yaml")
    assert [each.line for each in read.problems] == [line]
    assert words in read.problems[0].what
    assert read.problems[0].right


@both_parsers
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("a:\n\tb: 1\n", 2, "a tab is used to indent", id="a tab"),
        pytest.param("x: 1\na: [*.example.com]\n", 2, '"*.example.com"', id="a star"),
        pytest.param("x: 1\na: & x\n", 2, '"&"', id="an ampersand"),
        pytest.param("x: 1\na: %x\n", 2, 'a text begins with "%"', id="a percent sign"),
        pytest.param("x: 1\na: @x\n", 2, 'a text begins with "@"', id="an at sign"),
        pytest.param("a: ||x^\n", 1, '"|" or ">"', id="ad-blocker syntax"),
        pytest.param("a:\n  - [::1]:5300\n", 2, '"[::1]:5300"', id="IPv6 without quotes"),
        pytest.param("a: [x, [::1]:53]\n", 1, '"[::1]:5300"', id="IPv6 in a list, no quotes"),
        pytest.param("x: 1\na: 'b\nc: d\n", 2, "never closed", id="a quote left open"),
        pytest.param("x: 1\na: [b\nc: d\n", 2, "bracket is opened here", id="a bracket left open"),
        pytest.param("a: 1\n  b: 2\n", 2, "a colon is where none can be", id="indented too far"),
        pytest.param("a:\n   b: 1\n  c: 2\n", 3, "does not fit the indentation", id="outdented"),
        pytest.param("{a: 1}\nb: 2\n", 2, "does not fit the indentation", id="two ways to begin"),
        pytest.param("a: b: c\n", 1, "a colon is where none can be", id="two colons"),
        pytest.param("a:1\nb: 2\n", 2, "the line above lacks the space", id="no space"),
        pytest.param("a:\n-b\nc: d\n", 2, "neither `key: value` nor `- item`", id="a bare dash"),
        pytest.param('a: "\\q"\n', 1, "backslash", id="an unknown escape"),
        pytest.param("a: b\nc: \0\n", 2, "U+0000", id="a NUL"),
        pytest.param("a: b\nc: \ud800\n", 2, "U+D800", id="half a character"),
        pytest.param("a: }\n", 1, "not in quotes", id="a closing bracket"),
        pytest.param("%YAML 9.9\n---\na: 1\n", 1, "cannot be read as YAML", id="another YAML"),
    ],
)
def test_what_is_not_yaml_is_said_in_words_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read_yaml(text, "f.yaml")
    (problem,) = refusal.value.problems
    assert problem.line == line
    assert words in str(problem)


@both_parsers
def test_problems_before_the_end_of_reading_are_kept() -> None:
    assert [each.line for each in all_problems("a: 1\na: 2\nb: 'x\n")] == [2, 3]


@both_parsers
def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert read_yaml("\ufeffa: 1\n", "f.yaml").data == {"a": 1}


@both_parsers
def test_every_character_that_is_let_through_can_be_read() -> None:
    printable = [
        chr(code) for code in range(0xA1, 0x110000) if not strict._UNPRINTABLE.match(chr(code))
    ]
    text = "".join(each for each in printable if each not in "\u2028\u2029")  # line breaks, folded
    assert len(text) > 1_000_000
    assert read_yaml(f"a: '{text}'\n", "f.yaml").data == {"a": text}


@both_parsers
@pytest.mark.parametrize("text", ["", "# only this\n", "---\n", "\n\n"])
def test_an_empty_text_holds_nothing(text: str) -> None:
    read = read_yaml(text, "f.yaml")
    assert read.data is None
    assert not read.problems


@both_parsers
def test_a_billion_laughs_are_stopped_at_the_line_that_unfolds_too_far() -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]" for at in range(1, 10)]
    (problem,) = all_problems("\n".join(lines))
    assert problem.line == 7
    assert "more than 200000 values" in problem.what


@both_parsers
def test_aliases_within_the_limit_are_fine() -> None:
    text = "a: &a [x, y]\nb: [" + ", ".join(["*a"] * 1000) + "]\n"
    read = read_yaml(text, "f.yaml")
    assert read.data == {"a": ["x", "y"], "b": [["x", "y"]] * 1000}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 100_000, id="brackets"),
        pytest.param("{a: " * 100_000, id="braces"),
        pytest.param("- " * 100_000, id="dashes"),
        pytest.param(
            "- &a0 [x]\n" + "".join(f"- &a{at} [*a{at - 1}]\n" for at in range(1, 100)),
            id="aliases of aliases",
        ),
    ],
)
def test_nesting_has_a_limit(text: str) -> None:
    (problem,) = all_problems(text)
    assert "nested deeper than 32" in problem.what


def test_a_text_that_nobody_wrote_is_not_read() -> None:
    (problem,) = all_problems("a: 1\n" * 1_000_000)
    assert "larger than 4 MiB" in problem.what


def read_with(parser: object, text: str) -> tuple[object, list[int | None]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strict, "LOADER", parser)
        try:
            read = read_yaml(text, "f.yaml")
        except ConfigError as error:
            return "refused", [each.line for each in error.problems][:-1]
        return (read.data, read.lines), [each.line for each in read.problems]


@pytest.mark.skipif(not pyyaml.__with_libyaml__, reason="this PyYAML was built without libyaml")
def test_both_parsers_read_the_reference_alike() -> None:
    text = (Path(__file__).parents[2] / "config.yaml").read_text("utf-8")
    read = read_with(pyyaml.SafeLoader, text)
    assert read == read_with(pyyaml.CSafeLoader, text)
    assert read[0] != "refused"


SCALARS = [
    "a",
    "no",
    "21:30",
    "null",
    "7",
    "'x y'",
    '"::1"',
    "=a.b",
    "اردو",
    "fe80::/10",
    "a b",
    "-x",
    "[a, 1]",
    "{a: b}",
]


def as_lines(value: Any) -> list[str]:
    """Write nested lists and pairs in block style; a text is one line of YAML."""
    if isinstance(value, str):
        return [value]
    lines: list[str] = []
    for item in value:
        key, inner = item if isinstance(item, tuple) else (None, item)
        head = "-" if key is None else f"{key}:"
        lines += [head, *(f"  {line}" for line in as_lines(inner))]
    return lines or ["[]"]


blocks = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(st.sampled_from(["a", "b", "no", "1"]), inner), max_size=3)
    ),
    max_leaves=8,
).map(lambda value: "\n".join(as_lines(value)))


@pytest.mark.skipif(not pyyaml.__with_libyaml__, reason="this PyYAML was built without libyaml")
@given(blocks)
def test_both_parsers_agree_on_values_lines_and_refusals(text: str) -> None:
    assert read_with(pyyaml.SafeLoader, text) == read_with(pyyaml.CSafeLoader, text)


@given(st.text(alphabet=st.sampled_from("ab:-[]{}'\"&*!|>%@#,?\n\t \\0~<="), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = read_yaml(text, "f.yaml")
    except ConfigError:
        assert all_problems(text)
    else:
        assert set(read.lines) >= {
            (key,) for key in (read.data if isinstance(read.data, dict) else ())
        }
