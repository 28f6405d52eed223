"""What is the same for every format: lines and their numbers, rules taken out, bounds."""

import itertools
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists import formats
from filterd.lists.condition import Conditional
from filterd.lists.formats import lines
from filterd.lists.formats.lines import MOST_CONDITIONAL, Format, by_line, each_line, normal, read
from filterd.lists.parsed import Meaning, Names, Off, Rule, Scope, each_name, names_of, pieces
from filterd.lists.rule import Kind

NORMAL = {
    "as it is": (b"a\nb\n", b"a\nb\n"),
    "no end": (b"a\nb", b"a\nb\n"),
    "empty": (b"", b""),
    "byte order mark": (b"\xef\xbb\xbfa\n", b"a\n"),
    "byte order mark further on": (b"a\n\xef\xbb\xbfb\n", b"a\n\xef\xbb\xbfb\n"),
    "CRLF": (b"a\r\nb\r\n", b"a\nb\n"),
    "CR alone": (b"a\rb", b"a\nb\n"),
    "each kind of end": (b"a\r\n\r\r\nb\n\rc", b"a\n\n\nb\n\nc\n"),
    "not UTF-8": (b"\xff\n", b"\xff\n"),
}


@pytest.mark.parametrize(("text", "wanted"), NORMAL.values(), ids=NORMAL)
def test_line_ends_become_one_kind(text: bytes, wanted: bytes) -> None:
    assert normal(text) == wanted


@given(text=st.text(alphabet="a.\n\r\0ä\x0b\x85\u2028 ", max_size=40), piece=st.integers(1, 9))
def test_lines_are_those_an_editor_shows(text: str, piece: int) -> None:
    one = text.replace("\r\n", "\n").replace("\r", "\n")
    wanted = one.removesuffix("\n").split("\n") if one else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "PIECE", piece)
        found = list(each_line(normal(text.encode())))
    assert [line.text for line in found] == wanted
    assert [line.number for line in found] == list(range(1, len(wanted) + 1))


@given(names=st.lists(st.sampled_from(["a.b", "c.a.b", "x" * 60 + ".y"])), size=st.integers(70, 200))  # fmt: skip
def test_names_come_in_whole_pieces(names: list[str], size: int) -> None:
    text = bytes(names_of(names).text)
    cut = list(pieces(memoryview(text), size))
    assert b"".join(cut) == text
    assert all(0 < len(piece) <= size and piece.endswith(b"\n") for piece in cut)


@given(
    rows=st.lists(st.tuples(st.sampled_from(["a.b", "c.a.b", "d.e"]), st.integers(0, 99))),
    out=st.sets(st.sampled_from([b"a.b", b"d.e", b"e"])),
)
def test_names_left_keep_their_lines(rows: list[tuple[str, int]], out: set[bytes]) -> None:
    names = names_of([name for name, _ in rows], [line for _, line in rows])
    left = names.without(out)
    assert listed(left) == [row for row in rows if row[0].encode() not in out]


def listed(names: Names) -> list[tuple[str, int]]:
    return list(zip(each_name(names), memoryview(names.lines).cast("I"), strict=True))


def test_lines_of_names_are_those_of_the_file() -> None:
    text = b"\xef\xbb\xbf# head\r\na.example\r\n\r\nB.example\rc.example # x\n\xff\nd.example"
    names = read(formats.FORMATS["domains"], normal(text)).names[Kind.BLOCK, Scope.EXACT]
    assert sorted(listed(names)) == [
        ("a.example", 2),
        ("b.example", 4),
        ("c.example", 5),
        ("d.example", 7),
    ]


A = Conditional(Kind.BLOCK, "a.example", "subtree", types=frozenset({1}))
WORDS: dict[str, tuple[Meaning, ...]] = {
    "plain": (Rule("a.example", Scope.SUBTREE),),
    "plain, exact": (Rule("a.example", Scope.EXACT),),
    "conditional": (A,),
    "conditional, other": (A._replace(types=frozenset({28})),),
    "both": (A, Rule("b.example", Scope.EXACT)),
    "off": (Off(Rule("a.example", Scope.SUBTREE)),),
    "conditional off": (Off(A),),
}
SPOKEN = Format("spoken", (), by_line(lambda line: WORDS[line]))


@given(said=st.lists(st.sampled_from(list(WORDS)), min_size=1))
def test_what_is_taken_out_is_gone_wherever_it_stands(said: list[str]) -> None:
    parsed = read(SPOKEN, "".join(f"{word}\n" for word in said).encode())
    meant = [(number, meaning) for number, word in enumerate(said, 1) for meaning in WORDS[word]]
    gone = [meaning.rule for _, meaning in meant if isinstance(meaning, Off)]
    left = [(line, rule) for line, rule in meant if not isinstance(rule, Off) and rule not in gone]
    assert [tuple(placed) for placed in parsed.conditional] == [
        (line, rule) for line, rule in left if isinstance(rule, Conditional)
    ]
    assert sorted(
        (line, Rule(name, scope, kind))
        for (kind, scope), names in parsed.names.items()
        for name, line in listed(names)
    ) == sorted((line, rule) for line, rule in left if isinstance(rule, Rule))
    assert parsed.rules == len(left)


def test_match_subdomains_widens_rules_with_conditions_too() -> None:
    exact, below = A._replace(scope="exact"), A._replace(scope="below")
    form = Format("spoken", (), by_line({"x": (exact, below)}.__getitem__))
    rules = [placed.rule for placed in read(form, b"x\n").with_subdomains().conditional]
    assert rules == [A, below]


def test_rules_with_conditions_are_bounded_and_those_beyond_are_complained_about() -> None:
    numbers = itertools.count()

    def read_line(line: str) -> Iterable[Meaning]:
        return (A._replace(name=f"n{next(numbers)}.example"),)

    form = Format("spoken", (), by_line(read_line))
    parsed = read(form, b"x\n" * (MOST_CONDITIONAL + 3))
    assert len(parsed.conditional) == parsed.rules == MOST_CONDITIONAL
    assert (parsed.complaint_count, parsed.unused) == (3, 3)
    assert {complaint.why for complaint in parsed.complaints} == {"more than 20,000 rules with conditions"}  # fmt: skip
    assert [complaint.line for complaint in parsed.complaints] == [20_001, 20_002, 20_003]


def test_rules_with_conditions_are_bounded_in_length_too() -> None:
    long = A._replace(denyallow=frozenset(f"n{number}.example" for number in range(100_000)))
    form = Format("spoken", (), by_line(lambda line: (long if line else A,)))
    parsed = read(form, b"x\nx\nx\n\n")
    assert [placed.line for placed in parsed.conditional] == [1, 2, 4]
    ((line, _, why),) = parsed.complaints
    assert (line, why) == (3, "rules with conditions of more than 4 MiB in all")


def test_a_text_of_odd_lines_alone_is_not_held_as_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other lines are handed on while the text is read: a piece at a time, not at the end."""
    monkeypatch.setattr(lines, "PIECE", 1000)
    scanned: list[int] = []
    scan = lines.core.scan

    def counted(text: memoryview, *more: object) -> object:
        scanned.append(len(text))
        return scan(text, *more)

    seen: list[int] = []

    def in_order(read_lines: Iterable[lines.Line]) -> Iterator[tuple[lines.Line, Meaning]]:
        seen.extend(len(scanned) for _ in read_lines)
        yield from ()

    monkeypatch.setattr(lines.core, "scan", counted)
    read(Format("odd", formats.FORMATS["domains"].shapes, in_order), b"?\n" * 5000)
    assert max(scanned) <= 1000
    assert seen[0] == 1
    assert seen[-1] == len(scanned) == 10
