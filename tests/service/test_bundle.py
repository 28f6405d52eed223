"""A bundle carries texts to a house without internet, whole or not at all."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from filterd.config.document import Document
from filterd.errors import FilterdError
from filterd.service.bundle import CONTENTS, pack_lists, unpack_lists
from filterd.service.compiling import compile_lists
from filterd.service.current import index_key
from filterd.service.layout import Layout
from filterd.service.manifest import Copy, Download, ListState, load_manifest, save_manifest
from filterd.store.policy import PolicyStore
from filterd.store.schema import upgrade

URL = "https://lists.example/web.txt"
WEB = b"casino.example\ndice.example\n"


@pytest.fixture
def document(document: Document, house) -> Document:
    return house.with_lists(
        document,
        web={"category": "games", "url": URL},
        mine={"category": "games", "file": "mine.txt", "match": "subdomains"},
        adult={"category": "adult", "file": "blocklists/adult.txt"},
    )


@pytest.fixture
def config(layout: Layout, document: Document, store, house) -> Path:
    """A house with internet: one list fetched, one of its own, one curated."""
    layout.downloads.mkdir()
    layout.copy_of("web").write_bytes(WEB)
    (layout.base / "mine.txt").write_bytes(b"chat.example\n")
    copy = Copy(URL, hashlib.sha256(WEB).hexdigest(), '"one"')
    state = ListState("web", "games", download=Download((URL,), copy, fetched=1_700_000_000.0))
    save_manifest(layout.manifest, load_manifest(layout.manifest).with_state(state, is_stale=True))
    compile_lists(layout, document, index_key(layout))
    return house.write_config(layout, document)


@pytest.fixture
def bundle(config: Path, tmp_path: Path) -> Path:
    path = tmp_path / "lists.tar.gz"
    list(pack_lists(config, path))
    return path


class School:
    """A house with the same policy and nothing else."""

    def __init__(self, base: Path, document: Document, house, now) -> None:
        self.layout = Layout(base / "state", base)
        self.layout.state.mkdir(parents=True)
        upgrade(self.layout.state)
        store = PolicyStore(self.layout.policy_db)
        store.seed(document, author="filterd", now=now)
        store.close()
        self.config = house.write_config(self.layout, document)

    def files(self) -> set[str]:
        folder = self.layout.downloads
        return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.fixture
def school(tmp_path: Path, document: Document, house, now) -> School:
    return School(tmp_path / "school", document, house, now)


def test_a_bundle_brings_all_lists_in_force(bundle: Path, school: School, house) -> None:
    said = "\n".join(unpack_lists(school.config, bundle))
    assert "web: 2 names are in force" in said
    for name in ("casino.example", "www.chat.example"):
        assert house.is_blocked(school.layout, name)
    state = load_manifest(school.layout.manifest).state_of("web")
    assert state.download.fetched == 1_700_000_000.0, "it is as old as it is"
    assert state.download.copy.etag is None, "no server named it"
    assert school.files() == {"web.txt", "mine.txt", "adult.txt"}


def test_a_bundle_holds_texts_sums_and_nothing_else(bundle: Path) -> None:
    with tarfile.open(bundle) as archive:
        names = archive.getnames()
        contents = json.load(archive.extractfile(CONTENTS))
        web = archive.extractfile("web.txt").read()
    assert names == [CONTENTS, "web.txt", "mine.txt", "adult.txt"]
    assert web == WEB
    assert contents["lists"][0]["sha256"] == hashlib.sha256(WEB).hexdigest()


def test_the_same_lists_give_the_same_bundle(bundle: Path, config: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.tar.gz"
    list(pack_lists(config, again))
    assert again.read_bytes() == bundle.read_bytes()


def test_a_list_that_cannot_be_read_is_left_out_and_named(
    config: Path, layout: Layout, tmp_path: Path
) -> None:
    layout.copy_of("web").unlink()
    said = list(pack_lists(config, tmp_path / "b.tar.gz"))
    assert said[0] == "web: left out, not downloaded yet"
    assert said[1].startswith("2 lists")


def test_a_bundle_that_cannot_be_written_says_so(config: Path, tmp_path: Path) -> None:
    with pytest.raises(FilterdError, match="cannot be written"):
        list(pack_lists(config, tmp_path / "nowhere" / "b.tar.gz"))


def test_a_file_of_ones_own_stays_in_force(bundle: Path, school: School, house) -> None:
    (school.layout.base / "mine.txt").write_text("ours.example\n")
    list(unpack_lists(school.config, bundle))
    assert house.is_blocked(school.layout, "ours.example")
    assert not house.is_blocked(school.layout, "chat.example")


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, **more) -> tuple:
    info = tarfile.TarInfo(name)
    info.size, info.type = len(data), kind
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def archive(*members: tuple, form: int = tarfile.USTAR_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=form) as made:
        for info, data in members:
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def contents(*texts: tuple[str, bytes], **more) -> tuple:
    entries = [
        {"id": each, "size": len(text), "sha256": hashlib.sha256(text).hexdigest(), "fetched": 0.0}
        for each, text in texts
    ]
    return member(CONTENTS, json.dumps({"version": 1, "lists": entries, **more}).encode())


ONE = contents(("web", WEB))
BOMB = member("web.txt", b"", size=1 << 40)
PAX = member("web.txt", WEB, pax_headers={"comment": "x" * 3000})


def header_only(info: tarfile.TarInfo) -> bytes:
    """An archive whose second file promises a terabyte of zeros and begins to give them."""
    first, data = ONE
    padded = data + bytes(-len(data) % 512)
    blocks = first.tobuf(tarfile.USTAR_FORMAT) + padded + info.tobuf(tarfile.GNU_FORMAT)
    return gzip.compress(blocks + bytes(8 << 20))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        pytest.param(b"", "damaged or was cut off", id="empty"),
        pytest.param(b"casino.example\n", "not a packed archive", id="a list"),
        pytest.param(gzip.compress(b"casino.example\n" * 99), "none of ours", id="packed text"),
        pytest.param(archive(), "not made by", id="an archive of nothing"),
        pytest.param(archive(member("web.txt", WEB)), "not made by", id="no contents"),
        pytest.param(archive(member(CONTENTS, b"{")), "cannot be read", id="half contents"),
        pytest.param(archive(member(CONTENTS, b"[]")), "cannot be read", id="odd contents"),
        pytest.param(
            archive(member(CONTENTS, b"[" * 100_000)), "cannot be read", id="deep contents"
        ),
        pytest.param(archive(contents(version=2)), "another version", id="of tomorrow"),
        pytest.param(
            archive(contents(("../../etc/cron", WEB))), "what cannot be in it", id="a path announced"
        ),
        pytest.param(archive(ONE, member("../web.txt", WEB)), "does not belong", id="a path"),
        pytest.param(archive(ONE, member("/etc/passwd", WEB)), "does not belong", id="a root path"),
        pytest.param(
            archive(ONE, member("web.txt", kind=tarfile.SYMTYPE, linkname="/etc/passwd")),
            "does not belong",
            id="a link",
        ),
        pytest.param(
            archive(ONE, member("web.txt", kind=tarfile.CHRTYPE)), "does not belong", id="a device"
        ),
        pytest.param(
            archive(ONE, PAX, form=tarfile.PAX_FORMAT), "does not belong", id="longer headers"
        ),
        pytest.param(header_only(BOMB[0]), "is too large", id="a bomb"),
        pytest.param(
            archive(ONE, member("other.txt", WEB)), "do not name", id="what is not announced"
        ),
        pytest.param(archive(ONE, member("web.txt", WEB), member("web.txt", WEB)), "do not name", id="twice"),
        pytest.param(archive(ONE, member("web.txt", WEB[:-1] + b"x")), "its sum is wrong", id="one bit"),
        pytest.param(archive(ONE), "lacks web.txt", id="one is missing"),
        pytest.param(archive(contents()), "no list for this house", id="nothing in it"),
    ],
)  # fmt: skip
def test_a_bad_archive_is_refused_in_words_and_leaves_nothing(
    school: School, tmp_path: Path, made: bytes, words: str
) -> None:
    path = tmp_path / "bad.tar.gz"
    path.write_bytes(made)
    with pytest.raises(FilterdError, match=words):
        list(unpack_lists(school.config, path))
    assert school.files() == set()


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_a_bundle_that_was_cut_off_changes_nothing(
    bundle: Path, school: School, keep: float
) -> None:
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(FilterdError):
        list(unpack_lists(school.config, bundle))
    assert school.files() == set()


def test_a_missing_bundle_is_said(school: School, tmp_path: Path) -> None:
    with pytest.raises(FilterdError, match="there is no file"):
        list(unpack_lists(school.config, tmp_path / "none"))


def test_strangers_and_error_pages_are_left_out_of_a_good_bundle(
    school: School, tmp_path: Path, house
) -> None:
    page = b"<html><body>quota</body></html>"
    path = tmp_path / "b.tar.gz"
    path.write_bytes(
        archive(
            contents(("web", WEB), ("mine", page), ("strange", b"other.example\n")),
            member("web.txt", WEB),
            member("mine.txt", page),
            member("strange.txt", b"other.example\n"),
        )
    )
    said = "\n".join(unpack_lists(school.config, path))
    assert "mine: left out" in said
    assert "strange: left out, this house's policy has no such list" in said
    assert school.files() == {"web.txt"}
    assert house.is_blocked(school.layout, "casino.example")
