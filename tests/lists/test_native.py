"""The two cores are one: whatever the compiled one says, the Python one says too.

What each of them promises by itself is held to a model in test_core.py.
"""

import mmap
import subprocess
import sys
import textwrap
from array import array
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from types import ModuleType

import pytest
from built import built
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filterd.lists import _python, core, layout
from filterd.lists.compile import compile_index
from filterd.lists.formats import FORMATS, parse
from filterd.lists.formats.detect import detect
from filterd.lists.formats.lines import normal
from filterd.lists.index import Index
from filterd.lists.pairs import Pairs
from filterd.lists.parsed import Names, Scope, names_of
from filterd.lists.shape import Shape

_native = built("filterd.lists._native")

BOTH = pytest.mark.parametrize("one", [_python, _native], ids=["python", "native"])
KEY = bytes(range(16))
REAL_SHAPES = [form.shapes for _, form in sorted(FORMATS.items())]
MADE_UP = (
    Shape((b"a  b ", b"*."), (b"  c", b".!", b" "), Scope.EXACT, (b"rpz-ip", b".x")),
    Shape((b"",), (b"", b"^ "), Scope.EXACT),
)

# Joined, these make lines that nearly are ordinary ones.
PIECES = st.sampled_from(
    [b"a", b"b.c", b".", b"-", b"_", b"example.org", b"7", b"A", b"localhost", b"x" * 63,
     b"y." * 120, b" ", b"\t", b"\n", b"^", b"||", b"*.", b"0.0.0.0 ", b"127.0.0.1\t", b":: ",
     b"address=/", b"server=/", b"/", b"/#", b'local-zone: "', b'." always_nxdomain', b"CNAME .",
     b" CNAME .", b"a  b ", b"  c", b".!", b".rpz-ip", b".x", b"\xff", b"\0", b"#"]
)  # fmt: skip
LINES = st.lists(PIECES, max_size=40).map(b"".join) | st.binary(max_size=300)
SHAPES = st.sampled_from([*REAL_SHAPES, MADE_UP, ()])

LABELS = st.sampled_from(["a", "b", "www", "example", "com", "x-1", "_t"])
NAMES = st.lists(LABELS, min_size=1, max_size=6).map(".".join)
ODD_NAMES = st.sampled_from(["", ".", "a.", ".a", "a..b", "bücher.example", "a\0.b", "x" * 300])
SECTIONS = st.lists(
    st.tuples(st.lists(NAMES, max_size=12), st.integers(0, 7), st.integers(0, 7)), max_size=8
)
HASHES = st.lists(
    st.integers(0, 2**64 - 1) | st.integers(2**64 - 50, 2**64 - 1) | st.integers(0, 50),
    max_size=40,
    unique=True,
).map(sorted)


@given(key=st.binary(min_size=16, max_size=16), data=st.binary(max_size=300))
def test_both_cores_hash_alike(key: bytes, data: bytes) -> None:
    assert _native.siphash(key, data) == _python.siphash(key, data)


@pytest.mark.parametrize("length", [*range(65), 127, 128, 253, 255, 256, 257, 1_000])
def test_both_cores_hash_every_length_alike(length: int) -> None:
    data = bytes(255 - each % 251 for each in range(length))
    assert _native.siphash(KEY, data) == _python.siphash(KEY, data)


@settings(max_examples=500)
@given(text=LINES, shapes=SHAPES, first=st.integers(1, 2**31))
@example(text=b"a  b  x.y   c \na b x.y  c\na  b x.y c", shapes=MADE_UP, first=1)
def test_both_cores_read_any_text_alike(text: bytes, shapes: tuple[Shape, ...], first: int) -> None:
    text += b"\n"
    assert _native.scan(text, shapes, first) == _python.scan(text, shapes, first)


def built(one: ModuleType, sections: list[tuple[bytes, int, int]]) -> tuple[object, ...]:
    """Return what a build gives, with masks for the numbers that each core gives its own way."""
    pairs = Pairs()
    numbered = [(text, pairs.number(here, down)) for text, here, down in sections]
    hashes, numbers, distinct = one.build(numbered, pairs, KEY)
    return list(hashes), [pairs.pairs[number] for number in numbers], distinct


@settings(max_examples=200)
@given(sections=SECTIONS)
def test_both_cores_build_alike(sections: list[tuple[list[str], int, int]]) -> None:
    texts = [
        ("".join(f"{name}\n" for name in names).encode(), here, down or not here)
        for names, here, down in sections
    ]
    assert built(_native, texts) == built(_python, texts)


def test_texts_with_more_labels_than_a_name_has_are_built_alike() -> None:
    texts = [b"a." * dots + b"example" for dots in (2, 126, 127, 128, 150, 300)]
    for below in combinations(texts, 2):
        built = []
        for each in (_python, _native):
            pairs = Pairs()
            block, area = pairs.number(1, 0), pairs.number(2, 2)
            sections = [(b"\n".join(texts) + b"\n", block), (b"\n".join(below) + b"\n", area)]
            hashes, numbers, distinct = each.build(sections, pairs, KEY)
            built.append((list(hashes), [pairs.pairs[number] for number in numbers], distinct))
        assert built[0] == built[1]


@BOTH
def test_many_pairs_meet_and_none_is_lost(one: ModuleType) -> None:
    """More combinations than the first memo of the compiled core has room for."""
    names = [f"n{number}.example" for number in range(3000)]
    everyone = "".join(f"{name}\n" for name in names).encode()
    sections = [(f"{name}\n".encode(), 1 << at, 0) for at, name in enumerate(names)]
    hashes, pairs, distinct = built(one, [*sections, (everyone, 1 << 3000, 0)])
    assert distinct == len(hashes) == 3000
    assert sorted(pairs) == [(1 << 3000 | 1 << at, 0) for at in range(3000)]


@BOTH
def test_what_goes_wrong_in_the_pairs_is_raised(one: ModuleType) -> None:
    class Full(Pairs):
        def union(self, first: int, second: int) -> int:
            raise OverflowError(f"no room for {first} with {second}")

    pairs = Full()
    sections = [(b"a.example\n", pairs.number(1, 0)), (b"a.example\n", pairs.number(2, 0))]
    with pytest.raises(OverflowError, match="no room for 0 with 1"):
        one.build(sections, pairs, KEY)


@given(hashes=HASHES, homes=st.integers(1, 60), data=st.data())
def test_both_cores_place_alike(hashes: list[int], homes: int, data: st.DataObject) -> None:
    number = st.integers(1, layout.NARROW_PAIRS)
    size = len(hashes)
    numbers = array("I", data.draw(st.lists(number, min_size=size, max_size=size)))
    packed = array("Q", hashes)
    for place in ("place_narrow", "place_wide"):
        ours, theirs = (
            bytes(getattr(one, place)(packed, numbers, homes)) for one in (_native, _python)
        )
        assert ours == theirs


@given(listed=st.sets(NAMES, max_size=30), asked=st.lists(NAMES | ODD_NAMES))
def test_both_cores_find_alike(listed: set[str], asked: list[str]) -> None:
    text = "".join(f"{name}\n" for name in sorted(listed)).encode()
    hashes, numbers, _ = _native.build([(text, 0)], pairs_of(1), KEY)
    final = array("I", range(1, len(numbers) + 1))
    here = list(range(100, 101 + len(final)))
    below = list(range(500, 501 + len(final)))
    homes = layout.homes_for(len(hashes))
    for width in ("narrow", "wide"):
        slots = getattr(_native, f"place_{width}")(hashes, final, homes)
        ours, theirs = (
            getattr(one, f"{width.title()}Search")(slots, homes, KEY, here, below)
            for one in (_native, _python)
        )
        for name in [*listed, *asked]:
            assert ours.find(name) == theirs.find(name)
            assert ours.pair_of(name) == theirs.pair_of(name)
        assert all(ours.pair_of(name) for name in listed)


def pairs_of(here: int) -> Pairs:
    pairs = Pairs()
    pairs.number(here, 0)
    return pairs


@pytest.mark.parametrize(
    ("slots", "homes"),
    [
        pytest.param(array("Q", [0, 5]), 1, id="the last slot is taken"),
        pytest.param(array("Q", [0]), 1, id="no slot behind the homes"),
        pytest.param(b"\0" * 15, 1, id="half a slot"),
        pytest.param(b"", 0, id="no slot at all"),
    ],
)
def test_slots_that_a_search_could_leave_are_refused(slots: object, homes: int) -> None:
    for search in (_native.NarrowSearch, _native.WideSearch):
        with pytest.raises(ValueError, match="slot"):
            search(slots, homes, KEY, [0], [0])


@pytest.mark.parametrize("pair", [2, 9])
def test_a_pair_that_the_file_does_not_explain_is_no_hit(pair: int) -> None:
    hashes, _, _ = _native.build([(b"a.example\n", 0)], pairs_of(1), KEY)
    slots = _native.place_narrow(hashes, array("I", [pair]), 2)
    search = _native.NarrowSearch(slots, 2, KEY, [0, 1], [0, 1])
    assert (search.pair_of("a.example"), search.find("a.example")) == (0, 0)


@pytest.mark.parametrize("search", [_native.NarrowSearch, _native.WideSearch])
def test_a_pair_without_both_of_its_sets_is_refused(search: type) -> None:
    for here, below in (([0, 1], [0]), ([0], [0, 1])):
        with pytest.raises(ValueError, match="two sets"):
            search(bytes(64), 1, KEY, here, below)


def test_a_search_lets_its_file_go_when_it_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "slots"
    path.write_bytes(bytes(64))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        search = _native.NarrowSearch(mapped, 3, KEY, [0], [0])
        assert search.find("a.example") == 0
        with pytest.raises(BufferError):
            mapped.close()
        del search
        mapped.close()


def test_no_memory_is_an_error_and_no_crash() -> None:
    """In a process of its own, which may have no more memory than it has."""
    program = """
        import resource
        from filterd.lists import _native
        from filterd.lists.formats import FORMATS
        from filterd.lists.pairs import Pairs

        text = b"a.example\\n" * 20_000_000
        pairs = Pairs()
        number = pairs.number(1, 1)
        pages = int(open("/proc/self/statm").read().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**26,) * 2)
        for call in (
            lambda: _native.scan(text, FORMATS["domains"].shapes),
            lambda: _native.build([(text, number)], pairs, bytes(16)),
            lambda: _native.place_narrow(b"", b"", 2**31),
        ):
            try:
                call()
            except MemoryError:
                print("refused")
    """
    if not Path("/proc/self/statm").exists():
        pytest.skip("this system does not say how much memory a process has")
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.stdout.split(), ran.stderr) == (["refused"] * 3, "")


def with_core(monkeypatch: pytest.MonkeyPatch, one: ModuleType) -> None:
    """Let the whole room run on one core."""
    for name in _python.__all__:
        monkeypatch.setattr(core, name, getattr(one, name))


def test_every_real_list_is_read_alike(shared: Path, unpacked: Callable[[str], bytes]) -> None:
    for path in sorted((shared / "lists").rglob("*.xz")):
        data = unpacked(str(path.relative_to(shared)))
        shapes = FORMATS[detect(path.name, data)].shapes
        ours, theirs = (one.scan(normal(data), shapes) for one in (_native, _python))
        assert ours == theirs, path.name


def test_one_index_comes_from_both_cores(
    shared: Path, unpacked: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fourth of the real lists, with rules of all scopes: parsed, compiled, looked up."""
    packed = sorted((shared / "lists").rglob("*.xz"))[::4]
    texts = [(path.name, unpacked(str(path.relative_to(shared)))) for path in packed]
    files = []
    for one in (_python, _native):
        with_core(monkeypatch, one)
        parsed = [(name, parse(name, text)) for name, text in texts]
        files.append(compile_index(parsed, KEY))
    assert files[0] == files[1]
    assert Index(files[1], KEY).names > 100_000


def test_names_may_lie_in_a_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "names"
    names = names_of(["a.example", "b.a.example"])
    path.write_bytes(bytes(3) + bytes(names.text))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        within = memoryview(mapped)[3:]
        lying = Names(within, names.lines)
        pairs = pairs_of(1)
        ours = _native.build([(lying.text, 0)], pairs, KEY)
        theirs = _python.build([(lying.text, 0)], pairs, KEY)
        assert list(ours[0]) == list(theirs[0])
        del lying
        within.release()
