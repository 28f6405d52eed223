"""catalogue.yaml: every list of the research, with figures and false positives that are true."""

import importlib.resources
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from filterd.config.catalogue import Subscription, load_catalogue
from filterd.config.document import ListSource

FILE = importlib.resources.files("blocklists") / "catalogue.yaml"
LISTS = load_catalogue(FILE.read_text("utf-8"), "catalogue.yaml").lists

# Our copies of what the catalogue offers; other lists we have not got whole.
COPIES = {
    "hagezi-nsfw": "hagezi/nsfw-onlydomains.txt",
    "hagezi-fake": "hagezi/fake-onlydomains.txt",
    "hagezi-doh": "hagezi/doh-onlydomains.txt",
    "hagezi-bypass": "hagezi/doh-vpn-proxy-bypass-onlydomains.txt",
    "hagezi-nosafesearch": "hagezi/rpz-nosafesearch.txt",
    "hagezi-anti-piracy": "hagezi/anti.piracy-onlydomains.txt",
    "hagezi-dyndns": "hagezi/rpz-dyndns.txt",
    "hagezi-spam-tlds": "hagezi/rpz-spam-tlds-rpz.txt",
    "hagezi-light": "hagezi/rpz-light.txt",
    "hagezi-pro-mini": "hagezi/rpz-pro.mini.txt",
    "oisd-small": "oisd/small-domainswild2.txt",
    "stevenblack-porn": "stevenblack/porn-only-hosts0.txt",
    "stevenblack-social": "stevenblack/social-only-hosts0.txt",
    "stevenblack-unified": "stevenblack/unified-hosts0.txt",
    "sinfonietta-pornography": "sinfonietta/pornography-hosts.txt",
    "sinfonietta-snuff": "sinfonietta/snuff-hosts.txt",
    "shadowwhisperer-gambling": "shadowwhisperer/Gambling.txt",
    "shadowwhisperer-dating": "shadowwhisperer/Dating.txt",
    "shadowwhisperer-shock": "shadowwhisperer/Shock.txt",
    "shadowwhisperer-tunnels": "shadowwhisperer/Wild_Tunnel.txt",
    "shadowwhisperer-ai": "shadowwhisperer/AI.txt",
    "shadowwhisperer-shorteners": "shadowwhisperer/UrlShortener.txt",
    "malware-filter-phishing": "malware-filter/phishing-filter-rpz.conf",
    "malware-filter-urlhaus": "malware-filter/urlhaus-filter-rpz.conf",
    "durablenapkin-scam": "durablenapkin/scam-adguard.txt",
    "perflyst-smarttv": "perflyst/SmartTV.txt",
    "nextdns-encrypted-dns": "nextdns/bypass-encrypted-dns.txt",
    "nextdns-no-safesearch": "nextdns/no-safesearch.txt",
    "nextdns-torrent-websites": "nextdns/piracy-torrent-websites.txt",
    "nextdns-torrent-trackers": "nextdns/piracy-torrent-trackers.txt",
    "nextdns-streaming-video": "nextdns/piracy-streaming-video.txt",
    "nextdns-streaming-audio": "nextdns/piracy-streaming-audio.txt",
    "nextdns-warez": "nextdns/piracy-warez.txt",
    "nextdns-usenet": "nextdns/piracy-usenet.txt",
    "nextdns-proxies": "nextdns/piracy-proxies.txt",
    "nextdns-file-hosting": "nextdns/piracy-file-hosting.txt",
    "dibdot-doh": "dibdot/doh-domains.txt",
    "laylavish-noai": "laylavish/noai_hosts.txt",
}


def test_every_list_of_the_research_is_offered() -> None:
    assert len(LISTS) == 58
    tiers = [each.tier for each in LISTS.values()]
    assert (tiers.count(1), tiers.count(2)) == (38, 20)


@pytest.mark.parametrize("entry", [pytest.param(each, id=key) for key, each in LISTS.items()])
def test_an_entry_can_be_subscribed_to_as_it_is(entry: Subscription) -> None:
    source = ListSource(
        category=entry.category,
        url=entry.urls[0],
        mirrors=entry.urls[1:],
        interval=entry.interval,
        format=entry.format,
        match=entry.match,
    )
    assert source.addresses == entry.urls


@pytest.mark.parametrize("entry", [pytest.param(each, id=key) for key, each in LISTS.items()])
def test_what_stays_open_is_sorted_and_said_once(entry: Subscription) -> None:
    assert list(entry.false_positives) == sorted(set(entry.false_positives))


def test_hagezi_has_two_mirrors_everywhere() -> None:
    counts = {len(each.urls) for key, each in LISTS.items() if key.startswith("hagezi-")}
    assert counts == {3}


@pytest.mark.parametrize("key", COPIES)
def test_size_is_what_an_independent_count_found(key: str, shared: Path) -> None:
    counts = {row["file"]: row for row in json.loads((shared / "counts.json").read_text())}
    assert LISTS[key].size == counts[f"lists/{COPIES[key]}.xz"]["distinct_domains"]


@pytest.mark.parametrize("key", [key for key in COPIES if LISTS[key].false_positives])
def test_what_stays_open_is_really_in_the_list(key: str, unpacked: Callable[[str], str]) -> None:
    words = set(re.split(r"[\s#]+", unpacked(f"lists/{COPIES[key]}.xz").lower()))
    for name in LISTS[key].false_positives:
        above = name.partition(".")[2]
        assert {name, f"www.{name}", above, f"*.{name}"} & words, name
