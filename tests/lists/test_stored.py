"""A read list comes back from its file as it was, and a damaged file is no list."""

import mmap
import struct
import tempfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.errors import ListError
from filterd.lists import formats, stored
from filterd.lists.compile import compile_index
from filterd.lists.condition import Conditional, Rewrite, Who
from filterd.lists.parsed import Complaint, Parsed, Placed, Scope, each_name, names_of
from filterd.lists.rule import Kind
from filterd.lists.stored import from_buffer, to_bytes

KEY = bytes(16)
LINES = st.integers(0, 2**32 - 1)
NAME = st.sampled_from(["a.b", "b.a.b", "xn--bcher-kva.de", "_x.y"])
TEXT = st.text(max_size=8)
CONDITIONAL = st.builds(
    Conditional,
    st.sampled_from(Kind),
    st.one_of(st.just(""), NAME),
    st.sampled_from(["", *(scope.value for scope in Scope)]),
    TEXT,
    st.booleans(),
    st.frozensets(st.integers(0, 65535)),
    st.frozensets(st.integers(0, 65535)),
    st.builds(Who, *(st.lists(TEXT, max_size=2).map(tuple) for _ in Who._fields)),
    st.frozensets(NAME),
    st.one_of(st.none(), st.builds(Rewrite, st.integers(0, 23), st.integers(0, 65535), st.binary(max_size=9))),
)  # fmt: skip
NAMES = st.lists(st.tuples(NAME, LINES), min_size=1).map(
    lambda rows: names_of([name for name, _ in rows], [line for _, line in rows])
)
PARSED = st.builds(
    Parsed,
    st.sampled_from(list(formats.FORMATS)),
    st.dictionaries(st.tuples(st.sampled_from(Kind), st.sampled_from(Scope)), NAMES),
    st.lists(st.builds(Placed, LINES, CONDITIONAL), max_size=4).map(tuple),
    st.lists(st.builds(Complaint, LINES, TEXT, TEXT), max_size=4).map(tuple),
    st.integers(0),
    st.integers(0),
    st.integers(0),
)


@given(parsed=PARSED)
def test_what_was_written_comes_back(parsed: Parsed) -> None:
    data = to_bytes(parsed)
    again = from_buffer(data)
    assert again == parsed
    assert list(again.names) == list(parsed.names)
    assert to_bytes(again) == data


LIST = b"! head\n||b.example^\n@@||a.b.example^\nc.example\n\xff\n||c.example^$important\n"
PARSED_LIST = Parsed(
    "adblock",
    {
        **formats.parse("mine", LIST, "adblock").names,
        (Kind.EXCEPTION, Scope.BELOW): names_of(["d.example"], [7]),
    },
    (Placed(9, Conditional(Kind.REWRITE, "e.example", "exact", rewrite=Rewrite(0, 1, b"\1\2\3\4"))),),
    (Complaint(5, "\N{REPLACEMENT CHARACTER}", "no name"),),
    complaint_count=1,
    lines=9,
)  # fmt: skip
FILE = to_bytes(PARSED_LIST)


@pytest.mark.parametrize("bit", range(8))
def test_one_flipped_bit_anywhere_is_noticed(bit: int) -> None:
    for place in range(len(FILE)):
        data = bytearray(FILE)
        data[place] ^= 1 << bit
        with pytest.raises(ListError):
            from_buffer(data)


def test_a_file_cut_off_anywhere_or_longer_is_noticed() -> None:
    for length in range(len(FILE)):
        with pytest.raises(ListError):
            from_buffer(FILE[:length])
    with pytest.raises(ListError):
        from_buffer(FILE + bytes(8))


@given(data=st.data())
def test_any_damage_is_a_list_error_or_no_damage(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(FILE)))
    end = data.draw(st.integers(start, len(FILE)))
    damaged = FILE[:start] + data.draw(st.binary(max_size=64)) + FILE[end:]
    try:
        assert from_buffer(damaged) == PARSED_LIST
    except ListError:
        assert damaged != FILE


@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    for start in (b"", stored.MAGIC, FILE[:12]):
        with pytest.raises(ListError):
            from_buffer(start + data)


def with_facts(facts: bytes, blobs: bytes = b"") -> bytes:
    """Return a file whose checksum is right."""
    facts += b" " * (-len(facts) % 8)
    body = facts + blobs
    return struct.pack("=8sHHQI", stored.MAGIC, stored.BYTE_ORDER, stored.VERSION, len(facts), zlib.crc32(body)) + body  # fmt: skip


HEAD = b'{"format":"t","lines":1,"complaint_count":0,"unused":0,"complaints":[],'
NONSENSE = {
    "no JSON": (b"hello", b""),
    "no object": (b"[]", b""),
    "nothing in it": (b"{}", b""),
    "deep": (b"[" * 100_000, b""),
    "another kind": (HEAD + b'"conditional":[],"names":[[99,"exact",4,1]]}', b"a.b\n    \1\0\0\0    "),
    "another scope": (HEAD + b'"conditional":[],"names":[[4,"all",4,1]]}', b"a.b\n    \1\0\0\0    "),
    "names cut off": (HEAD + b'"conditional":[],"names":[[4,"exact",4,1]]}', b"a.b\n    "),
    "more than it says": (HEAD + b'"conditional":[],"names":[]}', b"a.b\n    "),
    "a name without its end": (HEAD + b'"conditional":[],"names":[[4,"exact",3,1]]}', b"a.b     \1\0\0\0    "),
    "less than nothing": (HEAD + b'"conditional":[],"names":[[4,"exact",-8,2]]}', b""),
    "a rule that is none": (HEAD + b'"conditional":[[1,{"kind":"x"}]],"names":[]}', b""),
    "a rewrite that is none": (HEAD + b'"conditional":[[1,{"kind":0,"rewrite":[0,1,"zz"]}]],"names":[]}', b""),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "blobs"), NONSENSE.values(), ids=NONSENSE)
def test_facts_that_make_no_sense_are_refused(facts: bytes, blobs: bytes) -> None:
    with pytest.raises(ListError, match="cannot be used"):
        from_buffer(with_facts(facts, blobs))


def test_names_stay_in_the_mapped_file() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(FILE)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        parsed = from_buffer(mapped)
        assert parsed == PARSED_LIST
        with pytest.raises(BufferError):
            mapped.close()  # the names still lie in it
        index = compile_index([("one", parsed)], KEY)
        assert index == compile_index([("one", PARSED_LIST)], KEY)
        del parsed
        mapped.close()


def test_a_name_costs_at_most_forty_bytes() -> None:
    names = [f"n{number}.some-name.example" for number in range(10_000)]
    data = to_bytes(formats.parse("mine", "\n".join(names).encode()))
    assert len(data) <= 40 * len(names)
    assert [*each_name(from_buffer(data).names[Kind.BLOCK, Scope.EXACT])] == names
