"""A configuration is read whole, or refused with everything that is wrong in it."""

import re
import subprocess
import sys
import zoneinfo
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from filterd.config.load import load_config
from filterd.config.machine import HOME_NETWORKS, Config, Endpoint
from filterd.errors import ConfigError, Problem

REFERENCE = (Path(__file__).parents[2] / "config.yaml").read_text("utf-8")
ZONES = frozenset(zoneinfo.available_timezones())

# Nine lines: what a test adds begins in line 10.
CONFIG = """\
policy:
  zone: UTC
  default_profile: sana
  profiles:
    sana:
      name: Sana
listen:
  dns: ["127.0.0.1:5300"]
  page: "127.0.0.1:8080"
"""

BROKEN = """\
# Everything a tired parent can get wrong in one evening.
listen:
  dns: [localhost:5300, ":53"]
  page: 8080
stat: /var/lib/filterd
ask_from: [192.168.1.1/24]
page_names: [192.168.1.1]
policy:
  zone: Karachi
  upstreams: [https://dns.example/dns-query]
  lists:
    adult:
      category: adlut
    adult:
      category: adult
      file: adult.txt
  profiles:
    sana:
      name: NO
      filtering: yes
      blocked_catagories: [adult]
      allowed_categories: [csam-illegal]
      allowed_names: [com]
      windows:
        - name: Bedtime
          days: [monday]
          start: 1290
          end: 7:00
          mode: essentials
        - name: Bedtime
          mode: only
    Little Ali:
      name: 7
      max_ttl_s: "60"
  devices:
    phone:
      name: Phone
      profile: sanna
      match: [10.0.0.1, aa:bb:cc:dd:ee]
    tablet:
      name: Tablet
      profile: sana
      match:
        - 10.0.0.1/32
  default_profile: anybody
"""

# What pydantic says, and our words for what was not foreseen.
JARGON = re.compile(
    "[Ii]nput should|[Vv]alue error|Field required|Extra inputs|is not what belongs"
)

BROKEN_AT = [
    (1, "state", "is missing"),
    (3, "listen.dns[0]", "write 127.0.0.1"),
    (3, "listen.dns[1]", "has no address"),
    (4, "listen.page", "8080 is not a list"),
    (5, "stat", "did you mean state?"),
    (6, "ask_from[0]", "write 192.168.1.0/24"),
    (7, "page_names[0]", "is an IP address"),
    (9, "policy.zone", "did you mean Asia/Karachi?"),
    (10, "policy.upstreams[0]", "not an upstream"),
    (12, "policy.lists.adult", "no place to be read from"),
    (13, "policy.lists.adult.category", "did you mean adult?"),
    (14, "policy.lists.adult", "first in line 12"),
    (20, "policy.profiles.sana.filtering", "write true without quotes"),
    (21, "policy.profiles.sana.blocked_catagories", "did you mean blocked_categories?"),
    (22, "policy.profiles.sana.allowed_categories[0]", "same for everybody"),
    (23, "policy.profiles.sana.allowed_names[0]", "single word"),
    (26, "policy.profiles.sana.windows[0].days[0]", "did you mean mon?"),
    (27, "policy.profiles.sana.windows[0].start", '"21:30"'),
    (28, "policy.profiles.sana.windows[0].end", 'write "07:00"'),
    (30, "policy.profiles.sana.windows[1]", "nothing to leave open"),
    (30, "policy.profiles.sana.windows[1].name", "another name"),
    (32, 'policy.profiles."Little Ali"', "like little-ali"),
    (33, 'policy.profiles."Little Ali".name', 'in quotes: "7"'),
    (34, 'policy.profiles."Little Ali".max_ttl_s', "write 60 without quotes"),
    (38, "policy.devices.phone.profile", "did you mean sana?"),
    (39, "policy.devices.phone.match[1]", "not an address or a network"),
    (44, "policy.devices.tablet.match[0]", "already belongs to the device phone"),
    (45, "policy.default_profile", 'no profile "anybody"'),
]


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_lines(
    config_problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    problems = config_problems(BROKEN)
    assert sorted((each.line, each.path) for each in problems) == [each[:2] for each in BROKEN_AT]
    assert [each.line for each in problems] == [line for line, _, _ in BROKEN_AT]
    for line, path, words in BROKEN_AT:
        (said,) = (str(each) for each in problems if (each.line, each.path) == (line, path))
        assert words in said


def test_no_problem_is_said_in_the_words_of_a_library(
    config_problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    said = "\n".join(map(str, config_problems(BROKEN)))
    assert not JARGON.search(said)


def test_what_is_left_out_has_its_default() -> None:
    config = load_config(CONFIG + "state: state\n", "config.yaml", ZONES)
    assert config.listen.dns == (Endpoint("127.0.0.1", 5300),)
    assert config.listen.page == (Endpoint("127.0.0.1", 8080),)
    assert (config.user, config.page_names, config.ask_from) == (None, (), HOME_NETWORKS)
    assert config.policy.upstreams == ("system",)


def test_everything_can_be_set() -> None:
    config = load_config(
        CONFIG.replace('"127.0.0.1:8080"', '["127.0.0.1:8080", "[::1]:8080"]')
        + "state: /var/lib/filterd\nuser: filterd\npage_names: [Filter.LAN, box, box.]\n"
        + "ask_from: [192.0.2.0/24, 2001:db8::7]\n",
        "config.yaml",
        ZONES,
    )
    assert [str(each) for each in config.listen.page] == ["127.0.0.1:8080", "[::1]:8080"]
    assert (config.state, config.user) == ("/var/lib/filterd", "filterd")
    assert config.page_names == ("filter.lan", "box")
    assert config.ask_from == (ip_network("192.0.2.0/24"), ip_network("2001:db8::7/128"))


@pytest.mark.parametrize(
    ("added", "line", "path", "words"),
    [
        ("", 1, "state", "like state"),
        ("state:\n", 10, "state", "nothing is written here"),
        ("state: state\nuser: root shell\n", 11, "user", "a user of this machine"),
        ("state: state\nuser: 1000\n", 11, "user", 'in quotes: "1000"'),
        ("state: state\nask_from: []\n", 11, "ask_from", "at least one"),
        ("state: state\nask_from: [10]\n", 11, "ask_from[0]", "in quotes"),
        ("state: state\nask_from: 10.0.0.0/8\n", 11, "ask_from", 'write ["10.0.0.0/8"]'),
        ("state: state\npage_names: ['http://x']\n", 11, "page_names[0]", '":"'),
        ("state: state\nlisten: {}\n", 11, "listen", "first in line 7"),
    ],
)
def test_a_fault_of_the_machine_has_its_line(
    added: str,
    line: int,
    path: str,
    words: str,
    config_problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    (problem,) = config_problems(CONFIG + added)
    assert (problem.file, problem.line, problem.path) == ("config.yaml", line, path)
    assert words in str(problem)


@pytest.mark.parametrize(
    ("dns", "page", "line", "path", "words"),
    [
        ("[]", "127.0.0.1:80", 2, "listen.dns", "at least one"),
        ("127.0.0.1:53", "127.0.0.1:53", 3, "listen.page", "already listens on 127.0.0.1:53"),
        ("[127.0.0.1:53, ':']", "127.0.0.1", 2, "listen.dns[1]", "between 1 and 65535"),
        ("[127.0.0.1:53, 7]", "'[::1]:8080'", 2, "listen.dns[1]", "7 is not an address"),
    ],
)
def test_a_fault_in_listen_has_its_line(
    dns: str,
    page: str,
    line: int,
    path: str,
    words: str,
    config_problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    text = f"listen:\n  dns: {dns}\n  page: {page}\nstate: s\n" + CONFIG.partition("listen:")[0]
    problem = config_problems(text)[0]
    assert (problem.line, problem.path) == (line, path)
    assert words in str(problem)


def test_a_page_on_the_port_of_dns_is_said_though_another_address_is_wrong(
    config_problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    text = CONFIG.replace('["127.0.0.1:5300"]', '["127.0.0.1:8080", x]') + "state: s\n"
    assert [each.path for each in config_problems(text)] == ["listen.dns[1]", "listen.page"]


def loads_or_refuses(text: str) -> None:
    """Hold what is promised of any text; whatever else is raised fails the test."""
    try:
        outcome: Config | ConfigError = load_config(text, "config.yaml", ZONES)
    except ConfigError as error:
        outcome = error
    if isinstance(outcome, ConfigError):
        assert outcome.problems
        assert all(each.file == "config.yaml" and each.what for each in outcome.problems)
        assert not any(JARGON.search(str(each)) for each in outcome.problems)


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_refused(text: str) -> None:
    loads_or_refuses(text)


LINES = REFERENCE.splitlines()
edits = st.tuples(
    st.sampled_from(["drop", "repeat", "swap", "comment", "insert", "value"]),
    st.integers(0, len(LINES) - 1),
    st.sampled_from(
        ["\t", ":", "-", "[", "*", "'", "no", "1290", "null", "{}", "  ", "#", "&a", "é"]
    ),
)


@settings(max_examples=200)
@given(st.lists(edits, min_size=1, max_size=4))
def test_a_reference_with_slips_is_a_configuration_or_refused(
    slips: list[tuple[str, int, str]],
) -> None:
    lines = list(LINES)
    for slip, at, text in slips:
        where = at % len(lines)
        line = lines[where]
        lines[where : where + 1] = {
            "drop": [],
            "repeat": [line, line],
            "swap": [*lines[where + 1 : where + 2], line],
            "comment": [line.replace("#", "", 1)],
            "insert": [line[: at % 7] + text + line[at % 7 :]],
            "value": [f"{line.partition(':')[0]}: {text}"],
        }[slip]
    loads_or_refuses("\n".join(lines))


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["sana", "21:00", "10.0.0.1", "adult", "only", "system"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "mode",
                    "start",
                    "end",
                    "windows",
                    "match",
                    "profile",
                    "category",
                    "sana",
                    "file",
                    "url",
                    "categories",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["listen", "state", "user", "page_names", "ask_from"]), anything
    ),
    st.dictionaries(
        st.sampled_from(["zone", "upstreams", "lists", "profiles", "devices", "default_profile"]),
        anything,
    ),
)
def test_any_shape_of_the_known_settings_is_a_configuration_or_refused(
    machine: dict[str, object], policy: dict[str, object]
) -> None:
    loads_or_refuses(yaml.safe_dump({**machine, "policy": policy}, allow_unicode=True))


def test_reading_a_configuration_needs_no_page_and_no_public_suffixes() -> None:
    code = (
        "import sys, filterd.config.load, filterd.config.dump\n"
        "print([each for each in ('tldextract', 'flask', 'sqlalchemy') if each in sys.modules])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
