"""Real lists of many publishers, against counts and answers that others computed.

They are not part of the repository (``../shared/data``); the traps found in them are also rows of
the tables in test_formats.py, so a clone without them loses breadth and no promise.
"""

from collections.abc import Callable
from typing import Any

import pytest

from filterd.errors import ListError
from filterd.lists import formats
from filterd.lists.compile import compile_index
from filterd.lists.index import Index
from filterd.lists.parsed import Parsed, each_name

Unpacked = Callable[[str], bytes]

# A file a trap: several names a line, CRLF, remarks, addresses, upper case, a head of remarks, ...
COUNTED = [
    "hagezi-2022-sixformats/hosts-fake.txt.xz",
    "hagezi-2022-sixformats/domains-fake.txt.xz",
    "hagezi-2022-sixformats/wildcard-fake.txt.xz",
    "hagezi/legacy-hosts-light-compressed.txt.xz",
    "blocklistproject/basic.txt.xz",
    "sinfonietta/pornography-hosts.txt.xz",
    "sinfonietta/social-hosts.txt.xz",
    "laylavish/noai_hosts.txt.xz",
    "perflyst/SmartTV.txt.xz",
    "shadowwhisperer/Shock.txt.xz",
    "stevenblack/unified-hosts0.txt.xz",
    "oisd/nsfw-invalid.txt.xz",
    "nextdns/bypass-vpn.txt.xz",
]

# Where we differ from the independent count, and why.
DIFFERENT = {
    "nextdns/bypass-vpn.txt.xz": (-1, "U+2011 in a name has no A-label in IDNA 2008"),
    "malware-filter/phishing-filter-rpz.conf.xz": (
        1,
        "a label may end in a hyphen: it is asked for",
    ),
    "durablenapkin/scam-adguard.txt.xz": (-4, "'||avito.' finds avito.TLD: a mask, not a name"),
}

# Lists of whole top-level domains, which a policy must allow.
OF_TLDS = {
    "hagezi/rpz-spam-tlds-rpz.txt.xz",
    "hagezi/rpz-spam-tlds-rpz-aggressive.txt.xz",
    "shadowwhisperer/Top_Level.txt.xz",
}

COMPLAINTS = {
    "sinfonietta/pornography-hosts.txt.xz": ["an IP address, not a name"] * 5
    + ["one label alone: too wide for a rule"],
    "sinfonietta/social-hosts.txt.xz": ["one label alone: too wide for a rule"],
    "nextdns/bypass-vpn.txt.xz": ["letters that no internationalised name can have"],
}


def distinct(parsed: Parsed) -> set[str]:
    return set().union(*map(each_name, parsed.names.values()))


@pytest.mark.parametrize("file", COUNTED)
def test_names_and_lines_are_those_of_an_independent_count(
    file: str, unpacked: Unpacked, counts: dict[str, dict[str, Any]]
) -> None:
    row = counts[f"lists/{file}"]
    parsed = formats.parse(file, unpacked(f"lists/{file}"))
    assert parsed.format == {"onlydomains": "domains"}.get(row["format"], row["format"])
    assert parsed.lines == row["lines"]
    difference, _ = DIFFERENT.get(file, (0, ""))
    assert len(distinct(parsed)) == row["distinct_domains"] + difference
    assert [complaint.why for complaint in parsed.complaints] == COMPLAINTS.get(file, [])


def test_every_list_holds_the_names_that_an_independent_count_found(
    unpacked: Unpacked, counts: dict[str, dict[str, Any]]
) -> None:
    different = {}
    for file, row in counts.items():
        short = file.removeprefix("lists/")
        parsed = formats.parse(file, unpacked(file), tlds=short in OF_TLDS)
        difference = len(distinct(parsed)) - row["distinct_domains"]
        if difference:
            different[short] = difference
    assert different == {file: difference for file, (difference, _) in DIFFERENT.items()}
    assert len(counts) > 100


def test_nine_names_a_line_are_the_same_list(unpacked: Unpacked) -> None:
    compressed = formats.parse("one", unpacked("lists/hagezi/legacy-hosts-light-compressed.txt.xz"))
    plain = formats.parse("one", unpacked("lists/hagezi/legacy-hosts-light.txt.xz"))
    assert distinct(compressed) == distinct(plain)


def test_hosts_domains_and_wildcard_of_one_list_agree(unpacked: Unpacked, key: bytes) -> None:
    hosts, domains, wildcard = (
        formats.parse("fake", unpacked(f"lists/hagezi-2022-sixformats/{form}-fake.txt.xz"), form)
        for form in ("hosts", "domains", "wildcard")
    )
    assert compile_index([("fake", hosts)], key) == compile_index([("fake", domains)], key)
    index = Index(compile_index([("fake", wildcard)], key), key)
    assert all(map(index.find, distinct(domains)))


@pytest.mark.parametrize("name", ["anti.piracy", "doh-vpn-proxy-bypass"])
def test_wildcard_and_plain_names_read_as_subdomains_agree(
    name: str, unpacked: Unpacked, key: bytes
) -> None:
    folder = "lists/hagezi-2023-sixformats"
    starred = formats.parse("one", unpacked(f"{folder}/wildcard-{name}.txt.xz"))
    plain = formats.parse(
        "one", unpacked(f"{folder}/wildcard-{name}-onlydomains.txt.xz"), "auto", "subdomains"
    )
    assert starred.format == "wildcard"
    assert compile_index([("one", starred)], key) == compile_index([("one", plain)], key)


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("lists/shadowwhisperer/Top_Level.txt.xz", "of 1373 lines 2 hold a name"),
        ("categories/ut1-adult-ips.txt.xz", "no line of the file holds a name"),
        ("services/adguard-services.json.xz", "is JSON"),
        ("services/nextdns-services.tar.xz", "is a tar archive"),
    ],
)
def test_what_is_no_readable_list_is_refused(file: str, what: str, unpacked: Unpacked) -> None:
    with pytest.raises(ListError, match=what):
        formats.parse(file, unpacked(file))


# List of the oracle, how we read it.
ORACLE = {
    "sinfonietta/pornography-hosts.txt": "format",
    "stevenblack/social-only-hosts0.txt": "format",
    "hagezi/nsfw-onlydomains.txt": "subdomains",
}


def test_lookups_agree_with_the_oracle(unpacked: Unpacked, key: bytes) -> None:
    lists = {
        name: formats.parse(name, unpacked(f"lists/{name}.xz"), "auto", match)
        for name, match in ORACLE.items()
    }
    as_written = Index(compile_index(lists.items(), key), key)
    widened = {name: parsed.with_subdomains() for name, parsed in lists.items()}
    as_subdomains = Index(compile_index(widened.items(), key), key)
    read = ORACLE.keys()
    checked = 0
    for line in unpacked("expected/oracle-shared.tsv.xz").decode().splitlines()[1:]:
        name, exact, subtree, only_wider = line.split("\t")
        blocked = read & {*exact.split(","), *subtree.split(",")}
        wider = blocked | (read & set(only_wider.split(",")))
        assert {tag.source for tag in as_written.tags(as_written.find(name))} == blocked, name
        assert {tag.source for tag in as_subdomains.tags(as_subdomains.find(name))} == wider, name
        checked += bool(wider)
    assert checked > 2000
