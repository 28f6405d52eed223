"""The lists that ship in blocklists/: every entry says what it is, and none blocks what helps."""

import importlib.resources
import json
import re
from pathlib import Path

import pytest
import tldextract

from filterd.lists import formats
from filterd.lists.category import CATEGORIES
from filterd.lists.compile import compile_index
from filterd.lists.index import Index
from filterd.lists.parsed import Parsed

BLOCKED = ("adult", "random-video-chat")
OPEN = ("always-allow", "essentials")
LISTS = (*BLOCKED, *OPEN)

# Sites among the thousand most popular that are in adult.txt because that is what they are.
POPULAR_AND_ADULT = frozenset(
    """
    chaturbate.com e-hentai.org e621.net eporner.com erome.com f95zone.to faphouse.com fapello.com
    fetlife.com ixxx.com missav.ws noodlemagazine.com onlyfans.com pornhub.com pornhub.org
    pornpics.com redtube.com rule34.xxx rule34video.com spankbang.com stripchat.com thisvid.com
    tnaflix.com xhaccess.com xhamster.com xhamster.desi xhamster1.desi xhamster2.com xhamster19.com
    xhamster46.desi xhcdn.com xnxx.com xnxx.tv xvideos.com youjizz.com youporn.com
    """.split()  # noqa: SIM905 a table of names reads better without quotes
)

# Connectivity checks and mirrors that home devices ask for too seldom to be ranked.
UNRANKED_ESSENTIALS = frozenset(
    {"nmcheck.gnome.org", "network-test.debian.org", "connectivity-check.ubuntu.com", "deb.debian.org"}
)  # fmt: skip


def text_of(name: str) -> bytes:
    return (importlib.resources.files("blocklists") / f"{name}.txt").read_bytes()


def read(name: str) -> Parsed:
    return formats.parse(name, text_of(name), "auto", "subdomains")


def names_of(name: str) -> list[str]:
    return [one for names in read(name).names.values() for one in names]


def entry_lines(name: str) -> list[str]:
    lines = text_of(name).decode("ascii").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("name", LISTS)
def test_list_reads_without_a_complaint(name: str) -> None:
    parsed = read(name)
    assert parsed.format == "domains"
    assert parsed.complaint_count == 0
    assert parsed.rules == len(entry_lines(name)) > 30


@pytest.mark.parametrize("name", LISTS)
def test_list_says_what_it_is(name: str) -> None:
    head = dict(re.findall(r"^# (\w+): (.+)$", text_of(name).decode(), re.MULTILINE))
    assert head["Category"] == name
    assert name in CATEGORIES
    assert head["Match"].startswith("subdomains")
    assert "Apache-2.0" in head["Licence"]
    assert re.match(r"\d{4}-\d{2}-\d{2}", head["Checked"])
    assert head["Holds"]


@pytest.mark.parametrize("name", LISTS)
def test_every_entry_names_its_service(name: str) -> None:
    for line in entry_lines(name):
        assert re.fullmatch(r"[a-z0-9.-]+ +# \S.*\S", line), line


@pytest.mark.parametrize("name", LISTS)
def test_no_entry_is_said_twice_or_lies_below_another(name: str) -> None:
    names = names_of(name)
    assert len(set(names)) == len(names)
    for one in names:
        assert not [other for other in names if one.endswith("." + other)]


@pytest.mark.parametrize("name", LISTS)
def test_no_entry_covers_a_whole_public_suffix(name: str) -> None:
    split = tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
    )
    assert [one for one in names_of(name) if not split(one).domain] == []


def test_nothing_that_is_blocked_touches_what_must_stay_open(key: bytes) -> None:
    blocked, opened = (
        Index(compile_index([(name, read(name)) for name in names], key), key)
        for names in (BLOCKED, OPEN)
    )
    assert [one for name in OPEN for one in names_of(name) if blocked.find(one)] == []
    assert [one for name in BLOCKED for one in names_of(name) if opened.find(one)] == []


def test_a_name_is_in_one_category_only() -> None:
    every = [one for name in LISTS for one in names_of(name)]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("adult", "www.pornhub.com"),
        ("random-video-chat", "ome.tv"),
        ("always-allow", "report.iwf.org.uk"),
        ("always-allow", "takeitdown.ncmec.org"),
        ("always-allow", "complaint.nccia.gov.pk"),
        ("always-allow", "www.childline.org.uk"),
        ("essentials", "connectivitycheck.gstatic.com"),
        ("essentials", "www.msftconnecttest.com"),
        ("essentials", "2.android.pool.ntp.org"),
    ],
)
def test_what_people_expect_is_covered(name: str, covered: str, key: bytes) -> None:
    index = Index(compile_index([(name, read(name))], key), key)
    assert index.find(covered)


@pytest.mark.parametrize("name", BLOCKED)
def test_only_adult_sites_among_the_thousand_most_popular(
    name: str, tranco: dict[str, int]
) -> None:
    popular = {one for one in names_of(name) if tranco.get(one, 100_001) <= 1000}
    assert popular == (POPULAR_AND_ADULT if name == "adult" else set())


def test_adult_sites_are_known_by_many(tranco: dict[str, int]) -> None:
    assert [one for one in names_of("adult") if one not in tranco] == []


def test_random_video_chat_is_the_verified_part_of_our_table(shared: Path) -> None:
    table = json.loads((shared / "services" / "service-domains.json").read_text())
    verified = {
        row["domain"]
        for service in table
        if service["category"] == "Random video chat"
        for row in service["domains"]
        if row["verified"]
    }
    assert set(names_of("random-video-chat")) == verified


def test_essentials_are_names_devices_ask_for(umbrella: frozenset[str]) -> None:
    unranked = {one for one in names_of("essentials") if one not in umbrella}
    assert unranked == UNRANKED_ESSENTIALS
