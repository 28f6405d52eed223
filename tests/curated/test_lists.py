"""The lists that ship in blocklists/: every entry says what it is, and none blocks what helps."""

import importlib.resources
import re
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tldextract

from filterd.config.load import load_config
from filterd.config.names import own_name
from filterd.lists import formats
from filterd.lists.category import AGE_DEFAULTS, BLOCK, CATEGORIES

Covering = Callable[[str, dict[str, str]], str | None]

FOLDER = importlib.resources.files("blocklists")
LISTS = sorted(
    file.name.removesuffix(".txt") for file in FOLDER.iterdir() if file.name.endswith(".txt")
)
CONFIG = (Path(__file__).parents[2] / "config.yaml").read_text("utf-8")

# Sites among the thousand most popular that a list closes because they are what it is about.
POPULAR = {
    "adult": """
        chaturbate.com e-hentai.org e621.net eporner.com erome.com f95zone.to faphouse.com
        fapello.com fetlife.com ixxx.com missav.ws noodlemagazine.com onlyfans.com pornhub.com
        pornhub.org pornpics.com redtube.com rule34.xxx rule34video.com spankbang.com stripchat.com
        thisvid.com tnaflix.com xhaccess.com xhamster.com xhamster.desi xhamster1.desi
        xhamster2.com xhamster19.com xhamster46.desi xhcdn.com xnxx.com xnxx.tv xvideos.com
        youjizz.com youporn.com
    """,
    "ai-companion": "character.ai janitorai.com",
    "ai-general": "anthropic.com chatgpt.com claude.ai openai.com perplexity.ai",
    "forums-ugc": """
        deviantart.com flickr.com imgur.com livejournal.com medium.com patreon.com quora.com
        reddit.com substack.com tumblr.com wattpad.com zhihu.com
    """,
    "gambling": "hollywoodbets.net sportybet.com",
    "game-platforms-chat": "discord.com discord.gg discordapp.com rbxcdn.com roblox.com",
    "games": """
        chess.com crazygames.com curseforge.com ea.com epicgames.com itch.io lichess.org
        nintendo.com playstation.com playstation.net poki.com steamcommunity.com steampowered.com
        steamserver.net steamstatic.com supercell.com xbox.com xboxlive.com
    """,
    "livestream": "kick.com twitch.tv",
    "messaging": """
        line.me t.me telegram.me telegram.org viber.com wa.me whatsapp.com whatsapp.net
    """,
    "short-video": """
        byteoversea.com douyincdn.com ibyteimg.com kwai.com tiktok.com tiktokcdn-us.com
        tiktokcdn.com tiktokv.com tiktokw.us
    """,
    "social": """
        bsky.app cdninstagram.com facebook.com facebook.net fb.com fb.me fbcdn.net fbsbx.com
        instagram.com licdn.com linkedin.com myspace.com ok.ru pinimg.com pinterest.com
        sc-cdn.net snapchat.com t.co threads.com twimg.com twitter.com vk.com vk.ru weibo.com x.com
    """,
    "streaming": """
        aiv-delivery.net bamgrid.com bilibili.com bilibili.tv dailymotion.com disneyplus.com
        googlevideo.com netflix.com netflix.net nflxso.net nflxvideo.net paramountplus.com
        primevideo.com scdn.co soundcloud.com spotify.com spotifycdn.com vimeo.com youku.com
        youtu.be youtube-nocookie.com youtube.com ytimg.com
    """,
    # Resolvers, not sites: browsers and apps ask them behind the filter's back.
    "bypass": "cloudflare-dns.com dns.google",
}

# Connectivity checks and mirrors that home devices ask for too seldom to be ranked.
UNRANKED_ESSENTIALS = frozenset(
    {"nmcheck.gnome.org", "network-test.debian.org", "connectivity-check.ubuntu.com", "deb.debian.org"}
)  # fmt: skip

# Where our table's names of the worst kinds must be found: all of them, nothing forgotten.
WHOLE = {
    "Random video chat": {"random-video-chat"},
    "Nudify / undress tools (all to be blocked for children)": {"nudify"},
    "AI companions and role-play": {"ai-companion"},
    "Dating": {"dating", "adult"},
}

# Closed for children of 8 to 12, but the starter profile serves their older brothers as well.
OPEN_FOR_TEENAGERS = {"social", "short-video"}


def lines_of(name: str) -> list[str]:
    return (FOLDER / f"{name}.txt").read_text("ascii").splitlines()


@pytest.mark.parametrize("name", LISTS)
def test_list_reads_without_a_complaint(name: str) -> None:
    parsed = formats.parse(name, (FOLDER / f"{name}.txt").read_bytes(), "auto", "subdomains")
    entries = [line for line in lines_of(name) if line and not line.startswith("#")]
    assert parsed.format == "domains"
    assert parsed.complaint_count == 0
    assert parsed.rules == len(entries) > 10


@pytest.mark.parametrize("name", LISTS)
def test_list_says_what_it_is(name: str) -> None:
    text = "\n".join(lines_of(name)) + "\n"
    head = dict(re.findall(r"^# (\w+): (.+)$", text, re.MULTILINE))
    assert set(head) == {"Category", "Holds", "Match", "Licence", "Checked"}
    assert head["Category"] == name
    assert name in CATEGORIES
    assert head["Match"].startswith("subdomains")
    assert "Apache-2.0" in head["Licence"]
    assert re.match(r"\d{4}-\d{2}-\d{2}", head["Checked"])


@pytest.mark.parametrize("name", LISTS)
def test_every_entry_is_a_canonical_name_with_its_service(name: str) -> None:
    for line in lines_of(name):
        if line and not line.startswith("#"):
            entry = re.fullmatch(r"(\S+) +# \S(?:.*\S)?", line)
            assert entry, line
            assert own_name(entry[1]) == entry[1]


@pytest.mark.parametrize("name", LISTS)
def test_entries_are_sorted_within_their_section(name: str) -> None:
    sections: list[list[str]] = [[]]
    for line in lines_of(name):
        if line and not line.startswith("#"):
            sections[-1].append(line.split()[0])
        else:
            sections.append([])
    assert [each for each in sections if each != sorted(set(each))] == []


@pytest.mark.parametrize("name", LISTS)
def test_no_entry_covers_a_whole_public_suffix(
    name: str, curated: dict[str, frozenset[str]]
) -> None:
    split = tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
    )
    assert [each for each in curated[name] if not split(each).domain] == []


def test_a_name_is_said_once_in_all_lists_together(
    curated: dict[str, frozenset[str]], covering: Covering
) -> None:
    every = {name: each for each, names in curated.items() for name in names}
    assert len(every) == sum(map(len, curated.values()))
    below = {name: name.partition(".")[2] for name in every}
    assert {name: over for name, over in below.items() if covering(over, every)} == {}


def test_nothing_that_is_blocked_touches_what_must_stay_open(
    blocked: dict[str, str], opened: dict[str, str], covering: Covering
) -> None:
    assert [each for each in opened if covering(each, blocked)] == []
    assert [each for each in blocked if covering(each, opened)] == []


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("www.pornhub.com", "adult"),
        ("ome.tv", "random-video-chat"),
        ("ometv.chat", "random-video-chat"),
        ("www.omegle.com", "random-video-chat"),
        ("chatroulette.com", "random-video-chat"),
        ("azarlive.com", "random-video-chat"),
        ("bazoocam.org", "random-video-chat"),
        ("camsurf.com", "random-video-chat"),
        ("coomeet.com", "random-video-chat"),
        ("chathub.cam", "random-video-chat"),
        ("emeraldchat.com", "random-video-chat"),
        ("monkey.app", "random-video-chat"),
        ("character.ai", "ai-companion"),
        ("janitorai.com", "ai-companion"),
        ("crushon.ai", "ai-companion"),
        ("candy.ai", "ai-companion"),
        ("replika.com", "ai-companion"),
        ("bigo.tv", "livestream"),
        ("tango.me", "livestream"),
        ("likee.video", "livestream"),
        ("ngl.link", "stranger-messaging"),
        ("wizzapp.com", "dating"),
        ("undress.app", "nudify"),
        ("mozilla.cloudflare-dns.com", "bypass"),
        ("www.croxyproxy.com", "bypass"),
        ("report.iwf.org.uk", "always-allow"),
        ("takeitdown.ncmec.org", "always-allow"),
        ("complaint.nccia.gov.pk", "always-allow"),
        ("www.childline.org.uk", "always-allow"),
        ("connectivitycheck.gstatic.com", "essentials"),
        ("www.msftconnecttest.com", "essentials"),
        ("2.android.pool.ntp.org", "essentials"),
        ("ur.wikipedia.org", "learning"),
        ("ur.khanacademy.org", "learning"),
    ],
)
def test_what_people_expect_is_covered(
    name: str, category: str, curated: dict[str, frozenset[str]], covering: Covering
) -> None:
    assert covering(name, dict.fromkeys(curated[category], category))


@pytest.mark.parametrize("name", sorted(set(LISTS) - {"always-allow", "essentials", "learning"}))
def test_no_popular_site_is_closed_by_accident(
    name: str, curated: dict[str, frozenset[str]], tranco: dict[str, int]
) -> None:
    popular = {each for each in curated[name] if tranco.get(each, 100_001) <= 1000}
    assert popular == set(POPULAR.get(name, "").split())


@pytest.mark.parametrize("name", ["adult", "gambling", "learning"])
def test_names_are_known_by_many(
    name: str,
    curated: dict[str, frozenset[str]],
    tranco: dict[str, int],
    umbrella: frozenset[str],
) -> None:
    assert [each for each in curated[name] if each not in tranco and each not in umbrella] == []


def test_every_name_was_seen_somewhere(
    blocked: dict[str, str],
    tranco: dict[str, int],
    umbrella: frozenset[str],
    table: list[dict[str, Any]],
    unpacked: Callable[[str], str],
) -> None:
    verified = {row["domain"] for each in table for row in each["domains"] if row["verified"]}
    listed = set(unpacked("lists/hagezi/nsfw-onlydomains.txt.xz").split())
    seen = verified | listed | umbrella | tranco.keys()
    assert [each for each in blocked if each not in seen] == []


@pytest.mark.parametrize("kind", WHOLE)
def test_the_worst_kinds_are_listed_whole(
    kind: str,
    curated: dict[str, frozenset[str]],
    table: list[dict[str, Any]],
) -> None:
    verified = {
        row["domain"]
        for each in table
        if each["category"] == kind
        for row in each["domains"]
        if row["verified"]
    }
    assert len(verified) > 20
    assert verified - frozenset().union(*(curated[each] for each in WHOLE[kind])) == set()


def test_essentials_are_names_devices_ask_for(
    curated: dict[str, frozenset[str]], umbrella: frozenset[str]
) -> None:
    assert curated["essentials"] - umbrella == UNRANKED_ESSENTIALS


def test_the_starter_policy_uses_every_curated_list() -> None:
    policy = load_config(CONFIG, "config.yaml", zoneinfo.available_timezones()).policy
    assert {key: each.file for key, each in policy.lists.items()} == {
        name: f"blocklists/{name}.txt" for name in LISTS
    }
    assert {key: each.category for key, each in policy.lists.items()} == {n: n for n in LISTS}


def test_the_starter_policy_closes_what_a_young_child_must_not_meet() -> None:
    policy = load_config(CONFIG, "config.yaml", zoneinfo.available_timezones()).policy
    young = {name for name in LISTS if AGE_DEFAULTS[name][1] == BLOCK}
    assert set(policy.profiles["children"].blocked_categories) == young - OPEN_FOR_TEENAGERS
