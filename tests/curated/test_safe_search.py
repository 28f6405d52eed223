"""safe-search.yaml: what is led where, on whose word, and what cannot be forced."""

import importlib.resources
import io
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from filterd.config.catalogue import SafeSearch, load_safe_search
from filterd.config.site import site_of

FILE = importlib.resources.files("blocklists") / "safe-search.yaml"

# Country names of Google that AdGuard has and the source we took ours from has not.
NOT_OURS = {"www.google.com.nf", "www.google.gp", "www.google.tk"}


@pytest.fixture(scope="module")
def facts() -> SafeSearch:
    return load_safe_search(FILE.read_text("utf-8"), "safe-search.yaml")


def test_only_what_the_operator_documents_is_called_verified(facts: SafeSearch) -> None:
    verified = {key for key, each in facts.engines.items() if each.verified}
    assert verified == {"google", "youtube", "bing", "duckduckgo", "pixabay"}


def test_a_disputed_target_is_said_to_be_one(facts: SafeSearch) -> None:
    brave = facts.engines["brave"]
    assert not brave.verified
    assert "disagree" in (brave.remark or "")


def test_each_engine_is_led_to_its_own_operator(facts: SafeSearch) -> None:
    for each in facts.engines.values():
        targets = {each.target, each.moderate or each.target}
        sites = {site_of(name) for name in each.names}
        assert {site_of(target) for target in targets} <= sites
        assert not targets & set(each.names)


def test_youtube_has_a_strict_and_a_moderate_target(facts: SafeSearch) -> None:
    youtube = facts.engines["youtube"]
    assert youtube.target == "restrict.youtube.com"
    assert youtube.moderate == "restrictmoderate.youtube.com"


def test_google_is_forced_in_every_country_of_this_house(facts: SafeSearch) -> None:
    names = set(facts.engines["google"].names)
    assert len(names) > 180
    assert {"www.google.com", "www.google.com.pk", "www.google.co.in", "www.google.com.bd"} <= names


def test_no_curated_list_closes_a_target(
    facts: SafeSearch,
    blocked: dict[str, str],
    covering: Callable[[str, dict[str, str]], str | None],
) -> None:
    closed = {key for key, each in facts.engines.items() if covering(each.target, blocked)}
    assert closed == {"youtube"}  # whoever closes videos closes all of it


def test_our_names_and_targets_are_those_others_use(facts: SafeSearch, shared: Path) -> None:
    packed = (shared / "services" / "adguard-safesearch-rules.tar.xz").read_bytes()
    with tarfile.open(fileobj=io.BytesIO(packed)) as tree:
        files = {Path(m.name).stem: tree.extractfile(m) for m in tree if m.isfile()}
        texts = {name: file.read().decode() for name, file in files.items() if file}
    assert texts.keys() <= facts.engines.keys()
    for key, text in texts.items():
        ours = facts.engines[key]
        rules = re.findall(r"^\|([^^]+)\^\$dnsrewrite=NOERROR;(\w+);(\S+)$", text, re.MULTILINE)
        assert {name for name, _, _ in rules} - NOT_OURS == set(ours.names)
        led = {value for _, rtype, value in rules if rtype == "CNAME"}
        assert led <= {ours.target, ours.moderate}


def test_lists_have_the_engines_they_are_named_for(
    facts: SafeSearch, unpacked: Callable[[str], str]
) -> None:
    lists = {
        "NextDNS": set(unpacked("lists/nextdns/no-safesearch.txt.xz").split()),
        "HaGeZi": set(unpacked("lists/hagezi/rpz-nosafesearch.txt.xz").split()),
    }
    for each in facts.unforced.values():
        for name in each.names:
            parents = {name, name.partition(".")[2]}
            holders = {publisher for publisher, names in lists.items() if parents & names}
            assert holders == {publisher for publisher in lists if publisher in each.source}, name
