"""Every fault in a policy is said with its line, its path and what would be right."""

from collections.abc import Callable

import pytest

from filterd.config.load import load_policy
from filterd.errors import ConfigError, Problem

# Lines added below the small policy of conftest, which begin in line 6: wrong ones, and their
# twins put right.
TWINS = [
    pytest.param(
        "devices:\n  phone:\n    name: Phone\n    profile: sanna\n    match: [192.0.2.1]\n",
        9,
        "devices.phone.profile",
        'there is no profile "sanna"',
        "did you mean sana?",
        "devices:\n  phone:\n    name: Phone\n    profile: sana\n    match: [192.0.2.1]\n",
        id="a device of an unknown profile",
    ),
    pytest.param(
        "devices:\n  phone: {name: Phone, profile: sana, match: []}\n",
        7,
        "devices.phone.match",
        "is an empty list",
        "at least one",
        "devices:\n  phone: {name: Phone, profile: sana, match: [10.0.0.0/8]}\n",
        id="a device known by nothing",
    ),
    pytest.param(
        "devices:\n  lab: {name: Lab, profile: sana, match: [192.168.1.7/24]}\n",
        7,
        "devices.lab.match[0]",
        '"192.168.1.7/24" is an address inside a network',
        "write 192.168.1.0/24",
        "devices:\n  lab: {name: Lab, profile: sana, match: [192.168.1.0/24]}\n",
        id="a network with host bits",
    ),
    pytest.param(
        "devices:\n"
        "  a: {name: A, profile: sana, match: [AA-BB-CC-DD-EE-FF]}\n"
        "  b:\n"
        "    name: B\n"
        "    profile: sana\n"
        "    match:\n"
        "      - 192.0.2.1\n"
        "      - aabb.ccdd.eeff\n",
        13,
        "devices.b.match[1]",
        "aa:bb:cc:dd:ee:ff already belongs to the device a",
        "keep it in one of the two",
        "devices:\n"
        "  a: {name: A, profile: sana, match: [AA-BB-CC-DD-EE-FF, aabb.ccdd.eeff]}\n"
        "  b: {name: B, profile: sana, match: [192.0.2.1]}\n",
        id="two devices of one address, written differently",
    ),
    pytest.param(
        "lists:\n  ads:\n    category: ads-trackers\n",
        7,
        "lists.ads",
        "has no place to be read from",
        "file: or url:",
        "lists:\n  ads:\n    category: ads-trackers\n    file: ads.txt\n",
        id="a list from nowhere",
    ),
    pytest.param(
        "lists:\n  ads:\n    category: ads-trackers\n    file: ads.txt\n    url: https://a.example/x\n",
        10,
        "lists.ads.url",
        "file is given as well",
        "keep one of the two",
        "lists:\n  ads:\n    category: ads-trackers\n    url: https://a.example/x\n",
        id="a list from two places",
    ),
    pytest.param(
        "lists:\n  ads: {category: advertising, file: x}\n",
        7,
        "lists.ads.category",
        '"advertising" is not a category',
        "ads-trackers",
        "lists:\n  ads: {category: ads-trackers, file: x}\n",
        id="a list of an unknown category",
    ),
    pytest.param(
        "lists:\n  help: {category: always-allow, url: https://a.example/x}\n",
        7,
        "lists.help.category",
        "always-allow cannot be downloaded",
        "a file of your own",
        "lists:\n  help: {category: always-allow, file: help.txt}\n",
        id="helplines from strangers",
    ),
    pytest.param(
        "lists:\n  ads: {category: ads-trackers, url: ftp://a.example/x}\n",
        7,
        "lists.ads.url",
        "is not a web address",
        "https://",
        "lists:\n  ads: {category: ads-trackers, url: http://a.example}\n",
        id="a list from a place that is no web address",
    ),
    pytest.param(
        "lists:\n  ads:\n    category: ads-trackers\n    file: x\n    mirrors: [https://a.example/x]\n",
        10,
        "lists.ads.mirrors",
        "there is no url",
        "the first address at url:",
        "lists:\n  ads:\n    category: ads-trackers\n    url: https://b.example/x\n    mirrors: [https://a.example/x]\n",
        id="mirrors of nothing",
    ),
    pytest.param(
        "lists:\n  ads:\n    category: ads-trackers\n    url: https://a.example/x\n    interval: 0\n",
        10,
        "lists.ads.interval",
        "0 is too small",
        "at least 1",
        "lists:\n  ads:\n    category: ads-trackers\n    url: https://a.example/x\n    interval: 1\n",
        id="a list that is always asked for",
    ),
    pytest.param(
        "lists:\n  ads: {category: ads-trackers, file: x, format: host}\n",
        7,
        "lists.ads.format",
        '"host" is not known here',
        "did you mean hosts?",
        "lists:\n  ads: {category: ads-trackers, file: x, format: hosts}\n",
        id="an unknown list format",
    ),
    pytest.param(
        "lists:\n  x:\n    category: games\n    file: x\n    exceptions: all\n",
        10,
        "lists.x.exceptions",
        '"all" is not known here',
        "category, everywhere",
        "lists:\n  x:\n    category: games\n    file: x\n    exceptions: everywhere\n",
        id="exceptions that reach nobody knows where",
    ),
    pytest.param(
        "lists:\n  x:\n    category: games\n    url: http://a.example/x\n    exceptions: everywhere\n",
        9,
        "lists.x.url",
        "cannot come over plain http",
        "https addresses, or exceptions: category",
        "lists:\n  x:\n    category: games\n    url: HTTPS://a.example/x\n    exceptions: everywhere\n",
        id="exceptions for everywhere that anybody on the way could write",
    ),
    pytest.param(
        "lists:\n  x:\n    category: games\n    exceptions: everywhere\n    url: https://a.example/x\n"
        "    mirrors: [https://b.example/x, http://c.example/x]\n",
        11,
        "lists.x.mirrors",
        "cannot come over plain http",
        "https addresses, or exceptions: category",
        "lists:\n  x:\n    category: games\n    exceptions: category\n    url: https://a.example/x\n"
        "    mirrors: [https://b.example/x, http://c.example/x]\n",
        id="the same by a mirror",
    ),
    *(
        pytest.param(
            f"lists:\n  x:\n    category: {category}\n    file: x\n    exceptions: everywhere\n",
            10,
            "lists.x.exceptions",
            f"the exceptions of a list of {category} cannot reach everywhere",
            "take it out",
            f"lists:\n  x:\n    category: {category}\n    file: x\n    exceptions: category\n",
            id=f"exceptions for everywhere in {category}",
        )
        for category in ("csam-illegal", "always-allow", "essentials")
    ),
    *(
        pytest.param(
            f"lists:\n  x:\n    category: {category}\n    file: x\n    open_names: [a.example]\n",
            10,
            "lists.x.open_names",
            f"a list of {category} cannot leave names open",
            "out of the list itself",
            f"lists:\n  x:\n    category: {category}\n    file: x\n    open_names: []\n",
            id=f"names left open by {category}",
        )
        for category in ("csam-illegal", "always-allow", "essentials")
    ),
    pytest.param(
        "lists:\n  x: {category: games, file: x, open_names: [a.example, games]}\n",
        7,
        "lists.x.open_names[1]",
        '"games" is a single word',
        "example.com",
        "lists:\n  x: {category: games, file: x, open_names: [a.example, =games.example]}\n",
        id="a word left open",
    ),
    pytest.param(
        "upstreams: []\n",
        6,
        "upstreams",
        "is an empty list",
        "at least one",
        "upstreams: [system]\n",
        id="no upstreams",
    ),
    pytest.param(
        'upstreams: [9.9.9.9, "dns.example"]\n',
        6,
        "upstreams[1]",
        "does not begin with an IP address",
        "numbers",
        'upstreams: [9.9.9.9, "[2620:fe::fe]:53"]\n',
        id="an upstream by name",
    ),
]


@pytest.mark.parametrize(("wrong", "line", "path", "what", "right", "put_right"), TWINS)
def test_a_fault_has_its_line_its_path_and_what_is_right(
    wrong: str,
    line: int,
    path: str,
    what: str,
    right: str,
    put_right: str,
    policy_text: str,
    policy_problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    (problem,) = policy_problems(policy_text + wrong)
    assert (problem.file, problem.line, problem.path) == ("policy.yaml", line, path)
    assert what in problem.what
    assert right in problem.right
    assert policy_problems(policy_text + put_right) == ()


@pytest.mark.parametrize(
    ("text", "line", "path", "words"),
    [
        pytest.param("", None, "", "holds no settings", id="an empty file"),
        pytest.param("# nothing\n", None, "", "holds no settings", id="comments only"),
        pytest.param("- a\n", 1, "", "a list is not a group of settings", id="a list"),
        pytest.param("hello\n", 1, "", '"hello" is not a group of settings', id="a word"),
        pytest.param(
            "zone: UTC\ndefault_profile: x\nprofiles: {}\n",
            3,
            "profiles",
            "no profile",
            id="no profiles",
        ),
        pytest.param(
            "zone: UTC\ndefault_profile: ann\nprofiles:\n  anna: {name: A}\n",
            2,
            "default_profile",
            "did you mean anna?",
            id="an unknown default profile",
        ),
        pytest.param(
            "default_profile: a\nprofiles:\n  a: {name: A}\n", 1, "zone", "is missing", id="no zone"
        ),
    ],
)
def test_a_whole_file_can_be_wrong(
    text: str,
    line: int | None,
    path: str,
    words: str,
    policy_problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    (problem,) = policy_problems(text)
    assert (problem.line, problem.path) == (line, path)
    assert words in str(problem)


def test_names_and_times_are_kept_in_their_one_form(
    zones: frozenset[str], policy_text: str
) -> None:
    document = load_policy(
        policy_text
        + """\
    answer: null
    blocked_names: ["https://WWW.Example.com/x", www.example.com, =A.example]
    windows:
      - {name: " B ", days: [sun, mon, sun], start: 21:30, end: 7:00, mode: block, names: ["*.a.example"]}
""".replace(" 7:00", " 07:00"),
        "policy.yaml",
        zones,
    )
    sana = document.profiles["sana"]
    assert sana.answer == "null"
    assert sana.blocked_names == ("www.example.com", "=a.example")
    (window,) = sana.windows
    assert (window.name, window.start, window.end) == ("B", "21:30", "07:00")
    assert window.days == ("mon", "sun")
    assert window.names == ("a.example",)


def test_no_zone_is_known_where_none_is(policy_text: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_policy(policy_text, "policy.yaml", frozenset())
    assert "is not a time zone" in str(refusal.value)
