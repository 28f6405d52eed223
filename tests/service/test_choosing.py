"""Choosing lists by commands: what is offered, one more list, one list less, and back again."""

import getpass

import pytest
from click.testing import CliRunner

from filterd import cli
from filterd.config.subscribing import source_of
from filterd.service import worker
from filterd.service.choosing import offered_lists

OFFERS = offered_lists()


class House:
    """A house with one list of its own, driven by commands."""

    def __init__(self, layout, config, store) -> None:
        self.layout, self.config, self.store = layout, config, store

    def command(self, *arguments: str) -> tuple[int, list[str]]:
        done = CliRunner().invoke(cli.main, ["lists", *arguments, "--config", str(self.config)])
        return done.exit_code, done.output.splitlines()

    @property
    def lists(self):
        return self.store.current().document.lists


@pytest.fixture
def chooser(layout, document, store, house) -> House:
    return House(layout, house.write_config(layout, document), store)


def test_the_catalogue_shows_every_list_and_what_a_guardian_should_know(chooser) -> None:
    status, lines = chooser.command("catalogue")
    assert status == 0
    assert len(lines) == 2 * len(OFFERS) + 1
    assert lines[:2] == [
        "hagezi-nsfw: adult, HaGeZi NSFW, about 114,081 names, tier 1, licence GPL-3.0",
        f"  {OFFERS['hagezi-nsfw'].remark}",
    ]
    assert "oisd-nsfw: adult, oisd NSFW, size unknown, tier 1" in lines[2]
    assert "filterd lists add ID" in lines[-1]


def test_the_catalogue_shows_one_category_and_what_of_it_is_in_use(chooser) -> None:
    chooser.command("add", "ut1-games", "--as", "toys")
    status, lines = chooser.command("catalogue", "--category", "games")
    assert (status, len(lines)) == (0, 3)
    assert lines[0].startswith("ut1-games: games, UT1 games, about 33,715 names, tier 2")
    assert lines[0].endswith(", in use as toys")
    assert chooser.command("catalogue", "--category", "nudify") == (
        0, ["the catalogue has no list for nudify"],
    )  # fmt: skip
    status, lines = chooser.command("catalogue", "--category", "game")
    assert (status, lines) == (1, ["filterd: game is not a category (did you mean games?)"])


def test_the_catalogue_can_be_read_before_the_first_start(tmp_path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        'listen: {dns: "127.0.0.1:5353", page: "127.0.0.1:8080"}\nstate: state\n'
        "policy: {zone: UTC, profiles: {a: {name: A}}, default_profile: a}\n"
    )
    done = CliRunner().invoke(cli.main, ["lists", "catalogue", "--config", str(path)])
    assert (done.exit_code, len(done.output.splitlines())) == (0, 2 * len(OFFERS) + 1)


def test_a_list_of_the_catalogue_is_added_as_a_new_version(chooser) -> None:
    status, lines = chooser.command("add", "ut1-games")
    assert (status, lines) == (0, [
        "ut1-games: version 2 is saved; the list is downloaded when filterd runs",
        f"mind: {OFFERS['ut1-games'].remark}",
    ])  # fmt: skip
    assert chooser.lists["ut1-games"] == source_of(OFFERS["ut1-games"])
    version = chooser.store.current()
    assert (version.author, version.reason) == (getpass.getuser(), "lists add ut1-games")


def test_whoever_adds_a_list_may_say_who_and_why(chooser, now) -> None:
    before = chooser.store.current().document
    chooser.command("add", "oisd-nsfw", "--author", "Amna", "--reason", "for the exams")
    version = chooser.store.current()
    assert (version.author, version.reason) == ("Amna", "for the exams")
    chooser.store.undo(author="Amna", now=now)
    assert chooser.store.current().document == before


def test_a_topic_that_nobody_has_closed_is_pointed_out(chooser) -> None:
    lines = chooser.command("add", "hagezi-nsfw")[1]
    assert lines[1:] == ["no profile closes adult yet: choose it on the page of a child"]
    assert len(chooser.command("add", "shadowwhisperer-adult", "--as", "x")[1]) == 3
    assert "x" in chooser.lists


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["hagezi-nfsw"], "has no list hagezi-nfsw (did you mean hagezi-nsfw?)"),
        (["zzzzzz"], "'filterd lists catalogue' shows what it has"),
        (["oisd-nsfw", "--as", "mine"], "there is a list mine already"),
        (["oisd-nsfw", "--category", "games"], "leave out --category"),
        (["oisd-nsfw", "--format", "hosts", "--match", "format"], "leave out --format, --match"),
        (["https://a.example/x"], "with --category"),
        ([OFFERS["oisd-nsfw"].urls[1], "--category", "adult"], "filterd lists add oisd-nsfw"),
    ],
    ids=["mistyped", "unknown", "name taken", "category of its own", "format of its own",
         "address without category", "an address of the catalogue"],
)  # fmt: skip
def test_what_cannot_be_added_is_said_and_nothing_changes(chooser, arguments, words) -> None:
    status, lines = chooser.command("add", *arguments)
    assert status == 1
    assert words in lines[0]
    assert chooser.store.current().number == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["https://a.example/x", "--category", "adults"], "did you mean adult?"),
        (["https://a.example/x", "--category", "always-allow"], "cannot be downloaded"),
        (["ftp://a.example/x", "--category", "adult"], "is not a web address"),
        (["https://a.example/x", "--category", "adult", "--format", "zip"], "is not known here"),
        (["https://a.example/x", "--category", "adult", "--as", "A B"], "is not an id"),
    ],
    ids=["category", "helplines", "scheme", "format", "id"],
)
def test_an_address_is_checked_like_anything_somebody_wrote(chooser, arguments, words) -> None:
    status, lines = chooser.command("add", *arguments)
    assert status == 2
    assert words in lines[0]
    assert chooser.store.current().number == 1


def test_nothing_is_added_twice(chooser) -> None:
    chooser.command("add", "oisd-nsfw", "--as", "night")
    assert chooser.command("add", "oisd-nsfw") == (
        1, ["filterd: oisd-nsfw is in use already, as night"],
    )  # fmt: skip
    chooser.command("add", "https://a.example/x", "--category", "adult")
    status, lines = chooser.command("add", "https://a.example/x", "--category", "games")
    assert (status, lines) == (
        1, ["filterd: this address is in use already, by the list a-example"],
    )  # fmt: skip


def test_a_list_from_an_address_closes_names_after_the_next_look(
    chooser, house, list_server
) -> None:
    options = ("--category", "games", "--match", "subdomains", "--as", "web")
    status, lines = chooser.command("add", list_server.url, *options)
    assert (status, len(lines)) == (0, 1)
    source = chooser.lists["web"]
    assert (source.url, source.match, source.exceptions) == (
        list_server.url, "subdomains", "category",
    )  # fmt: skip
    worker.update(chooser.layout, chooser.config)
    assert house.is_blocked(chooser.layout, "www.casino.example")
    status, lines = chooser.command("remove", "web")
    assert (status, lines) == (
        0, ["web: version 3 is saved; the list is out of use when filterd runs"],
    )  # fmt: skip
    worker.update(chooser.layout, chooser.config)
    assert not house.is_blocked(chooser.layout, "www.casino.example")


def test_what_is_lost_with_a_list_is_said(chooser, document, house, store, now) -> None:
    lists = {key: {"category": key, "file": f"{key}.txt"} for key in ("always-allow", "essentials")}
    both = house.with_lists(document, mine=document.lists["mine"].model_dump(), **lists)
    store.save(both, based_on=1, author="t", reason="t", now=now)
    for list_id, words in (
        ("always-allow", "no list is left for always-allow: helplines are no longer kept open"),
        ("essentials", "no list is left for essentials: devices may not work"),
        ("mine", "no list is left for games: closing it closes nothing"),
    ):
        status, lines = chooser.command("remove", list_id)
        assert status == 0
        assert words in lines[1]
    assert chooser.lists == {}


@pytest.mark.parametrize(
    ("list_id", "words"),
    [
        ("oisd-nsfw", "there is no list oisd-nsfw (did you mean night?)"),
        ("nihgt", "there is no list nihgt (did you mean night?)"),
        ("zzzzzz", "filterd: there is no list zzzzzz"),
    ],
    ids=["the catalogue's id", "mistyped", "unknown"],
)
def test_a_list_that_is_not_there_cannot_go(chooser, list_id, words) -> None:
    chooser.command("add", "oisd-nsfw", "--as", "night")
    status, lines = chooser.command("remove", list_id)
    assert status == 1
    assert words in lines[0]
    assert chooser.store.current().number == 2


def test_a_house_that_was_never_started_says_so(tmp_path, layout, document, house) -> None:
    layout.policy_db.unlink()
    done = House(layout, house.write_config(layout, document), None).command("add", "oisd-nsfw")
    assert done[0] == 1
    assert "start 'filterd run' first" in done[1][0]


def test_a_change_made_meanwhile_is_not_overwritten(chooser, monkeypatch) -> None:
    """Somebody saves on the page between the reading and the saving of the command."""
    from filterd.service import choosing  # noqa: PLC0415

    real = choosing.save_version

    def late(layout, current, *rest):
        other = current.document.model_copy(update={"zone": "UTC"})
        real(layout, current, other, "Amna", "meanwhile")
        return real(layout, current, *rest)

    monkeypatch.setattr(choosing, "save_version", late)
    status, lines = chooser.command("add", "oisd-nsfw")
    assert status == 1
    assert "version 2 was saved by Amna in the meantime" in lines[0]
    assert "oisd-nsfw" not in chooser.lists
