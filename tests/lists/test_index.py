"""The compiled index answers as the rules say, and a damaged one answers nothing."""

import dataclasses
import mmap
import random
import subprocess
import sys
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siphashc import siphash

from filterd.errors import ListError
from filterd.lists import layout
from filterd.lists.compile import compile_index
from filterd.lists.condition import Conditional, Rewrite, Who
from filterd.lists.index import EMPTY, Index
from filterd.lists.parsed import Parsed, Placed, Rule, Scope, names_of
from filterd.lists.rule import NO_TAGS, Kind, Tag, TagSet

pytestmark = pytest.mark.usefixtures("core")

KEY = bytes(range(16))

# Short names over three labels: parents, children and look-alikes meet all the time.
LABELS = ("a", "b", "ab")
NAMES = [
    *(one for one in LABELS),
    *(f"{two}.{one}" for one in LABELS for two in LABELS),
    *(f"{three}.{two}.{one}" for one in LABELS for two in LABELS for three in LABELS),
]
ASKED = [*NAMES, *(f"{label}.{name}" for name in NAMES for label in LABELS), "", "c", "c.a", "a.c"]


def parsed(rules: list[Rule]) -> Parsed:
    names: dict[tuple[Kind, Scope], list[str]] = {}
    for rule in rules:
        names.setdefault((rule.kind, rule.scope), []).append(rule.name)
    return Parsed("test", {place: names_of(listed) for place, listed in names.items()})


def naive(lists: list[tuple[str, list[Rule]]], name: str) -> TagSet:
    """The model: every rule that covers the name, one after the other."""
    return frozenset(
        Tag(source, rule.kind) for source, rules in lists for rule in rules if rule.covers(name)
    )


RULES = st.builds(
    Rule, st.sampled_from(NAMES), st.sampled_from(list(Scope)), st.sampled_from(list(Kind))
)
LISTS = st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), st.lists(RULES)), max_size=5)


@pytest.mark.parametrize("pairs_in_a_narrow_slot", [layout.NARROW_PAIRS, 0], ids=["narrow", "wide"])
@given(lists=LISTS)
def test_index_equals_the_rules(
    pairs_in_a_narrow_slot: int, lists: list[tuple[str, list[Rule]]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "NARROW_PAIRS", pairs_in_a_narrow_slot)
        data = compile_index([(source, parsed(rules)) for source, rules in lists], KEY)
    index = Index(data, KEY)
    for name in ASKED:
        assert index.tags(index.find(name)) == naive(lists, name), name
    assert index.names == len({rule.name for _, rules in lists for rule in rules})
    assert list(index.sources) == list(dict.fromkeys(source for source, _ in lists))


@given(lists=LISTS)
def test_where_is_the_name_or_a_listed_parent(lists: list[tuple[str, list[Rule]]]) -> None:
    index = Index(compile_index([(source, parsed(rules)) for source, rules in lists], KEY), KEY)
    listed = {rule.name for _, rules in lists for rule in rules}
    for name in ASKED:
        where = index.where(name)
        if where:
            assert where in listed
            assert name == where or name.endswith("." + where)
        elif index.find(name):
            pytest.fail(f"{name} has tags from nowhere")


def test_parents_count_for_their_children_but_not_for_look_alikes() -> None:
    rules = [Rule("casino.example", Scope.SUBTREE)]
    index = Index(compile_index([("gambling", parsed(rules))], KEY), KEY)
    tags = frozenset({Tag("gambling", Kind.BLOCK)})
    assert index.tags(index.find("casino.example")) == tags
    assert index.tags(index.find("www.live.casino.example")) == tags
    assert index.find("notcasino.example") == 0
    assert index.find("example") == 0
    assert index.tags(0) == NO_TAGS


def test_exact_and_subtree_lists_disagree_below_a_name() -> None:
    lists = [
        ("hosts", parsed([Rule("a.example", Scope.EXACT)])),
        ("wide", parsed([Rule("example", Scope.SUBTREE)])),
        ("rpz", parsed([Rule("a.example", Scope.BELOW)])),
    ]
    index = Index(compile_index(lists, KEY), KEY)
    found = {name: {tag.source for tag in index.tags(index.find(name))} for name in (
        "a.example", "x.a.example", "b.example"
    )}  # fmt: skip
    assert found == {
        "a.example": {"hosts", "wide"},
        "x.a.example": {"wide", "rpz"},
        "b.example": {"wide"},
    }


def test_redundant_names_take_no_room() -> None:
    names = [f"n{number}.example" for number in range(5000)]
    alone = compile_index(
        [("one", Parsed("t", {(Kind.BLOCK, Scope.SUBTREE): names_of(["example"])}))], KEY
    )
    folded = compile_index(
        [("one", Parsed("t", {(Kind.BLOCK, Scope.SUBTREE): names_of(["example", *names])}))], KEY
    )
    assert len(folded) < len(alone) + 16
    assert Index(folded, KEY).names == 5001


def test_names_escaped_by_the_wire_are_plain_names_here() -> None:
    odd = r"a\046b.exa\032mple"
    index = Index(compile_index([("one", parsed([Rule(odd, Scope.SUBTREE)]))], KEY), KEY)
    assert index.find(odd)
    assert index.find("x." + odd)
    assert not index.find(r"046b.exa\032mple")


def test_more_pairs_than_sixteen_bits_hold() -> None:
    names = [f"n{number}.example" for number in range(1, 1 << 16 | 500)]
    lists = [
        (
            f"list{bit}",
            Parsed("t", {
                (Kind.BLOCK, Scope.EXACT): names_of(name for number, name in enumerate(names, 1) if number >> bit & 1)
            }),
        )
        for bit in range(17)
    ]  # fmt: skip
    index = Index(compile_index(lists, KEY), KEY)
    assert len(index.sets) == len(names) + 1
    for number, name in list(enumerate(names, 1))[::97]:
        bits = {int(tag.source.removeprefix("list")) for tag in index.tags(index.find(name))}
        assert sum(1 << bit for bit in bits) == number
    assert not index.find("n0.example")


def test_a_slot_is_where_the_layout_says() -> None:
    """What the native core will have to agree with, written down in bytes."""
    data = compile_index([("one", parsed([Rule("a.example", Scope.EXACT)]))], KEY)
    hashed = siphash(KEY, "a.example")
    homes = layout.homes_for(1)
    slots = memoryview(data)[-8 * (homes + 1) :].cast("Q")
    wanted = [0] * (homes + 1)
    wanted[hashed * homes >> 64] = (hashed & layout.LOW_48) << 16 | 1
    assert slots.tolist() == wanted


IN_FULL = Conditional(
    Kind.IMPORTANT,
    "a.b",
    "below",
    "^x",
    True,
    frozenset({1, 28}),
    frozenset({65}),
    Who(("192.0.2.0/24", "laptop"), ("desk",), ("user_child",), ("os_linux",)),
    frozenset({"com", "c.a.b"}),
    Rewrite(3, 28, bytes(16)),
)
CONDITIONAL = st.builds(
    Conditional,
    st.sampled_from([Kind.BLOCK, Kind.REWRITE]),
    st.sampled_from(["", *NAMES]),
    st.sampled_from([scope.value for scope in Scope]),
    st.sampled_from(["", "^a", "b$"]),
    types=st.frozensets(st.integers(1, 3)),
    rewrite=st.one_of(st.none(), st.builds(Rewrite, st.integers(0, 5), st.just(1), st.binary(max_size=4))),
)  # fmt: skip


@given(
    lists=st.dictionaries(
        st.sampled_from(["one", "two"]), st.tuples(st.lists(RULES), st.lists(CONDITIONAL, max_size=5))
    )
)  # fmt: skip
def test_names_of_rules_with_conditions_say_so_and_the_rules_are_carried(
    lists: dict[str, tuple[list[Rule], list[Conditional]]],
) -> None:
    sources = [
        (source, dataclasses.replace(parsed(rules), conditional=tuple(Placed(9, rule) for rule in conditional)))
        for source, (rules, conditional) in lists.items()
    ]  # fmt: skip
    index = Index(compile_index(sources, KEY), KEY)
    marked = [
        (source, [*rules, *(Rule(rule.name, Scope(rule.scope), Kind.CONDITIONAL) for rule in conditional if rule.name)])
        for source, (rules, conditional) in lists.items()
    ]  # fmt: skip
    for name in ASKED:
        number = index.find(name)
        assert index.tags(number) == naive(marked, name), name
        assert (number in index.conditional_sets) == any(
            tag.kind is Kind.CONDITIONAL for tag in index.tags(number)
        )
    assert index.conditional == {
        source: tuple(conditional) for source, (_, conditional) in lists.items() if conditional
    }


def test_a_rule_with_conditions_comes_back_whole() -> None:
    lists = [("one", Parsed("t", {}, (Placed(3, IN_FULL),)))]
    index = Index(compile_index(lists, KEY), KEY)
    assert index.conditional == {"one": (IN_FULL,)}
    assert EMPTY.conditional == {}
    assert EMPTY.conditional_sets == frozenset()


def test_another_rule_with_conditions_is_another_build() -> None:
    builds = {
        Index(compile_index([("one", Parsed("t", {}, (Placed(3, rule),)))], KEY), KEY).build
        for rule in (IN_FULL, IN_FULL._replace(inverted=False), IN_FULL._replace(types=frozenset()))
    }
    assert len(builds) == 3


def many(count: int) -> list[tuple[str, Parsed]]:
    rng = random.Random(7)
    names = [f"{rng.getrandbits(60):x}.{rng.choice(LABELS)}.example" for _ in range(count)]
    return [
        ("one", Parsed("t", {(Kind.BLOCK, Scope.EXACT): names_of(names)})),
        ("two", Parsed("t", {(Kind.BLOCK, Scope.SUBTREE): names_of([*names[::3], "a.example"])})),
        ("three", Parsed("t", {(Kind.EXCEPTION, Scope.BELOW): names_of(names[::7])})),
    ]


def test_same_lists_and_key_give_the_same_bytes() -> None:
    assert compile_index(many(2000), KEY) == compile_index(many(2000), KEY)


SEED_PROGRAM = """
import zlib
from filterd.lists.compile import compile_index
from filterd.lists.parsed import Parsed, Scope, names_of
from filterd.lists.rule import Kind

def group(step):
    return [f"n{number}.b{number % 3}.example" for number in range(0, 120, step)] + ["b1.example"]

lists = [
    (str(step), Parsed("t", {(Kind.BLOCK, list(Scope)[step % 3]): names_of(group(step))}))
    for step in (1, 2, 3, 5, 7, 11)
]
print(zlib.crc32(compile_index(lists, bytes(16))))
"""


def test_bytes_do_not_depend_on_pythons_own_hash_seed() -> None:
    runs = {
        subprocess.run(
            [sys.executable, "-c", SEED_PROGRAM],
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(runs) == 1


def test_order_of_names_in_a_list_does_not_matter() -> None:
    forward = [Rule(name, Scope.EXACT) for name in NAMES]
    assert compile_index([("one", parsed(forward))], KEY) == compile_index(
        [("one", parsed(forward[::-1] + forward[:5]))], KEY
    )


def test_another_key_gives_another_table_and_is_refused() -> None:
    data = compile_index(many(50), KEY)
    assert compile_index(many(50), bytes(16)) != data
    with pytest.raises(ListError, match="another key"):
        Index(data, bytes(16))


def test_build_names_the_content() -> None:
    first, again, other = (
        Index(compile_index(many(count), KEY), KEY).build for count in (50, 50, 51)
    )
    assert first == again != other
    assert len(bytes.fromhex(first)) == 8


def test_empty_index_finds_nothing() -> None:
    assert EMPTY.find("www.example.org") == 0
    assert EMPTY.where("www.example.org") == ""
    assert EMPTY.names == 0
    assert EMPTY.sources == ()
    assert EMPTY.tags(0) == NO_TAGS


def test_index_opens_over_a_mapped_file_without_copying_it() -> None:
    data = compile_index(many(2000), KEY)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        index = Index(mapped, KEY)
        assert index.find("a.example")
        with pytest.raises(BufferError):
            mapped.close()  # the index still reads from it
        del index
        mapped.close()


def test_file_is_at_most_thirteen_bytes_a_name() -> None:
    names = [f"n{number}.example" for number in range(50_000)]
    data = compile_index([("one", Parsed("t", {(Kind.BLOCK, Scope.EXACT): names_of(names)}))], KEY)
    assert len(data) <= 13 * len(names)


SMALL = [("one", parsed([Rule(name, Scope.SUBTREE) for name in NAMES[3:9]]))]
FILE = compile_index(SMALL, KEY)
ANSWERS = [Index(FILE, KEY).find(name) for name in ASKED]


def refused_or_equal(data: bytes) -> bool:
    try:
        index = Index(data, KEY)
    except ListError:
        return True
    return [index.find(name) for name in ASKED] == ANSWERS


@pytest.mark.parametrize("bit", range(8))
def test_one_flipped_bit_anywhere_is_noticed(bit: int) -> None:
    for place in range(len(FILE)):
        data = bytearray(FILE)
        data[place] ^= 1 << bit
        with pytest.raises(ListError):
            Index(data, KEY)


def test_a_file_cut_off_anywhere_is_noticed() -> None:
    for length in range(len(FILE)):
        with pytest.raises(ListError):
            Index(FILE[:length], KEY)


@given(data=st.data())
def test_no_damage_makes_another_error_or_another_answer(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(FILE)))
    end = data.draw(st.integers(start, len(FILE)))
    assert refused_or_equal(FILE[:start] + data.draw(st.binary(max_size=64)) + FILE[end:])


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ListError):
        Index(data, KEY)
    with pytest.raises(ListError):
        Index(layout.MAGIC + data, KEY)


def test_longer_file_is_noticed() -> None:
    with pytest.raises(ListError):
        Index(FILE + bytes(8), KEY)
