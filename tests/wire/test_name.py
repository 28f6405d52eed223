import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.errors import WireError
from filterd.wire.name import from_labels, parents, read, to_wire

labels = st.lists(st.binary(min_size=1, max_size=63), max_size=127).filter(
    lambda each: sum(map(len, each)) + len(each) + 1 <= 255
)


@pytest.mark.parametrize(
    ("wire_labels", "name"),
    [
        pytest.param([], "", id="root"),
        pytest.param([b"WWW", b"Example", b"ORG"], "www.example.org", id="lower case"),
        pytest.param([b"_dns", b"a-b", b"c_d"], "_dns.a-b.c_d", id="underscore and hyphen stay"),
        pytest.param([b"evil.com"], r"evil\046com", id="a dot inside a label is no separator"),
        pytest.param([b"evil\\", b"com"], r"evil\092.com", id="a backslash escapes nothing"),
        pytest.param([b"*", b"org"], r"\042.org", id="a star is no wildcard"),
        pytest.param([b"\0\xff a"], r"\000\255\032a", id="octets that are no text"),
        pytest.param(["münchen".encode()], r"m\195\188nchen", id="raw UTF-8"),
    ],
)
def test_labels_read_as_one_unmistakable_text(wire_labels: list[bytes], name: str) -> None:
    assert from_labels(wire_labels) == name


@given(labels)
def test_what_is_written_is_read_again(wire_labels: list[bytes]) -> None:
    name = from_labels(wire_labels)
    wire = to_wire(name)
    assert read(wire, 0) == (name, len(wire))
    assert name.count(".") == max(0, len(wire_labels) - 1)


@given(labels)
def test_dnspython_writes_the_same_wire(wire_labels: list[bytes]) -> None:
    oracle = dns.name.Name([*wire_labels, b""]).canonicalize()
    assert to_wire(from_labels(wire_labels)) == oracle.to_wire()


@given(labels, st.binary(max_size=20))
def test_a_name_is_read_wherever_it_stands(wire_labels: list[bytes], before: bytes) -> None:
    wire = dns.name.Name([*wire_labels, b""]).to_wire()
    name, end = read(before + wire + b"\x01behind", len(before))
    assert name == from_labels(wire_labels)
    assert end == len(before) + len(wire)


def test_a_long_label_does_not_hide_a_strange_one() -> None:
    # The quick way counts dots: a length octet of 45 reads "-", the "," would make up for it.
    name, _ = read(b"\x01a" + b"\x2d" + b"b" * 45 + b"\x03c,d" + b"\0", 0)
    assert name == "a." + "b" * 45 + r".c\044d"


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=10))
def test_any_bytes_are_a_name_or_refused(packet: bytes, at: int) -> None:
    try:
        name, end = read(packet, at)
    except (WireError, IndexError):
        return
    assert to_wire(name) == packet[at:end].lower()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a..b", id="empty label"),
        pytest.param("a.", id="trailing dot"),
        pytest.param(".", id="root with its dot"),
        pytest.param("A.b", id="upper case"),
        pytest.param("a b", id="space"),
        pytest.param("münchen.de", id="not an A-label"),
        pytest.param(r"a\25", id="escape cut short"),
        pytest.param(r"a\256", id="escape above an octet"),
        pytest.param("a" * 64, id="label of 64"),
        pytest.param(".".join(["a" * 49] * 5 + ["a" * 4]), id="256 octets"),
        pytest.param("a\n", id="line end"),
    ],
)
def test_what_is_no_name_is_not_written(name: str) -> None:
    with pytest.raises(ValueError):
        to_wire(name)


def test_parents_go_from_the_name_itself_to_the_top_level() -> None:
    assert list(parents(r"www.evil\046com.org")) == [
        r"www.evil\046com.org",
        r"evil\046com.org",
        "org",
    ]


def test_the_root_has_no_parents() -> None:
    assert list(parents("")) == []
