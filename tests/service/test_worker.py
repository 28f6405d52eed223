"""The worker repairs, fetches and says only what is new; commands show what it found."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from filterd import cli
from filterd.service import worker
from filterd.service.check import check_house
from filterd.service.layout import Layout
from filterd.service.listing import age, show_lists
from filterd.service.manifest import load_manifest

MANY = b"".join(b"casino%d.example\n" % number for number in range(200))


class House:
    """A house whose one list is subscribed; its policy and its configuration agree."""

    def __init__(self, layout, config: Path) -> None:
        self.layout, self.config = layout, config

    def update(self) -> None:
        worker.update(self.layout, self.config)

    def command(self, *arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli.main, [*arguments, "--config", str(self.config)])
        return done.exit_code, done.output

    @property
    def state(self):
        return load_manifest(self.layout.manifest).state_of("web")

    def let_be_due(self) -> None:
        """Make the list due as if its interval had passed."""
        text = self.layout.manifest.read_text()
        due = self.state.download.next_due
        self.layout.manifest.write_text(text.replace(repr(due), "1.0"))


@pytest.fixture
def subscribed(layout, document, store, now, house, list_server) -> House:
    list_server.body = MANY
    document = house.with_lists(document, web={"category": "games", "url": list_server.url})
    store.save(document, based_on=1, author="t", reason="t", now=now)
    return House(layout, house.write_config(layout, document))


def test_an_update_fetches_and_compiles(subscribed, house, capsys) -> None:
    subscribed.update()
    assert house.is_blocked(subscribed.layout, "casino7.example")
    assert "compiled 200 names from 1 lists" in capsys.readouterr().out


def test_an_update_with_nothing_due_says_and_asks_nothing(subscribed, list_server, capsys) -> None:
    subscribed.update()
    capsys.readouterr()
    subscribed.update()
    assert capsys.readouterr().out == ""
    assert len(list_server.paths) == 1


def test_a_damaged_index_is_rebuilt(subscribed, house) -> None:
    subscribed.update()
    content = bytearray(subscribed.layout.index.read_bytes())
    content[-1] ^= 0xFF
    subscribed.layout.index.write_bytes(content)
    subscribed.update()
    assert house.is_blocked(subscribed.layout, "casino7.example")


def test_what_is_wrong_is_said_once(subscribed, list_server, capsys) -> None:
    subscribed.update()
    list_server.status = 503
    subscribed.let_be_due()
    list_server.etag = '"two"'
    subscribed.update()
    assert "list web (games): the server answered 503" in capsys.readouterr().out
    subscribed.let_be_due()
    subscribed.update()
    assert capsys.readouterr().out == ""


def test_a_house_that_is_its_own_resolver_asks_its_upstreams(
    layout, document, store, now, house, tmp_path, monkeypatch, capsys
) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    monkeypatch.setattr("filterd.service.ourselves.RESOLV_CONF", tmp_path / "resolv.conf")
    monkeypatch.setattr("filterd.net.lookup.WAIT_S", 0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
        upstream.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{upstream.getsockname()[1]}"
        changed = {**document.model_dump(), "upstreams": [where]}
        changed["lists"] = {"web": {"category": "games", "url": "https://lists.example/x"}}
        document = type(document).model_validate(changed)
        store.save(document, based_on=1, author="t", reason="t", now=now)
        worker.update(layout, house.write_config(layout, document, dns="127.0.0.1:53"))
        asked = upstream.recv(512)
    assert b"\x05lists\x07example\x00" in asked
    assert f"{where} does not answer about lists.example" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know less of that")
def test_the_worker_is_what_the_kernel_ends_first(subscribed) -> None:
    code = (
        "import resource\nfrom filterd.service.worker import bound_memory\nbound_memory()\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA)[0] > 0,"
        " open('/proc/self/oom_score_adj').read().strip())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "1000"]


def test_what_is_wrong_with_a_list_is_said_when_a_house_begins(
    tmp_path, document, house, capsys
) -> None:
    state = tmp_path / "new" / "state"
    state.mkdir(parents=True, mode=0o700)
    new = Layout(state, tmp_path / "new")
    (new.base / "mine.txt").write_text("<!DOCTYPE html>\n<html><body>404</body></html>\n")
    worker.begin(new, house.write_config(new, document))
    assert "list mine (games): " in capsys.readouterr().out


def test_a_house_begins_with_databases_its_first_policy_and_an_index(
    tmp_path, document, house
) -> None:
    state = tmp_path / "new" / "state"
    state.mkdir(parents=True, mode=0o700)
    new = Layout(state, tmp_path / "new")
    (new.base / "mine.txt").write_text("casino.example\n")
    config = house.write_config(new, document)
    worker.begin(new, config)
    assert house.is_blocked(new, "casino.example")
    index = new.index.read_bytes()
    (new.base / "mine.txt").write_text("other.example\n")
    worker.begin(new, config)
    assert new.index.read_bytes() == index, "what is there is kept; an update looks at the lists"


def test_too_little_memory_is_said_in_words(subscribed, monkeypatch, capsys) -> None:
    def burst(*_: object) -> None:
        raise MemoryError

    monkeypatch.setitem(worker.JOBS, "update", burst)
    monkeypatch.setattr(worker, "bound_memory", lambda: None)
    monkeypatch.setattr(sys, "argv", ["worker", "update", str(subscribed.config)])
    assert worker.main() == 1
    assert "more memory than this machine has" in capsys.readouterr().out


def test_a_list_shows_its_age_its_trouble_and_when_it_is_asked_again(
    subscribed, list_server
) -> None:
    subscribed.update()
    shown = "\n".join(show_lists(subscribed.config))
    assert "web: games, 200 names, http://127.0.0.1" in shown
    assert "seen to be the newest less than a minute ago" in shown
    assert "asked for again in " in shown
    assert check_house(subscribed.config) == []
    list_server.status, list_server.etag = 503, '"two"'
    subscribed.let_be_due()
    subscribed.update()
    shown = "\n".join(show_lists(subscribed.config))
    assert "503 instead of the list; the last good copy stays in force" in shown
    assert "(failed once)" in shown
    (problem,) = check_house(subscribed.config)
    assert problem.startswith("list web (games): the server answered 503")
    assert "last seen to be the newest less than a minute ago" in problem


def test_a_guardian_settles_a_held_download_by_a_command(subscribed, list_server, house) -> None:
    subscribed.update()
    list_server.say(b"poker.example\n", '"two"')
    subscribed.let_be_due()
    subscribed.update()
    assert "kept aside: it shrank" in check_house(subscribed.config)[0]
    status, said = subscribed.command("lists", "accept", "web")
    assert (status, said.splitlines()[0]) == (0, "web: 1 names are in force")
    assert house.is_blocked(subscribed.layout, "poker.example")
    status, said = subscribed.command("lists", "refuse", "web")
    assert status == 1
    assert "no download of it waits" in said


def test_a_refused_download_is_remembered_where_lists_are_shown(subscribed, list_server) -> None:
    subscribed.update()
    list_server.say(b"poker.example\n", '"two"')
    subscribed.let_be_due()
    subscribed.update()
    status, said = subscribed.command("lists", "refuse", "web")
    assert (status, "stays in force" in said) == (0, True)
    assert "a newer text was refused: it shrank" in subscribed.command("lists", "show")[1]


def test_lists_travel_by_commands(subscribed, tmp_path) -> None:
    subscribed.update()
    bundle = str(tmp_path / "b.tar.gz")
    assert subscribed.command("lists", "pack", bundle)[0] == 0
    subscribed.layout.copy_of("web").unlink()
    assert subscribed.command("lists", "unpack", bundle) == (0, "web: 200 names are in force\n")
    (tmp_path / "bad").write_bytes(b"bad")
    status, said = subscribed.command("lists", "unpack", str(tmp_path / "bad"))
    assert (status, said.startswith("filterd: ")) == (1, True)


def test_a_list_is_tried_by_a_command(subscribed, list_server) -> None:
    subscribed.update()
    status, said = subscribed.command("lists", "try", list_server.url, "--match", "subdomains")
    assert (status, said.splitlines()[0]) == (0, "200 rules in the domains format")
    assert subscribed.command("lists", "try", list_server.url, "--days", "0")[0] == 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "less than a minute"),
        (60, "1 minute"),
        (7199, "1 hour"),
        (7200, "2 hours"),
        (8 * 86400, "8 days"),
    ],
)
def test_ages_are_said_roughly(seconds: float, words: str) -> None:
    assert age(seconds) == words
