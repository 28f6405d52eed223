"""Whoever edits one of the YAML files here is told every mistake at once, with its line."""

from collections.abc import Callable
from typing import Any

import pytest

from filterd.config.catalogue import load_catalogue, load_safe_search, load_services
from filterd.errors import ConfigError

LIST = """lists:
  a:
    category: adult
    name: A
    homepage: https://a.example/
    urls: [https://a.example/list.txt]
    format: hosts
    licence: MIT
    interval: 24
    tier: 1
    remark: Good.
"""
SERVICE = """services:
  a:
    name: A
    category: social
    domains: [a.example]
"""
SEARCH = """engines:
  a:
    name: A
    names: [www.a.example]
    target: safe.a.example
    verified: true
    source: its own pages
unforced:
  b:
    name: B
    names: [b.example]
    source: a list
"""


def test_what_is_right_loads() -> None:
    entry = load_catalogue(LIST, "c.yaml").lists["a"]
    assert (entry.match, entry.size, entry.exceptions) == ("format", None, "category")
    assert load_services(SERVICE, "s.yaml").services["a"].domains == ("a.example",)
    facts = load_safe_search(SEARCH, "s.yaml")
    assert facts.engines["a"].moderate is None
    assert facts.unforced["b"].names == ("b.example",)


def test_every_mistake_is_named_at_once_in_the_order_of_lines() -> None:
    text = (
        LIST.replace("https://a.example/list.txt", "http://a.example/list.txt")
        .replace("adult", "adults")
        .replace("hosts", "zip")
        .replace("24", "0")
    )
    with pytest.raises(ConfigError) as caught:
        load_catalogue(text, "c.yaml")
    assert [str(each) for each in caught.value.problems] == [
        'c.yaml:3: lists.a.category: "adults" is not a category (did you mean adult?)',
        (
            'c.yaml:6: lists.a.urls[0]: "http://a.example/list.txt" is not an https address'
            " (write https://name/path)"
        ),
        (
            'c.yaml:7: lists.a.format: "zip" is not known here (one of: hosts, domains, wildcard,'
            " adblock, dnsmasq, rpz, unbound, squidguard)"
        ),
        "c.yaml:9: lists.a.interval: 0 is too small (at least 1)",
    ]


MISTAKES: list[tuple[Callable[[str, str], Any], str, str, str, int, str]] = [
    (load_catalogue, LIST, "https://a.example/", "https://10.0.0.1:8443/", 5, "not an https"),
    (load_catalogue, LIST, "adult", "always-allow", 3, "cannot be downloaded"),
    (load_catalogue, LIST, "adult", "csam-illegal", 3, "cannot be downloaded"),
    (load_catalogue, LIST, "[https://a.example/list.txt]", "[]", 6, "is an empty list"),
    (load_catalogue, LIST, "24", "169", 9, "is too large"),
    (load_catalogue, LIST, "tier: 1", "tier: 3", 10, "not"),
    (load_catalogue, LIST, "Good.", "x" * 301, 11, "too long"),
    (load_catalogue, LIST, "Good.", '" "', 11, "is empty"),
    (load_catalogue, LIST, "licence: MIT", "license: MIT", 8, "is not a setting"),
    (load_catalogue, LIST + "    size: 0\n", "", "", 12, "is too small"),
    (load_catalogue, LIST + "    false_positives: [X.example]\n", "", "", 12, "write x.example"),
    (load_catalogue, LIST + "    exceptions: all\n", "", "", 12, "is not known here"),
    (load_catalogue, LIST, "list.txt]", "list.txt, https://a.example/list.txt]", 6, "already"),
    (load_catalogue, LIST + LIST.partition("\n")[2].replace("  a:", "  b:"), "", "", 16, "in a"),
    (load_catalogue, LIST + "  a: {}\n", "", "", 12, "is written twice"),
    (load_services, SERVICE, "a.example", "=a.example", 5, "write a.example"),
    (load_services, SERVICE, "[a.example]", "[]", 5, "is an empty list"),
    (load_services, SERVICE, "social", "sozial", 4, "did you mean social?"),
    (load_services, SERVICE + SERVICE.partition("\n")[2].replace("  a:", "  b:"), "", "", 9, "in a"),
    (load_services, SERVICE + "    shared: [b.example]\n", "", "", 6, "nobody shares"),
    (load_safe_search, SEARCH, "b.example", "www.a.example", 11, "already in a"),
    (load_safe_search, SEARCH, "true", "maybe", 6, "not true or false"),
    (load_safe_search, SEARCH, "    source: a list\n", "", 9, "is missing"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("load", "text", "old", "new", "line", "what"),
    MISTAKES,
    ids=[f"{load.__name__}-{new or at}"[:40] for at, (load, _, _, new, *_) in enumerate(MISTAKES)],
)
def test_a_mistake_is_named_with_its_line(
    load: Callable[[str, str], Any], text: str, old: str, new: str, line: int, what: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text.replace(old, new, 1), "f.yaml")
    problems = caught.value.problems
    assert any(each.line == line and what in str(each) for each in problems), problems


def test_a_shared_name_needs_no_owner() -> None:
    both = SERVICE + SERVICE.partition("\n")[2].replace("  a:", "  b:").replace("a.ex", "b.ex")
    text = both.replace("example]", "example]\n    shared: [cdn.example]")
    services = load_services(text, "s.yaml").services
    assert {each.shared for each in services.values()} == {("cdn.example",)}
