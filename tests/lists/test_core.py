"""What every core promises: the loops over names, each held to a model that is plain and slow."""

import re
from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists import layout
from filterd.lists.pairs import Pairs
from filterd.lists.parsed import Names, Scope, each_name, names_of
from filterd.lists.shape import Shape

KEY = bytes(range(16))

PLAIN = Shape((b"",), (b"",), Scope.EXACT)
HOSTS = Shape((b"0.0.0.0 ", b":: "), (b"",), Scope.EXACT)
ADBLOCK = Shape((b"||",), (b"^",), Scope.SUBTREE)
STAR = Shape((b"*.",), (b"",), Scope.SUBTREE)
ADDRESS = Shape((b"address=/",), (b"/#", b"/"), Scope.SUBTREE)
ZONE = Shape((b'local-zone: "', b' local-zone: "'), (b'" static', b'." static'), Scope.SUBTREE)
RPZ = (
    Shape((b"",), (b" CNAME .", b" IN CNAME ."), Scope.EXACT, (b".rpz-ip",)),
    Shape((b"*.",), (b" CNAME .", b" IN CNAME ."), Scope.BELOW, (b".rpz-ip",)),
)
EACH = {"plain": (PLAIN,), "hosts": (HOSTS,), "adblock": (ADBLOCK,), "star": (STAR, PLAIN), "address": (ADDRESS,), "zone": (ZONE,), "rpz": RPZ}  # fmt: skip

LABEL_63 = "a" * 63
NAME_253 = "a." * 122 + "a.example"

ORDINARY = {
    "a name": ("plain", "a.example", "a.example"),
    "blanks behind": ("plain", "a.example \t ", "a.example"),
    "longest label": ("plain", f"{LABEL_63}.b", f"{LABEL_63}.b"),
    "longest name": ("plain", NAME_253, NAME_253),
    "longest name before an end": ("zone", f'local-zone: "{NAME_253}." static', NAME_253),
    "longest name and many blanks": ("plain", NAME_253 + " " * 300, NAME_253),
    "underscores and hyphens": ("plain", "_a-.-b_.x_y", "_a-.-b_.x_y"),
    "digits before the last label": ("plain", "1.2.3.x4", "1.2.3.x4"),
    "last label begins with digits": ("plain", "a.4-_x", "a.4-_x"),
    "local as a later label": ("plain", "a.localhost", "a.localhost"),
    "many blanks in the start": ("hosts", "0.0.0.0 \t  a.example", "a.example"),
    "second start": ("hosts", "::\ta.example", "a.example"),
    "end": ("adblock", "||a.example^", "a.example"),
    "end, then blanks": ("adblock", "||a.example^  ", "a.example"),
    "longer end": ("address", "address=/a.example/#", "a.example"),
    "shorter end": ("address", "address=/a.example/", "a.example"),
    "blanks before": ("zone", '\t local-zone: "a.example" static', "a.example"),
    "blanks in the end": ("rpz", "a.example \t IN  CNAME\t.", "a.example"),
    "second shape": ("rpz", "*.a.example CNAME .", "a.example"),
}  # fmt: skip


@pytest.mark.parametrize(("shapes", "line", "name"), ORDINARY.values(), ids=ORDINARY)
def test_an_ordinary_line_is_read(core: ModuleType, shapes: str, line: str, name: str) -> None:
    found, others = core.scan(f"{line}\n".encode(), EACH[shapes])
    assert [each for names in found for each in each_name(names)] == [name]
    assert others == []


OTHER = {
    "upper case": ("plain", "A.example"),
    "one label": ("plain", "example"),
    "no letter at the end": ("plain", "a.example.1-_"),
    "address": ("plain", "10.0.0.1"),
    "label of 64": ("plain", f"a{LABEL_63}.b"),
    "name of 254": ("plain", f"a{NAME_253}"),
    "name of 254 before an end": ("zone", f'local-zone: "a{NAME_253}." static'),
    "local": ("plain", "localhost.localdomain"),
    "starts like local": ("plain", "localhosts.example"),
    "empty label": ("plain", "a..example"),
    "leading dot": ("plain", ".a.example"),
    "trailing dot": ("plain", "a.example."),
    "blank before": ("plain", " a.example"),
    "remark": ("plain", "a.example # x"),
    "carriage return": ("plain", "a.example\r"),
    "form feed behind": ("plain", "a.example\f"),
    "NUL": ("plain", "a\0.example"),
    "Unicode": ("plain", "ä.example"),
    "empty": ("plain", ""),
    "no blank after the start": ("hosts", "0.0.0.0a.example"),
    "another start": ("hosts", "0.0.0.1 a.example"),
    "two names": ("hosts", "0.0.0.0 a.example b.example"),
    "no end": ("adblock", "||a.example"),
    "more behind the end": ("adblock", "||a.example^$important"),
    "blank before the end": ("adblock", "||a.example ^"),
    "another end": ("rpz", "a.example CNAME *."),
    "no blank in the end": ("rpz", "a.example CNAME."),
    "a name that never is one": ("rpz", "8.0.0.10.rpz-ip CNAME ."),
    "a name that never is one, below": ("rpz", "*.8.0.0.10.rpz-ip IN CNAME ."),
}  # fmt: skip


@pytest.mark.parametrize(("shapes", "line"), OTHER.values(), ids=OTHER)
def test_any_other_line_is_handed_on(core: ModuleType, shapes: str, line: str) -> None:
    found, others = core.scan(f"{line}\n".encode(), EACH[shapes])
    assert [names.count for names in found] == [0] * len(found)
    assert others == [(1, line.encode())]


def is_name(text: bytes) -> bool:
    labels = text.split(b".")
    return (
        len(text) <= 253
        and len(labels) >= 2
        and all(re.fullmatch(rb"[a-z0-9_-]{1,63}", label) for label in labels)
        and re.search(rb"[a-z]", labels[-1]) is not None
        and not text.startswith(b"localhost")
    )


def is_literal(part: bytes, literal: bytes) -> bool:
    return re.split(rb"[ \t]+", part) == literal.split(b" ")


def name_in(line: bytes, shape: Shape) -> bytes | None:
    """Try every way to cut a line into start, name and end."""
    for end in (line[:cut] for cut in range(len(line) + 1) if not line[cut:].strip(b" \t")):
        for start in (start for start in range(len(end)) if any(is_literal(end[:start], literal) for literal in shape.starts)):  # fmt: skip
            for stop in range(start + 1, len(end) + 1):
                name = end[start:stop]
                if (
                    is_name(name)
                    and not name.endswith(shape.never or (b"?",))
                    and any(is_literal(end[stop:], literal) for literal in shape.ends)
                ):
                    return name
    return None


WORDS = st.sampled_from(
    [
        b"a.example", b"x-_.b4", b"localhost.x", b"8.rpz-ip", b"A.b", b"1.2", b"a", b"..", b"*.", b"||", b"^",
        b"0.0.0.0", b"::", b" ", b" ", b"\t", b"\n", b"\n", b"\r", b"\0", b"\xff", b"#", b"/", b"address=/",
        b'local-zone: "', b'" static', b'." static', b" CNAME .", b"\tIN CNAME  .", b"a" * 64, b"\n||a.example^\n",
        b"\n0.0.0.0 a.example\n", b"\n*.a.example CNAME .\n", b'\n\tlocal-zone: "a.example" static \n',
    ]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=16).map(lambda words: b"".join(words) + b"\n")


@pytest.mark.parametrize("shapes", EACH.values(), ids=EACH)
@given(text=TEXTS, first=st.integers(1, 1 << 30))
def test_scan_reads_what_cutting_by_hand_reads(
    core: ModuleType, shapes: tuple[Shape, ...], text: bytes, first: int
) -> None:
    wanted: list[list[tuple[str, int]]] = [[] for _ in shapes]
    rest = []
    for number, line in enumerate(text[:-1].split(b"\n"), first):
        for shape, names in zip(shapes, wanted, strict=True):
            name = name_in(line, shape)
            if name is not None:
                names.append((name.decode(), number))
                break
        else:
            rest.append((number, line))
    found, others = core.scan(text, shapes, first)
    assert [listed(names) for names in found] == wanted
    assert others == rest


def listed(names: Names) -> list[tuple[str, int]]:
    numbers = memoryview(names.lines).cast("I").tolist()
    return list(zip(each_name(names), numbers, strict=True))


def test_scan_of_no_text_and_of_no_shapes(core: ModuleType) -> None:
    found, others = core.scan(b"", (PLAIN,))
    assert ([names.count for names in found], others) == ([0], [])
    assert core.scan(b"a.example\n\nb\n", ()) == ([], [(1, b"a.example"), (2, b""), (3, b"b")])
    assert core.scan(b"", ()) == ([], [])
    found, others = core.scan(memoryview(b"a.example\n\n"), (PLAIN,), 1 << 31)
    assert ([listed(names) for names in found], others) == ([[("a.example", 1 << 31)]], [((1 << 31) + 1, b"")])  # fmt: skip


LABELS = ("a", "b", "ab")
NAMES = [*LABELS, *(f"{two}.{one}" for one in LABELS for two in LABELS), "a.b.a", "b.b.a", "a.a.b.a"]  # fmt: skip
MASKS = st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(any)
SECTIONS = st.lists(st.tuples(st.lists(st.sampled_from(NAMES)), MASKS), max_size=6)


@given(sections=SECTIONS)
def test_build_merges_names_and_closes_over_parents(
    core: ModuleType, sections: list[tuple[list[str], tuple[int, int]]]
) -> None:
    pairs = Pairs()
    blobs = [(names_of(names).text, pairs.number(*masks)) for names, masks in sections]
    hashes, numbers, distinct = core.build(blobs, pairs, KEY)
    own: dict[str, tuple[int, int]] = {}
    for names, (here, down) in sections:
        for name in names:
            before = own.get(name, (0, 0))
            own[name] = before[0] | here, before[1] | down
    wanted = []
    for name, (here, down) in own.items():
        labels = name.split(".")
        parents = [".".join(labels[at:]) for at in range(1, len(labels))]
        above = 0
        for parent in parents:
            above |= own.get(parent, (0, 0))[1]
        if not here | above == down | above == above:
            wanted.append((core.siphash(KEY, name.encode()), (here | above, down | above)))
    assert [memoryview(each).format for each in (hashes, numbers)] == ["Q", "I"]
    assert distinct == len(own)
    assert [(hashed, pairs.pairs[number]) for hashed, number in zip(hashes, numbers, strict=True)] == sorted(wanted)  # fmt: skip


def test_build_of_nothing(core: ModuleType) -> None:
    hashes, numbers, distinct = core.build([], Pairs(), KEY)
    assert (list(hashes), list(numbers), distinct) == ([], [], 0)
    pairs = Pairs()
    hashes, numbers, distinct = core.build([(b"", pairs.number(1, 1))], pairs, KEY)
    assert (list(hashes), list(numbers), distinct) == ([], [], 0)


def test_build_is_the_same_however_many_names_there_are(core: ModuleType) -> None:
    """More bytes than any core takes at a time, in a section and over sections."""
    names = [f"{number:x}-{'x' * 40}.{number % 7}.example" for number in range(60_000)]
    pairs = Pairs()
    one, other = pairs.number(1, 0), pairs.number(2, 2)
    hashes, numbers, distinct = core.build(
        [(names_of(names).text, one), (names_of(["1.example", *names[:30_000]]).text, other)], pairs, KEY
    )  # fmt: skip
    assert distinct == 60_001
    below = sum(number % 7 == 1 for number in range(30_000, 60_000))
    counted = dict.fromkeys(pairs.pairs, 0)
    for number in numbers:
        counted[pairs.pairs[number]] += 1
    assert counted[1, 0] == 30_000 - below
    assert counted[3, 2] == 30_000 + below
    assert list(hashes) == sorted(set(hashes))


WIDTHS = ["narrow", "wide"]


@pytest.mark.parametrize("width", WIDTHS)
@given(names=st.sets(st.sampled_from([f"{name}.{end}" for name in NAMES for end in ("x", "y", "z")]), max_size=40), crowded=st.booleans())  # fmt: skip
def test_what_is_placed_is_found(
    core: ModuleType, width: str, names: set[str], *, crowded: bool
) -> None:
    by_hash = sorted((core.siphash(KEY, name.encode()), name) for name in names)
    hashes = array("Q", [hashed for hashed, _ in by_hash])
    numbers = array("I", range(1, len(hashes) + 1))
    homes = 1 if crowded else layout.homes_for(len(hashes))
    place = core.place_narrow if width == "narrow" else core.place_wide
    search_of = core.NarrowSearch if width == "narrow" else core.WideSearch
    slots = place(hashes, numbers, homes)
    words = 1 if width == "narrow" else 2
    assert len(memoryview(slots).cast("B")) % (8 * words) == 0
    here, below = [0, *(10 * number for number in numbers)], [0, *(11 * number for number in numbers)]  # fmt: skip
    search = search_of(slots, homes, KEY, here, below)
    numbered = {name: number for number, (_, name) in enumerate(by_hash, 1)}
    for name in (*names, "a.x", "b.a.y", "z", "", "q.a.b.a.z", "a.a.a.a.x"):
        assert search.pair_of(name) == numbered.get(name, 0)
        parent = name.partition(".")[2]
        while parent and parent not in numbered:
            parent = parent.partition(".")[2]
        wanted = 10 * numbered[name] if name in numbered else 11 * numbered.get(parent, 0)
        assert search.find(name) == wanted


@pytest.mark.parametrize("width", WIDTHS)
def test_slots_end_with_a_free_one(core: ModuleType, width: str) -> None:
    place = core.place_narrow if width == "narrow" else core.place_wide
    words = 1 if width == "narrow" else 2
    last_home = array("Q", [2**64 - 3, 2**64 - 2, 2**64 - 1])
    slots = memoryview(place(last_home, array("I", [1, 2, 3]), 5)).cast("B").cast("Q").tolist()
    assert len(slots) == words * 8  # homes 0 to 3, three names from home 4 on, a free one
    assert slots[: 4 * words] == [0] * 4 * words
    assert slots[-words:] == [0] * words


@pytest.mark.parametrize("homes", [1, 2, 3, 7, 1_000, 2**16 + 1])
def test_a_home_is_right_to_the_last_bit_of_the_hash(core: ModuleType, homes: int) -> None:
    first = [-(-(home << 64) // homes) for home in range(homes)]
    for home in {0, 1, homes // 2, homes - 1} & set(range(homes)):
        for hashed, wanted in ((first[home], home), (first[home] - 1, home - 1)):
            if wanted >= 0:
                slots = memoryview(core.place_narrow(array("Q", [hashed]), array("I", [1]), homes))
                taken = slots.cast("B").cast("Q").tolist()
                assert taken.index(hashed % 2**48 << 16 | 1) == wanted


@pytest.mark.parametrize(("width", "bits"), [("narrow", 48), ("wide", 64)])
def test_a_hash_that_differs_in_one_bit_is_another_name(
    core: ModuleType, width: str, bits: int
) -> None:
    place = core.place_narrow if width == "narrow" else core.place_wide
    new_search = core.NarrowSearch if width == "narrow" else core.WideSearch
    hashed = core.siphash(KEY, b"a.example")
    for bit in range(bits):
        other = array("Q", [hashed ^ 1 << bit])
        search = new_search(place(other, array("I", [1]), 1), 1, KEY, [0, 1], [0, 1])
        assert search.pair_of("a.example") == 0, bit


@pytest.mark.parametrize("width", WIDTHS)
def test_a_hash_without_a_number_is_refused(core: ModuleType, width: str) -> None:
    place = core.place_narrow if width == "narrow" else core.place_wide
    with pytest.raises(ValueError, match=r"number|shorter"):
        place(array("Q", [1, 2]), array("I", [1]), 4)


def test_the_last_name_of_a_text_may_lack_its_end(core: ModuleType) -> None:
    pairs = Pairs()
    number = pairs.number(1, 0)
    texts = [f"n{name}.example".encode() for name in range(200)]
    hashes, numbers, distinct = core.build([(text, number) for text in texts], pairs, KEY)
    assert list(hashes) == sorted(core.siphash(KEY, text) for text in texts)
    assert (list(numbers), distinct) == ([number] * 200, 200)


# Published with SipHash (Aumasson and Bernstein), key 00..0f, input 00, 01, 02, ... of each length.
VECTORS = {
    0: "310e0edd47db6f72",
    1: "fd67dc93c539f874",
    2: "5a4fa9d909806c0d",
    3: "2d7efbd796666785",
    4: "b7877127e09427cf",
    5: "8da699cd64557618",
    6: "cee3fe586e46c9cb",
    7: "37d1018bf50002ab",
    8: "6224939a79f5f593",
    15: "e545be4961ca29a1",
}


@pytest.mark.parametrize(("length", "wanted"), VECTORS.items())
def test_hash_is_siphash_2_4(core: ModuleType, length: int, wanted: str) -> None:
    assert core.siphash(KEY, bytes(range(length))).to_bytes(8, "little").hex() == wanted
