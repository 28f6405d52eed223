"""squidGuard trees: one category out of an archive, whatever the archive tries."""

import contextlib
import gzip
import io
import tarfile
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.errors import ListError
from filterd.lists import formats
from filterd.lists.formats import archive, squidguard
from filterd.lists.formats.lines import MOST_COMPLAINTS
from filterd.lists.locate import Located, locate
from filterd.lists.parsed import Scope, names_of
from filterd.lists.rule import Kind

LONG = "x" * 90
ADULT = b"a.example\nwww.b.example\n"


def tar(
    files: Mapping[str, bytes] = {},
    links: Mapping[str, str] = {},
    hard: Mapping[str, str] = {},
    form: int = tarfile.USTAR_FORMAT,
) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as tree:
        for name, target in links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tree.addfile(member)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tree.addfile(member, io.BytesIO(content))
        for name, target in hard.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.LNKTYPE, target
            tree.addfile(member)
    return packed.getvalue()


FOUND = {
    "at the top": tar({"adult/domains": ADULT}),
    "in a folder": tar({"blacklists/adult/domains": ADULT}),
    "dot and slash": tar({"./BL/adult/domains": ADULT}),
    "beside others": tar({"BL/ads/domains": b"c.example\n", "BL/adult/urls": b"d.example/x\n", "BL/adult/domains": ADULT}),
    "nearest the top": tar({"BL/old/adult/domains": b"c.example\n", "BL/adult/domains": ADULT}),
    "link to a folder": tar({"BL/porn/domains": ADULT}, {"BL/adult": "porn"}),
    "link to a folder elsewhere": tar({"BL/x/porn/domains": ADULT}, {"BL/adult": "./x/../x/porn"}),
    "link to a link": tar({"BL/c/domains": ADULT}, {"BL/adult": "b", "BL/b": "c"}),
    "link to a file": tar({"BL/x": ADULT}, {"BL/adult/domains": "../x"}),
    "link above": tar({"real/adult/domains": ADULT}, {"BL": "real"}),
    "hard link": tar({"BL/porn/domains": ADULT}, hard={"BL/adult/domains": "BL/porn/domains"}),
    "gzip": gzip.compress(tar({"BL/adult/domains": ADULT})),
    "long name, POSIX": tar({f"{LONG}/y/{LONG[:70]}/adult/domains": ADULT}),
    "long name, GNU": tar({f"{LONG}/{LONG}/{LONG}/adult/domains": ADULT}, form=tarfile.GNU_FORMAT),
    "long name, pax": tar({f"{LONG}/{LONG}/{LONG}/adult/domains": ADULT}, form=tarfile.PAX_FORMAT),
    "Unicode name, pax": tar({"Bücher/adult/domains": ADULT}, form=tarfile.PAX_FORMAT),
    "long link, GNU": tar({f"{LONG}/{LONG}/{LONG}/domains": ADULT}, {"adult": f"{LONG}/{LONG}/{LONG}"}, form=tarfile.GNU_FORMAT),
    "written again": tar({"adult/domains": b"c.example\n"})[:1024] + tar({"adult/domains": ADULT}),
}  # fmt: skip


@pytest.mark.parametrize("packed", FOUND.values(), ids=FOUND)
def test_category_is_found(packed: bytes) -> None:
    assert squidguard.domains_of("ut1", packed, "adult") == ADULT


def test_category_is_read_with_all_below_its_names() -> None:
    parsed = formats.parse("ut1", FOUND["in a folder"], "squidguard:adult")
    assert parsed.format == "squidguard"
    assert parsed.names == {(Kind.BLOCK, Scope.SUBTREE): names_of(["a.example", "www.b.example"])}
    assert locate(parsed, "x.www.b.example") == Located(2, "www.b.example")
    assert formats.text_of(FOUND["gzip"], 2, "squidguard:adult") == "www.b.example"


def test_category_in_a_folder_of_categories() -> None:
    packed = tar({"BL/hobby/games/domains": ADULT, "BL/games/domains": b"c.example\n"})
    assert squidguard.domains_of("shalla", packed, "hobby/games") == ADULT


def test_domains_file_alone_is_read_too() -> None:
    parsed = formats.parse("ut1", b"a.example\n10.0.0.1\n" * 2 * MOST_COMPLAINTS, "squidguard")
    assert parsed.rules == parsed.unused == 2 * MOST_COMPLAINTS


NESTED = tar({"BL/x/domains": ADULT}, {"BL/adult": "1", **{f"BL/{n}": str(n + 1) for n in range(1, 50)}, "BL/50": "x"})  # fmt: skip
REFUSED = {
    "no such category": (tar({"BL/ads/domains": ADULT, "BL/games/domains": ADULT}), "no adult/domains; it has ads, games"),
    "no category": (tar({"README": b"hello"}), "it has no category at all"),
    "part of a folder's name": (tar({"BL/nonadult/domains": ADULT}), "it has nonadult"),
    "link out of the archive": (tar({"x": ADULT}, {"BL/adult": "../../etc"}), "no adult/domains"),
    "link to a path of the machine": (tar({"etc/domains": ADULT}, {"BL/adult": "/etc"}), "no adult/domains"),
    "name out of the archive": (tar({"../adult/domains": ADULT}), "no adult/domains"),
    "link to itself": (tar({}, {"BL/adult": "adult"}), "no adult/domains"),
    "link into itself": (tar({}, {"BL/adult": "adult/x"}), "no adult/domains"),
    "links in a ring": (tar({}, {"BL/adult": "b", "BL/b": "adult"}), "no adult/domains"),
    "too many links": (NESTED, "no adult/domains"),
    "link to nothing": (tar({}, {"BL/adult": "gone"}), "no adult/domains"),
    "cut off": (tar({"BL/adult/domains": ADULT * 999})[:2000], "the archive is cut off"),
    "cut off between members": (tar({"BL/adult/domains": ADULT})[:1024], "the archive is cut off"),
    "cut-off gzip": (FOUND["gzip"][:-20], "the archive is cut off"),
    "damaged gzip": (b"\x1f\x8b" + b"x" * 99, "the archive is damaged gzip"),
    "damaged header": (tar({"BL/adult/domains": ADULT}).replace(b"BL/adult", b"BL/adulx", 1), "the archive is damaged"),
    "no archive": (ADULT, "the file is no tar archive"),
    "gzip of no archive": (gzip.compress(ADULT), "the file is no tar archive"),
    "web page": (b"<html>404", "the file is no tar archive"),
    "empty": (b"", "the file is no tar archive"),
    "a name too long to be one": (tar({"/".join([LONG] * 60) + "/adult/domains": ADULT}, form=tarfile.PAX_FORMAT), "a name too long to be one"),
}  # fmt: skip


@pytest.mark.parametrize(("packed", "what"), REFUSED.values(), ids=REFUSED)
def test_archive_that_is_refused(packed: bytes, what: str) -> None:
    with pytest.raises(ListError) as caught:
        formats.parse("ut1", packed, "squidguard:adult")
    assert what in caught.value.what


def test_what_lies_in_the_archive_must_still_be_a_list() -> None:
    with pytest.raises(ListError, match="a web page"):
        formats.parse("ut1", tar({"adult/domains": b"<html>404"}), "squidguard:adult")


def test_bomb_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_INFLATED", 1 << 20)
    with pytest.raises(ListError, match="bigger than 1 MiB"):
        formats.parse("ut1", gzip.compress(bytes(1 << 21)), "squidguard:adult")


def test_members_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBERS", 3)
    with pytest.raises(ListError, match="more than 3 members"):
        formats.parse("ut1", tar({f"{n}/domains": b"" for n in range(4)}), "squidguard:1")


@given(at=st.integers(0, 4095), byte=st.integers(0, 255), form=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))  # fmt: skip
def test_no_damage_raises_anything_else(at: int, byte: int, form: int) -> None:
    packed = bytearray(tar({f"{LONG}/{LONG}/adult/domains": ADULT}, {"porn": "adult"}, form=form))
    packed[at % len(packed)] = byte
    for category in ("adult", "porn"):
        with contextlib.suppress(ListError):
            assert formats.parse("ut1", bytes(packed), f"squidguard:{category}").rules
