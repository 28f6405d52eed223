"""A dry run says what a list would newly block, by the very rules that would block it."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.config.document import Document
from filterd.errors import FilterdError
from filterd.lists.compile import compile_index
from filterd.lists.formats import parse
from filterd.lists.index import Index
from filterd.resolve.record import Record
from filterd.service.compiling import compile_lists
from filterd.service.current import index_key
from filterd.service.trial import Over, Wanted, try_list
from filterd.store.logwriter import LogWriter

KEY = bytes(16)


@pytest.fixture
def document(house) -> Document:
    return Document.model_validate(
        {
            "zone": "Asia/Karachi",
            "upstreams": ["192.0.2.53"],
            "lists": {
                "mine": {"category": "games", "file": "mine.txt", "match": "subdomains"},
                "help": {"category": "always-allow", "file": "help.txt"},
            },
            "profiles": {
                "sana": {
                    "name": "Sana",
                    "blocked_categories": ["games"],
                    "allowed_names": ["school.example"],
                    "windows": [{"name": "Bedtime", "mode": "essentials"}],
                },
                "ali": {"name": "Ali"},
                "mother": {"name": "Mother", "filtering": False},
            },
            "default_profile": "sana",
        }
    )


def record(at: float, name: str, profile: str = "sana") -> Record:
    return Record(
        at, "192.0.2.7", name, 1, profile, "allow", "default-allow", "", "", "", "", 1, "b", 0, 0, 50,
    )  # fmt: skip


@pytest.fixture
def log(layout, monkeypatch, now):
    """Write names into the log as asked for an hour ago; the clock stands still."""
    monkeypatch.setattr("filterd.service.trial.time.time", now.timestamp)
    writer = LogWriter(layout.log_db)

    def write(*asked: tuple[str, str], ago: timedelta = timedelta(hours=1)) -> None:
        at = (now - ago).timestamp()
        writer.write([record(at, name, profile) for name, profile in asked])

    yield write
    writer.close()


@pytest.fixture
def config(layout, document, store, house) -> Path:
    (layout.base / "mine.txt").write_text("game.example\n")
    (layout.base / "help.txt").write_text("help.example\n")
    compile_lists(layout, document, index_key(layout))
    return house.write_config(layout, document)


@pytest.fixture
def tried(layout) -> str:
    path = layout.base / "tried.txt"
    path.write_text(
        "127.0.0.1 ads.example\n127.0.0.1 game.example\n127.0.0.1 school.example\n"
        "127.0.0.1 help.example\n127.0.0.1 pool.ntp.org\n"
    )
    return str(path)


def run(config: Path, place: str, **wanted) -> list[str]:
    return list(try_list(config, Wanted(place, **wanted)))


def test_only_what_no_rule_decides_already_is_newly_blocked(config, log, tried) -> None:
    log(
        *[("ads.example", "sana")] * 3,
        *[("ads.example", "ali")] * 2,
        *[("game.example", "ali")] * 9,
        *[("game.example", "sana")] * 9,  # blocked already
        ("school.example", "sana"),  # her own name
        ("help.example", "ali"),  # always open
        ("ads.example", "mother"),  # not filtered
        ("ads.example", "gone"),  # a profile of long ago
        ("other.example", "ali"),
    )
    said = run(config, tried)
    assert said[0] == "5 rules in the hosts format"
    assert "help.example" in said[1]
    assert "pool.ntp.org" in said[2]
    assert said[3].startswith("of 5 names asked for in the last 7 days it would newly block 2")
    assert [line.split() for line in said[4:]] == [
        ["9", "game.example", "(Ali)"],
        ["5", "ads.example", "(Ali,", "Sana)"],
    ]


def test_how_the_list_is_read_decides(config, log, tried) -> None:
    log(("www.ads.example", "ali"))
    assert "newly block none" in run(config, tried)[-1]
    assert run(config, tried, match="subdomains")[-1].endswith("by the rule for ads.example")


def test_a_name_answered_with_something_else_counts_as_blocked(config, log, layout) -> None:
    (layout.base / "led.txt").write_text("||ads.example^$dnsrewrite=192.0.2.9\n||x.example^\n")
    log(("ads.example", "ali"))
    said = run(config, str(layout.base / "led.txt"), form="adblock")
    assert said[-1].split() == ["1", "ads.example", "(Ali)"]


def test_one_profile_and_fewer_days_narrow(config, log, tried) -> None:
    log(("ads.example", "ali"), ago=timedelta(days=3))
    assert "(Ali)" in run(config, tried)[-1]
    assert "no name was logged in the last day" in run(config, tried, days=1)[-1]
    assert "no name" in run(config, tried, profile="sana")[-1]


def test_a_list_from_the_web_is_tried_without_being_kept(config, log, list_server, layout) -> None:
    log(("casino.example", "ali"))
    assert "casino.example" in run(config, list_server.url)[-1]
    assert not layout.downloads.exists()


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        pytest.param({"form": "host"}, "--format: .*did you mean hosts", id="format"),
        pytest.param({"match": "all"}, '--match: "all" is not known', id="match"),
        pytest.param({"profile": "sanna"}, "no profile 'sanna'", id="profile"),
        pytest.param({"place": "none.txt"}, "none.txt", id="no file"),
        pytest.param({"place": "http://192.0.2.1/x"}, "with https", id="an unsafe address"),
    ],
)
def test_what_cannot_be_tried_is_said(config, tried, wanted, words) -> None:
    with pytest.raises(FilterdError, match=words):
        run(config, **{"place": tried, **wanted})


def test_without_an_index_there_is_no_trial(config, log, tried, layout) -> None:
    layout.index.unlink()
    with pytest.raises(FilterdError, match="not compiled yet"):
        run(config, tried)


LABELS = st.sampled_from(["a", "b", "c"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(lambda labels: ".".join([*labels, "example"]))
TEXTS = st.lists(NAMES, min_size=1, max_size=6).map(lambda names: "\n".join(names).encode() + b"\n")


@given(first=TEXTS, second=TEXTS, match=st.sampled_from(["format", "subdomains"]), name=NAMES)
def test_two_indexes_over_each_other_say_what_one_of_both_says(first, second, match, name) -> None:
    one = ("one", parse("one", first, "domains", match))
    two = ("two", parse("two", second, "domains", "format"))
    over = Over(Index(compile_index([one], KEY), KEY), Index(compile_index([two], KEY), KEY))
    both = Index(compile_index([one, two], KEY), KEY)
    assert over.tags(over.find(name)) == both.tags(both.find(name))
