"""Published lists for adblockers, DNS servers and proxies, against counts that others made.

They are not part of the repository (``../shared/data``); what is true of their lines are rows of
the tables in the tests of each format.
"""

import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from filterd.errors import ListError
from filterd.lists import formats
from filterd.lists.compile import compile_index
from filterd.lists.formats import adblock
from filterd.lists.parsed import Parsed, Scope, each_name
from filterd.lists.rule import Kind

Unpacked = Callable[[str], bytes]
FORMS = ("adblock", "dnsmasq", "rpz", "unbound")

# Where we differ from the independent count, and why.
DIFFERENT = {
    "malware-filter/phishing-filter-rpz.conf.xz": (+1, "a label that ends in a hyphen is asked all the same"),
    "durablenapkin/scam-adguard.txt.xz": (-4, "'||avito.avito.avito.' is the start of longer names"),
}  # fmt: skip
# One label alone is a whole top-level domain, which a list may not close.
TOP_LEVELS = {
    "hagezi/rpz-spam-tlds-rpz.txt.xz": "of 151 lines 10 hold a name",
    "hagezi/rpz-spam-tlds-rpz-aggressive.txt.xz": "of 466 lines 11 hold a name",
}
BAD_LABELS = {"bank": +1}  # as above


def names_of(parsed: Parsed, *scopes: Scope) -> set[str]:
    return {
        name
        for (_, scope), names in parsed.names.items()
        if scope in scopes
        for name in each_name(names)
    }


def test_every_published_list_of_these_formats_is_the_list_others_counted(
    unpacked: Unpacked, counts: dict[str, dict[str, Any]]
) -> None:
    checked = dict.fromkeys(FORMS, 0)
    for path, row in counts.items():
        file = path.removeprefix("lists/")
        if row["format"] not in FORMS or file in TOP_LEVELS:
            continue
        parsed = formats.parse(file, unpacked(path))
        more, _ = DIFFERENT.get(file, (0, ""))
        assert parsed.format == row["format"], file
        assert parsed.lines == row["lines"], file
        assert len(names_of(parsed, *Scope)) == row["distinct_domains"] + more, file
        covers_itself = names_of(parsed, Scope.EXACT, Scope.SUBTREE)
        covers_below = names_of(parsed, Scope.BELOW, Scope.SUBTREE)
        exact = row["exact"] or row["subtree"]
        assert len(covers_itself) == exact + more, file
        assert len(covers_below) == row["subtree"] + (more if row["subtree"] else 0), file
        assert len(parsed.conditional) == (10 if "durablenapkin" in file else 0), file
        assert parsed.complaint_count == 0, file
        checked[parsed.format] += 1
    assert checked == {"adblock": 10, "dnsmasq": 5, "rpz": 14, "unbound": 3}


@pytest.mark.parametrize(("file", "what"), TOP_LEVELS.items())
def test_list_of_top_level_domains_is_refused(file: str, what: str, unpacked: Unpacked) -> None:
    with pytest.raises(ListError, match=what):
        formats.parse(file, unpacked(f"lists/{file}"))


FOLDER_2022, FOLDER_2023 = "lists/hagezi-2022-sixformats", "lists/hagezi-2023-sixformats"
SAME = {
    "fake, 2022": [f"{FOLDER_2022}/{file}.xz" for file in ("adblock-fake.txt", "dnsmasq-fake.txt", "unbound-fake.blacklist.conf", "wildcard-fake.txt")],
    **{
        f"{name}, 2023": [f"{FOLDER_2023}/{file}.xz" for file in (f"adblock-{name}.txt", f"dnsmasq-{name}.txt", f"unbound-{name}.blacklist.conf", f"rpz-{name}.txt", f"wildcard-{name}.txt", f"wildcard-{name}-onlydomains.txt")]
        for name in ("anti.piracy", "doh-vpn-proxy-bypass")
    },
    "gambling, 2023": [f"{FOLDER_2023}/{file}-gambling{end}.txt.xz" for file, end in (("adblock", ""), ("wildcard", "-onlydomains"))],
    "oisd small": ["lists/oisd/small.rpz.xz", "lists/oisd/small.adblock.txt.xz"],
}  # fmt: skip


@pytest.mark.parametrize("files", SAME.values(), ids=SAME)
def test_one_list_in_many_formats_is_one_index(
    files: list[str], unpacked: Unpacked, key: bytes
) -> None:
    seen = set()
    indexes = set()
    for file in files:
        match = "subdomains" if "onlydomains" in file else "format"
        parsed = formats.parse("one", unpacked(file), "auto", match)
        seen.add(parsed.format)
        indexes.add(compile_index([("one", parsed)], key))
    assert len(seen) == len(files)
    assert len(indexes) == 1


# What is for browsers is left out and counted: blocks, exceptions, masks, left out, unreadable.
BROWSERS = {
    "easylist": (42268, 0, 160, 33830, 2),
    "easyprivacy": (42067, 4, 48, 12251, 0),
    "badware.min": (51, 0, 0, 4201, 1),
    "urlhaus-filter-online": (601, 0, 0, 5653, 0),
}


@pytest.mark.parametrize(("name", "wanted"), BROWSERS.items())
def test_lists_for_browsers_give_their_pure_names_and_say_what_was_left_out(
    name: str, wanted: tuple[int, ...], unpacked: Unpacked
) -> None:
    parsed = formats.parse(name, unpacked(f"lists/browser-adblock/{name}.txt.xz"))
    blocks = sum(names.count for (kind, _), names in parsed.names.items() if kind is Kind.BLOCK)
    masks = len(parsed.conditional)
    exceptions = parsed.rules - blocks - masks
    unreadable = parsed.complaint_count - parsed.unused
    assert parsed.format == "adblock"
    assert (blocks, exceptions, masks, parsed.unused, unreadable) == wanted


def test_every_category_of_ut1_is_the_one_others_counted(shared: Path, unpacked: Unpacked) -> None:
    tree = unpacked("categories/ut1-blacklists.tar.xz")
    table = (shared / "README.md").read_text().partition("## UT1 categories")[2]
    rows = re.findall(r"^\| ([\w-]+) \| (\d+) \| (\d+) \|", table, re.MULTILINE)
    assert len(rows) > 60
    for category, lines, distinct in rows:
        parsed = formats.parse("ut1", tree, f"squidguard:{category}")
        found = len(names_of(parsed, Scope.SUBTREE))
        assert (parsed.lines, found) == (int(lines), int(distinct) + BAD_LABELS.get(category, 0))


@pytest.mark.parametrize(("link", "folder"), [("ads", "publicite"), ("drugs", "drogue"), ("mail", "forums")])  # fmt: skip
def test_links_of_ut1_lead_to_their_folder(link: str, folder: str, unpacked: Unpacked) -> None:
    tree = unpacked("categories/ut1-blacklists.tar.xz")
    assert formats.parse("ut1", tree, f"squidguard:{link}") == formats.parse(
        "ut1", tree, f"squidguard:{folder}"
    )


def test_every_rewrite_of_adguards_safe_search_is_applied(unpacked: Unpacked) -> None:
    tree = io.BytesIO(unpacked("services/adguard-safesearch-rules.tar.xz"))
    count = 0
    with tarfile.open(fileobj=tree) as packed:
        for member in packed:
            file = packed.extractfile(member)
            parsed = adblock.parse(file.read() if file else b"")
            rules = [placed.rule for placed in parsed.conditional]
            assert (parsed.names, parsed.complaints) == ({}, ()), member.name
            assert all(rule.kind is Kind.REWRITE and rule.rewrite for rule in rules), member.name
            count += len(rules)
    assert count == 258


def test_every_rule_of_adguards_services_is_applied_but_those_for_whole_top_levels(
    unpacked: Unpacked,
) -> None:
    services = json.loads(unpacked("services/adguard-services.json.xz"))
    rules = "\n".join(rule for service in services for rule in service["rules"])
    parsed = adblock.parse(rules.encode())
    assert (parsed.rules, len(parsed.conditional)) == (2384, 22)
    assert Counter(complaint.why for complaint in parsed.complaints) == {
        "one label alone: too wide for a rule": 10,
        "a blank inside a rule": 1,
    }
