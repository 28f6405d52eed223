import dns.edns
import dns.message
import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.wire import codes
from filterd.wire.edns import MAX_EDE_TEXT_OCTETS, Ede, opt_record, read_opt


def seen_by_dnspython(opt: bytes) -> dns.message.Message:
    head = bytes.fromhex("0001 8180 0001 0000 0000 0001 00 0001 0001")
    return dns.message.from_wire(head + opt)


@pytest.mark.parametrize(
    ("do", "ede"),
    [
        pytest.param(False, None, id="plain"),
        pytest.param(True, None, id="DO"),
        pytest.param(False, (codes.EDE_BLOCKED, "adult"), id="extended error"),
        pytest.param(True, (codes.EDE_FILTERED, ""), id="extended error without text"),
        pytest.param(True, (codes.EDE_CENSORED, "بچوں کے لیے"), id="text in Urdu"),
    ],
)
def test_our_opt_says_to_dnspython_what_it_should(*, do: bool, ede: Ede) -> None:
    message = seen_by_dnspython(opt_record(do, ede))
    assert (message.edns, message.payload) == (0, 1232)
    assert bool(message.ednsflags & 0x8000) is do
    if ede is None:
        assert message.options == ()
    else:
        (option,) = message.options
        assert isinstance(option, dns.edns.EDEOption)
        assert (option.code, option.text or "") == ede


@given(st.text(max_size=200))
def test_a_long_text_is_cut_between_characters(text: str) -> None:
    ((code, option),) = read_opt(opt_record(True, (15, text)), 0)[0].options
    assert code == 15
    assert len(option) - 2 <= MAX_EDE_TEXT_OCTETS
    cut = option[2:].decode()
    assert text.startswith(cut)
    assert cut == text or len(text[: len(cut) + 1].encode()) > MAX_EDE_TEXT_OCTETS


def test_the_upper_bits_of_badvers_are_in_the_opt() -> None:
    assert seen_by_dnspython(opt_record(False, None, codes.BADVERS)).rcode() == codes.BADVERS
