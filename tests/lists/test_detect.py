"""Which files are lists, in which format, and what is said about those that are not."""

import gzip
import lzma
import re

import pytest
from pydantic import ValidationError

from filterd.config.document import ListSource
from filterd.errors import ListError
from filterd.lists import formats

FORMAT_OF = {
    "hosts": (b"# head\n127.0.0.1 localhost\n0.0.0.0 a.example\n", "hosts"),
    "hosts without a newline": (b"0.0.0.0 a.example", "hosts"),
    "domains": (b"! head\na.example\nb.example # ours\n", "domains"),
    "wildcard": (b"# head\n*.a.example\n*.b.example\n", "wildcard"),
    "byte order mark": (b"\xef\xbb\xbf*.a.example\n", "wildcard"),
    "mostly domains": (b"*.a.example\nb.example\nc.example\n", "domains"),
    "one stray line": (b"a.example\n0.0.0.0 b.example\n0.0.0.0 c.example\n", "hosts"),
    "raw Unicode": ("bücher.example\n".encode(), "domains"),
    "a stray NUL in a list": (b"a.example\n" * 99 + b"\0", "domains"),
    "head longer than the sample": (b"# remark\n" * 2000 + b"0.0.0.0 a.example\n", "hosts"),
    "adblock": (b"! Title\n||a.example^\n||b.example^$important\n@@||c.example^\n", "adblock"),
    "adblock that begins with plain names": (b"a.example\n" * 600 + b"||b.example^\n", "adblock"),
    "adblock that begins with hosts lines": (b"0.0.0.0 a.example\n" * 600 + b"@@||b.example^\n", "adblock"),
    "hosts with one odd line": (b"0.0.0.0 a.example\n" * 9 + b"address=/b.example/\n", "hosts"),
    "a browser's list": (b"[Adblock Plus 2.0]\n##.ad\n###banner\na.example##.ad\n/ads/*\n||a.example^\n", "adblock"),
    "remarks that look like rules": (b"## head\n#### a ####\n# ||x^\na.example\n", "domains"),
    "Pi-hole regexes": (b"(\\.|^)a\\.example$\n^ads?[0-9]*\\.\n^x;querytype=A\nb.example\n", "pihole"),
    "dnsmasq": (b"# head\naddress=/a.example/0.0.0.0\nlocal=/b.example/\n", "dnsmasq"),
    "dnsmasq, old and new": (b"server=/a.example/\naddress=/b.example/#\n", "dnsmasq"),
    "unbound": (b'server:\nlocal-zone: "a.example" always_null\n' * 2, "unbound"),
    "unbound's data": (b'local-data: "a.example A 0.0.0.0"\n', "unbound"),
    "RPZ": (b"$TTL 60\n@ SOA localhost. root. 1 2 3 4 5\na.example CNAME .\n", "rpz"),
    "RPZ without SOA": (b"; head\na.example CNAME .\n*.a.example 60 IN CNAME .\n", "rpz"),
    "RPZ of local data": (b"$TTL 60\na.example A 192.0.2.1\nb.example IN AAAA ::\n", "rpz"),
    "list named JSON-like": (b"[Adblock Plus]\na.example\n", "domains"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "form"), FORMAT_OF.values(), ids=FORMAT_OF)
def test_format_is_detected(text: bytes, form: str) -> None:
    assert formats.detect("mine", text) == form
    assert formats.parse("mine", text).format == form


NO_LIST = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \r\n\t\n" * 3000, "the file is empty"),
    "byte order mark alone": (b"\xef\xbb\xbf", "the file is empty"),
    "error page": (b"<!DOCTYPE html>\n<title>404</title>", "the file is a web page"),
    "error page after blanks": (b"\n\n  <html>", "the file is a web page"),
    "XML with a byte order mark": (b"\xef\xbb\xbf<?xml version='1.0'?>", "the file is a web page"),
    "JSON object": (b'{"message": "Not Found"}', "the file is JSON"),
    "JSON list": (b'[ "a.example", "b.example" ]', "the file is JSON"),
    "empty JSON list": (b"[]", "the file is JSON"),
    "gzip": (gzip.compress(b"a.example\n"), "the file is packed with gzip"),
    "xz": (lzma.compress(b"a.example\n"), "the file is packed with xz"),
    "zip": (b"PK\x03\x04\x14\0\0\0", "the file is packed with zip"),
    "tar": (
        b"\0" * 257 + b"ustar\x0000" + b"\0" * 600,
        "the file is a tar archive; write its category",
    ),
    "UTF-16": ("a.example\n".encode("utf-16"), "the file is UTF-16 text"),
    "UTF-16 without a mark": ("a.example\n".encode("utf-16-le"), "the file is binary"),
    "binary": (bytes(range(256)) * 4, "the file is binary"),
    "NULs": (bytes(1000), "the file is binary"),
}


@pytest.mark.parametrize(("text", "what"), NO_LIST.values(), ids=NO_LIST)
@pytest.mark.parametrize("form", ["auto", *formats.FORMATS])
def test_file_that_is_no_list_is_refused_and_named(form: str, text: bytes, what: str) -> None:
    with pytest.raises(ListError) as caught:
        formats.parse("theirs", text, form)
    assert caught.value.source == "theirs"
    assert caught.value.what.startswith(what)


def source(form: str) -> ListSource:
    return ListSource.model_validate({"category": "adult", "file": "x", "format": form})


@pytest.mark.parametrize("form", ["auto", *formats.FORMATS, "squidguard:adult", "squidguard:hobby/games-misc"])  # fmt: skip
def test_every_format_can_be_chosen_for_a_list(form: str) -> None:
    assert source(form).format == form


NO_FORMAT = {
    "mistyped": ("adblok", "did you mean adblock?"),
    "unknown": ("zzz", "one of: auto, hosts, domains, wildcard, adblock, pihole, dnsmasq, rpz, unbound, squidguard"),
    "no category": ("squidguard:", "like squidguard:adult"),
    "category of another format": ("hosts:adult", "did you mean"),
    "a way out": ("squidguard:../adult", "like squidguard:adult"),
    "a path of the machine": ("squidguard:/etc", "like squidguard:adult"),
}  # fmt: skip


@pytest.mark.parametrize(("form", "right"), NO_FORMAT.values(), ids=NO_FORMAT)
def test_unknown_format_is_refused_and_the_right_one_named(form: str, right: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(right)):
        source(form)


NO_NAMES = {
    "only remarks": (b"# nothing yet\n\n", "auto", "no line of the file holds a name"),
    "only remarks, format given": (b"# nothing yet\n", "domains", "no line holds a name in the domains format"),
    "error in plain text": (b"404: Not Found", "auto", "no line of the file holds a name"),
    "only addresses": (b"10.0.0.1\n10.0.0.2\n", "domains", "line 1, '10.0.0.1': an IP address, not a name"),
    "only the machine's own names": (b"127.0.0.1 localhost\n", "hosts", "no line holds a name in the hosts format"),
    "read in the wrong format": (b"0.0.0.0 a.example\n", "domains", "line 1, '0.0.0.0 a.example': more than one word"),
    "prose with a name in it": (b"example.org\n" + b"we are sorry\n" * 30, "domains", "of 31 lines 1 hold a name; line 2, 'we are sorry'"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "form", "what"), NO_NAMES.values(), ids=NO_NAMES)
def test_file_without_names_is_refused_and_says_why(text: bytes, form: str, what: str) -> None:
    with pytest.raises(ListError) as caught:
        formats.parse("theirs", text, form)
    assert what in caught.value.what


def test_a_guardians_own_short_list_survives_its_mistakes() -> None:
    text = b"example.org\nhttps://example.net/page\nexample\nnot a name\n"
    parsed = formats.parse("mine", text)
    assert parsed.rules == 1
    assert parsed.complaint_count == 3
