"""services.yaml: a switch for each service, with names that are its own and are really used."""

from collections.abc import Callable

import tldextract

from filterd.config.catalogue import Service

Services = dict[str, Service]

# Services one may close alone, whose category's list leaves them open, and why.
NOT_IN_ITS_LIST = {
    "espn": "news about sports",
    "roku": "the television set itself",
    "google-chat-and-meet": "lessons",
    "microsoft-teams": "lessons",
    "slack": "work",
    "zoom": "lessons",
    "huggingchat": "the same names carry tools of programmers",
    "tailscale": "networks people work from home with",
    "zerotier": "networks people work from home with",
}


def test_there_are_services_in_every_group(services: Services) -> None:
    counts: dict[str, int] = {}
    for each in services.values():
        counts[each.category] = counts.get(each.category, 0) + 1
    assert len(services) >= 150
    large = {"social", "messaging", "streaming", "games", "dating", "ai-companion", "bypass"}
    assert {each for each in large if counts[each] < 20} == set()


def test_each_service_has_a_name_that_many_ask_for(
    services: Services, tranco: dict[str, int], umbrella: frozenset[str]
) -> None:
    for key, each in services.items():
        assert [name for name in each.domains if name in tranco or name in umbrella], key


def test_no_two_services_look_alike(services: Services) -> None:
    names = [each.name.casefold() for each in services.values()]
    assert len(set(names)) == len(names)


def test_no_service_lies_below_another(
    services: Services, covering: Callable[[str, dict[str, str]], str | None]
) -> None:
    owner = {name: key for key, each in services.items() for name in (*each.domains, *each.shared)}
    for name in owner:
        assert covering(name.partition(".")[2], owner) is None, name


# Every site, as seen through the proxy, lies below it.
MEANT_AS_A_SUFFIX = ["translate.goog"]


def test_no_service_is_a_whole_public_suffix_by_accident(services: Services) -> None:
    split = tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
    )
    names = (name for each in services.values() for name in (*each.domains, *each.shared))
    assert [name for name in names if not split(name).domain] == MEANT_AS_A_SUFFIX


def test_closing_a_service_never_closes_help(
    services: Services,
    opened: dict[str, str],
    covering: Callable[[str, dict[str, str]], str | None],
) -> None:
    owner = {name: key for key, each in services.items() for name in each.domains}
    assert [name for name in opened if covering(name, owner)] == []
    assert [name for name in owner if covering(name, opened)] == []


def test_a_category_s_list_and_its_services_agree(
    services: Services,
    curated: dict[str, frozenset[str]],
    covering: Callable[[str, dict[str, str]], str | None],
) -> None:
    astray = {
        key
        for key, each in services.items()
        if each.category in curated
        for name in each.domains
        if not covering(name, dict.fromkeys(curated[each.category], ""))
    }
    assert astray == NOT_IN_ITS_LIST.keys()
