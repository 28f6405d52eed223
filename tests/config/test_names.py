"""Whatever a guardian pastes becomes one name, or is refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.config.names import host_name, own_name
from filterd.config.wrong import Wrong


@pytest.mark.parametrize(
    ("pasted", "name"),
    [
        pytest.param("example.com", "example.com", id="a plain name"),
        pytest.param(" Example.COM. ", "example.com", id="case, spaces and the trailing dot"),
        pytest.param("https://www.example.com/path?x=1#y", "www.example.com", id="a URL"),
        pytest.param("HTTP://Example.com", "example.com", id="a URL without a path"),
        pytest.param("https://user:secret@example.com:8443/", "example.com", id="user and port"),
        pytest.param("//example.com/x", "example.com", id="a URL without its scheme"),
        pytest.param("example.com/watch", "example.com", id="a path without a scheme"),
        pytest.param("example.com:8080", "example.com", id="a port without a scheme"),
        pytest.param("example.com?x=a@b", "example.com", id="an @ after the host is not its user"),
        pytest.param("https://example.com./", "example.com", id="a URL with a trailing dot"),
        pytest.param("=exact.example.com", "=exact.example.com", id="this name alone"),
        pytest.param("= Exact.example.com", "=exact.example.com", id="this name alone, spaced"),
        pytest.param("=https://a.example.com/x", "=a.example.com", id="this URL's name alone"),
        pytest.param("*.example.com", "example.com", id="a star means the name and all below"),
        pytest.param("_dmarc.example.com", "_dmarc.example.com", id="underscores are fine"),
        pytest.param("r3---sn-x.example.com", "r3---sn-x.example.com", id="hyphens 3 and 4"),
        pytest.param("-odd-.example.com", "-odd-.example.com", id="hyphens at the edges exist"),
        pytest.param("example.xxx", "example.xxx", id="any ending"),
        pytest.param("xn--fa-hia.de", "xn--fa-hia.de", id="an A-label stays"),
        pytest.param("faß.de", "xn--fa-hia.de", id="sharp s is IDNA 2008, not fass.de"),
        pytest.param("BÜCHER.example", "xn--bcher-kva.example", id="capitals outside ASCII"),
        pytest.param("https://اردو.example/x", "xn--mgbqf7g.example", id="Urdu"),
        pytest.param("_x.bücher.example", "_x.xn--bcher-kva.example", id="underscore beside IDN"),
        pytest.param("例え。example。com", "xn--r8jz45g.example.com", id="ideographic dots"),
        pytest.param("ｅｘａｍｐｌｅ.com", "example.com", id="full-width letters"),
        pytest.param("a" * 63 + ".com", "a" * 63 + ".com", id="the longest label"),
    ],
)
def test_what_is_pasted_becomes_the_name(pasted: str, name: str) -> None:
    assert own_name(pasted) == name
    assert own_name(name) == name


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        pytest.param("", "holds no name", id="nothing"),
        pytest.param("https://", "holds no name", id="a scheme alone"),
        pytest.param("=", "holds no name", id="an = alone"),
        pytest.param("192.168.1.1", "IP address", id="IPv4"),
        pytest.param("https://192.168.1.1:80/x", "IP address", id="IPv4 in a URL"),
        pytest.param("192.168.1.1.", "IP address", id="IPv4 with a trailing dot"),
        pytest.param("2001:db8::1", "IP address", id="IPv6"),
        pytest.param("http://[2001:db8::1]:80/", "IP address", id="IPv6 in a URL"),
        pytest.param("1.2.3.4.5", "ends in a number", id="no ending is a number"),
        pytest.param("com", "single word", id="a single label"),
        pytest.param("=localhost", "single word", id="a single label, exact"),
        pytest.param("*.com", "single word", id="a whole ending"),
        pytest.param("bad example.com", "space", id="a space"),
        pytest.param("a.com b.com", "space", id="two names"),
        pytest.param("a..com", "between two dots", id="an empty label"),
        pytest.param(".example.com", "between two dots", id="a dot in front"),
        pytest.param("example.com..", "between two dots", id="two trailing dots"),
        pytest.param("someone@example.com", "e-mail", id="an e-mail address"),
        pytest.param("||example.com^", '"|"', id="ad-blocker syntax"),
        pytest.param("a.*.example.com", '"*"', id="a star elsewhere"),
        pytest.param("=*.example.com", '"*"', id="a star behind ="),
        pytest.param("a,b.com", '","', id="a comma"),
        pytest.param("a" * 64 + ".com", "63", id="a label too long"),
        pytest.param(".".join(["a" * 60] * 5), "253", id="a name too long"),
        pytest.param("ü" * 60 + ".com", "international", id="a label too long in its ASCII form"),
        pytest.param("a\u202eb.com", "no name can have", id="a direction override"),
        pytest.param("\u0301a.com", "international name", id="an accent without a letter"),
        pytest.param("x" * 5000, "too long", id="a book"),
    ],
)
def test_what_is_no_name_is_refused_in_words(pasted: str, words: str) -> None:
    with pytest.raises(Wrong) as refusal:
        own_name(pasted)
    assert words in str(refusal.value)
    assert "example.com" in str(refusal.value) or "by itself" in str(refusal.value)


@given(st.text(max_size=40) | st.from_regex(r"[a-zü=*.:/@\[\]0-9 -]{0,20}", fullmatch=True))
def test_any_text_is_a_name_that_stays_or_is_wrong(text: str) -> None:
    try:
        name = own_name(text)
    except Wrong:
        return
    assert own_name(name) == name
    assert name.isascii()
    assert name == name.lower()
    assert not name.endswith(".")
    assert len(name.removeprefix("=")) <= 253
    assert all(0 < len(label) <= 63 for label in name.removeprefix("=").split("."))


def test_a_house_name_may_be_one_word() -> None:
    assert host_name("FilterBox") == "filterbox"
    assert host_name("filter.lan.") == "filter.lan"


@pytest.mark.parametrize("text", ["192.168.1.1", "http://filter.lan", "=filter.lan", "a b", ""])
def test_a_house_name_is_a_plain_name(text: str) -> None:
    with pytest.raises(Wrong):
        host_name(text)
