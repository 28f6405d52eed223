"""The search for patterns, against every pattern searched alone."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists import patterns
from filterd.lists.formats import adblock, pihole
from filterd.lists.formats.masks import read_mask
from filterd.lists.patterns import Patterns, found_in, why_not

NAMES = [
    "ads.example",
    "www.ads.example",
    "track1.example",
    "a",
    "x.y",
    "aaa.bbb.example",
    "xn--p1ai",
]
SIMPLE = [
    "ads",
    "^ads",
    r"\.example$",
    "a.*e",
    "[0-9]",
    "^x",
    "(ads|track)",
    "^$",
    "y$",
    "q",
    "b{3}",
]


@given(listed=st.lists(st.sampled_from(SIMPLE), max_size=20))
def test_a_set_finds_what_each_pattern_finds_alone(listed: list[str]) -> None:
    together = Patterns(listed)
    for name in NAMES:
        alone = tuple(at for at, each in enumerate(listed) if re.search(each, name))
        assert together.match(name) == alone
    assert together.left_out == ()


# Bytes that no name has, classes of them, texts of one sign, and none at all.
ODD = [r"\300", r"\x{c0}", r"[^\x00-\xfd]", r"[\x80-\x82]", r"\pL", r"\W", r"\b", "[^a-z]", ".", "[ks]", "(?i:K)", "ads", "(a|bc|def)", "^", "$", "(?:)", r"\."]  # fmt: skip


@given(
    listed=st.lists(st.lists(st.sampled_from(ODD), min_size=1, max_size=5).map("".join), max_size=12)
)  # fmt: skip
def test_odd_patterns_keep_no_other_from_being_found(listed: list[str]) -> None:
    together = Patterns(listed)
    assert together.left_out == ()
    for name in NAMES:
        alone = tuple(at for at, each in enumerate(listed) if found_in(each, name))
        assert together.match(name) == alone


def test_case_does_not_matter() -> None:
    assert Patterns(["ADS", "[A-C]ds"]).match("ads.example") == (0, 1)


def test_equal_patterns_are_all_found() -> None:
    assert Patterns(["ads"] * 3 + ["q"] + ["ads"]).match("ads.example") == (0, 1, 2, 4)


def test_more_patterns_than_one_set_holds_are_all_found() -> None:
    listed = [f"^x{number}y" for number in range(2_000)]
    together = Patterns(listed)
    assert together.left_out == ()
    assert [together.match(f"x{number}y.example") for number in (0, 999, 1999)] == [(0,), (999,), (1999,)]  # fmt: skip


def test_a_pattern_that_cannot_be_run_costs_no_other() -> None:
    together = Patterns(["ads", "(?=x)", "(", "exa", "é", "a" * 1001])
    assert together.left_out == (1, 2, 4, 5)
    assert together.match("ads.example") == (0, 3)


def test_what_lies_beyond_the_memory_is_left_out_by_place_and_the_rest_is_found() -> None:
    large = [f"[a-z]{{900}}[0-9]{{900}}x{number}" for number in range(400)]
    together = Patterns([*large, "ads"])
    assert 0 < len(together.left_out) < 400
    assert together.left_out[-1] == 399 or together.left_out[-1] == 400
    first = "a" * 900 + "1" * 900 + "x0"
    assert together.match(first) == (0,)


class Exhausted:
    """A set that says what RE2 says when its memory for a search is too small: nothing."""

    def Match(self, _: bytes) -> None:  # noqa: N802 the engine's name
        return None


def test_a_set_without_memory_loses_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    together = Patterns(["^a[0-9]", "[0-9]{9}", "^a[0-9]", "[.]e"])
    monkeypatch.setattr(together, "_parts", [each._replace(engine=Exhausted()) for each in together._parts])  # fmt: skip
    assert together.match("a0.example") == (0, 2, 3)
    assert together.match("x.y") == ()


REASONS = {
    r"(a)\1": r"refers back to what it has found (\1), which google-re2 cannot",
    "(?=a)": "looks ahead, which google-re2 cannot",
    "(?!a)": "looks ahead, which google-re2 cannot",
    "(?<=a)": "looks behind, which google-re2 cannot",
    "(?>a)": "has an option that google-re2 does not know",
    "a{1,1001}": "repeats something more than 1,000 times",
    "(a{100}){100}": "repeats something more than 1,000 times",
    "a**": "repeats a repetition",
    "*a": "repeats nothing",
    "(a": "has a parenthesis that is not closed",
    "a)": "closes a parenthesis that is not open",
    "[a": "has a bracket that is not closed",
    "[[:letter:]]": "has a range or class of characters that does not exist",
    "a\\": "ends in a backslash",
    "[^a]{999}" * 9: "is too large for google-re2 once its repeats are written out",
    "x" * 1001: "has more than 1,000 characters",
    "é": "has letters that no name has",
    "^[[:alnum:]]+[a-z]{2,}$": "",
}


@pytest.mark.parametrize(("pattern", "why"), REASONS.items())
def test_what_the_engine_cannot_run_is_refused_in_plain_words(pattern: str, why: str) -> None:
    assert why_not(pattern) == why


@given(pattern=st.text(st.sampled_from(r"ab.*+?()[]{}|^$\1,:<=!-é"), max_size=20))
def test_no_pattern_raises(pattern: str) -> None:
    if not why_not(pattern):
        assert Patterns([pattern]).match("a.b") == ((0,) if found_in(pattern, "a.b") else ())


def test_nothing_is_logged_about_a_refused_pattern(capfd: pytest.CaptureFixture[str]) -> None:
    why_not("(?=a)")
    assert capfd.readouterr().err == ""


MASKS = {
    "||ad*.example^": (["ads.example", "x.ad.b.example"], ["bad.example", "ads.example.org"]),
    "*track*": (["track", "x.retracked.y"], ["trac.k"]),
    "-ads.": (["x-ads.y"], ["xads.y", "-ads"]),
    "|ads": (["ads.example", "adsx"], ["x.ads"]),
    "ads|": (["x.ads", "bads"], ["ads.x"]),
    "ads.example^": (["badads.example", "x.ads.example"], ["ads.example.org"]),
    "||avito.": (["avito.x", "a.avito.x"], ["xavito.x"]),
    "a+b": ([], ["aab"]),
}


@pytest.mark.parametrize(("mask", "finds", "leaves"), [(mask, *both) for mask, both in MASKS.items()])  # fmt: skip
def test_mask_finds(mask: str, finds: list[str], leaves: list[str]) -> None:
    pattern = read_mask(mask, narrowed=False)
    searched = Patterns([pattern] if isinstance(pattern, str) else [])
    assert [name for name in finds if not searched.match(name)] == []
    assert [name for name in leaves if searched.match(name)] == []


NEEDS = "needs the engine google-re2, which is not installed"


def test_a_regex_without_the_engine_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "HAVE_ENGINE", False)
    parsed = adblock.parse(b"||a.example^\n/^ads.*x/\n*track*\n||b.example^$dnstype=A\n")
    assert [each.why for each in parsed.complaints] == [f"a regular expression {NEEDS}", f"a mask {NEEDS}"]  # fmt: skip
    assert (parsed.unused, parsed.rules) == (2, 2)
    (complaint,) = pihole.parse(b"^ads;querytype=A\n").complaints
    assert complaint.why == f"a regular expression {NEEDS}"
    assert Patterns(["ads"]).match("ads.example") == ()
    assert Patterns(["ads", "x"]).left_out == (0, 1)


WITHOUT = """
import sys
sys.modules["re2"] = None
from filterd.lists import patterns
from filterd.lists.formats import adblock, pihole
assert not patterns.HAVE_ENGINE
for parsed in (adblock.parse(b"/^ads.*x/"), adblock.parse(b"*track*"), pihole.parse(b"^ads")):
    assert not parsed.rules
    print(parsed.complaints[0].why)
"""


def test_filterd_runs_where_the_engine_cannot_be_imported() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [f"a regular expression {NEEDS}", f"a mask {NEEDS}", f"a regular expression {NEEDS}"]  # fmt: skip


def test_patterns_of_a_hostile_list_are_compiled_in_bounded_memory() -> None:
    listed = [f"a{number}.*b[0-9]*c{number}" for number in range(20_000)]
    together = Patterns(listed)
    assert together.match("a7xb3c7.example") == (7,)
    assert together.left_out == tuple(range(patterns.MOST, 20_000))


VAGUE = [f"^[a-z]{{{first}}}[0-9]{{{second}}}[-.]" for first in range(1, 30) for second in range(1, 30)]  # fmt: skip


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param([f"abc.*[a-m][a-z0-9.]{{{8 + n % 30}}}{n}?" for n in range(2_000)], id="one text in all"),
        pytest.param(["[a-z]{900}[0-9]{900}x" + str(n) for n in range(2_000)], id="long repeats"),
        pytest.param([f"({'|'.join('abcdefgh')}){{40}}{n}" for n in range(2_000)], id="many texts each"),
        pytest.param(VAGUE, id="no text at all"),
    ],
)  # fmt: skip
def test_what_patterns_have_in_all_is_bounded_and_none_is_lost_without_a_word(
    listed: list[str],
) -> None:
    together = Patterns(listed)
    instructions = sum(patterns._compiled(each).programsize for part in together._parts for each in part.patterns)  # fmt: skip
    assert instructions < patterns.MOST_INSTRUCTIONS + 3_000, "all but the last fit"
    searched = [each for part in together._parts for each in part.patterns]
    assert sorted(searched + [listed[at] for at in together.left_out]) == sorted(listed)


def test_patterns_without_a_text_are_found_and_are_fewer() -> None:
    together = Patterns(["^ads", *VAGUE, "track"])
    assert len(VAGUE) - patterns.MOST_VAGUE <= len(together.left_out) < len(VAGUE)
    assert together.match("ads.example") == (0,)
    first, *_, last = together.match("x1.track.example")
    assert (first, last) == (1, len(VAGUE) + 1)


def test_a_long_pattern_without_a_text_keeps_no_short_one_out() -> None:
    long = [f"[a-z]{{900}}[0-9]{{900}}{number}" for number in range(20)]
    together = Patterns([*long, "^[a-z][0-9]"])
    assert 0 < len(together.left_out) < len(long)
    assert together.match("x1.example") == (len(long),)


def test_patterns_beyond_the_bounds_are_complaints_of_their_list() -> None:
    text = "".join(f"/^p{number}[.]/\n" for number in range(2_100)) + "||a.example^\n"
    parsed = adblock.parse(text.encode())
    assert parsed.rules == patterns.MOST + 1
    assert (parsed.unused, parsed.complaint_count) == (100, 100)
    assert parsed.complaints[0] == (2_001, "/^p2000[.]/", patterns.TOO_MANY)
