"""A small real house for the page: real stores in a folder of the test, a real compiled index,
a clock the test sets, and a DNS process that only says what the test wants it to say.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from werkzeug.test import TestResponse

from admin_ui import House, ListState, create_app
from filterd.config.catalogue import Subscription
from filterd.config.document import Device, Document, ListSource, Profile, Window
from filterd.lists.compile import compile_index
from filterd.lists.formats import parse
from filterd.lists.index import Index
from filterd.policy.snapshot import Policy, compile_policy
from filterd.resolve.record import Origin, Record
from filterd.service.choosing import offered_lists
from filterd.store.guardians import Guardians
from filterd.store.log import LogReader
from filterd.store.logwriter import LogWriter
from filterd.store.password import hash_password
from filterd.store.policy import PolicyStore, Version
from filterd.store.schema import upgrade

HOST = "localhost:8080"
PASSWORD = "correct horse"
MAC = "02:00:5e:10:20:30"

LISTS = {
    "adult": ("adult", "adult.example\n"),
    "strangers": ("random-video-chat", "stranger.example\n"),
    "help": ("always-allow", "helpline.example\n"),
    "basics": ("essentials", "time.example\n"),
}


@dataclass
class Home:
    """The house of a test; everything in it may be changed between two requests."""

    folder: Path
    now: datetime
    index: Index
    policies: PolicyStore
    guardians: Guardians
    log: LogReader
    status: dict[str, Any] | None = field(default_factory=dict)
    states: tuple[ListState, ...] = ()
    starter_differs: bool = False
    notified: list[int] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    answer_fails: Exception | None = None
    catalogue: Mapping[str, Subscription] = field(default_factory=offered_lists)

    def policy(self) -> Policy:
        version = self.policies.current()
        return compile_policy(
            version.document,
            version.number,
            self.index,
            self.policies.overrides(self.now),
            self.policies.newest_time(),
        )

    def answer(self, answer: str, list_id: str) -> None:
        """Note what a guardian said of a list, and fail when the test wants that."""
        self.answers.append((answer, list_id))
        if self.answer_fails is not None:
            raise self.answer_fails

    def build(self) -> House:
        return House(
            policies=self.policies,
            guardians=self.guardians,
            log=self.log,
            policy=self.policy,
            notify=lambda: self.notified.append(self.current().number),
            status=lambda: self.status,
            lists=lambda: self.states,
            accept_list=partial(self.answer, "accept"),
            refuse_list=partial(self.answer, "refuse"),
            starter_differs=lambda: self.starter_differs,
            clock=lambda: self.now,
            catalogue=self.catalogue,
            page_names=frozenset({"filter.school.example"}),
            key=b"k" * 32,
        )

    def current(self) -> Version:
        return self.policies.current()

    def profile(self, profile_id: str = "sana") -> Profile:
        return self.current().document.profiles[profile_id]

    def asked(self, name: str, address: str = "192.0.2.7", mac: str = "", **why: Any) -> None:
        """Put a query into the log, allowed unless ``why`` says otherwise."""
        fields = {
            "at": self.now.timestamp(),
            "address": address,
            "name": name,
            "qtype": 1,
            "profile": "sana",
            "action": "allow",
            "reason": "default-allow",
            "category": "",
            "source": "",
            "matched": "",
            "detail": "",
            "version": 1,
            "build": "abcd",
            "rcode": 0,
            "origin": Origin.UPSTREAM,
            "took_us": 900,
        }
        writer = LogWriter(self.folder / "log.db")
        writer.write([Record(**{**fields, **why})], {address: mac} if mac else {})
        writer.close()


def starter() -> Document:
    """Sana, who has a bedtime and a tablet; Ali, who has nothing; and everybody else."""
    return Document(
        zone="Asia/Karachi",
        lists={
            source: ListSource(category=category, file=f"{source}.txt")
            for source, (category, _) in LISTS.items()
        },
        profiles={
            "everybody": Profile(name="Everybody else", blocked_categories=("adult",)),
            "sana": Profile(
                name="Sana",
                blocked_categories=("adult", "random-video-chat"),
                windows=(Window(name="Bedtime", start="21:00", end="07:00", mode="essentials"),),
            ),
            "ali": Profile(name="علی", blocked_categories=("adult",)),
        },
        devices={"tablet": Device(name="Sana's tablet", profile="sana", match=("192.0.2.7",))},
        default_profile="everybody",
    )


@pytest.fixture(scope="session")
def page_index() -> Index:
    parsed = (
        (source, parse(source, text.encode(), "auto", "subdomains"))
        for source, (_, text) in LISTS.items()
    )
    key = b"0" * 16
    return Index(compile_index(parsed, key), key)


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def fresh_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with the starter rules; every test gets a copy."""
    folder = tmp_path_factory.mktemp("state")
    upgrade(folder)
    policies = PolicyStore(folder / "policy.db")
    policies.seed(starter(), author="filterd", now=NOW - timedelta(days=1))
    policies.close()
    return folder


@pytest.fixture
def home(tmp_path: Path, fresh_state: Path, page_index: Index) -> Iterator[Home]:
    """A house on a Tuesday at 17:00 in Karachi, with the starter rules."""
    shutil.copytree(fresh_state, tmp_path, dirs_exist_ok=True)
    policies = PolicyStore(tmp_path / "policy.db")
    guardians = Guardians(tmp_path / "policy.db")
    log = LogReader(tmp_path / "log.db")
    states = tuple(
        ListState(source, category, ok=True, names=1) for source, (category, _) in LISTS.items()
    )
    yield Home(tmp_path, NOW, page_index, policies, guardians, log, states=states)
    for each in (policies, guardians, log):
        each.close()


class Browser:
    """A browser without JavaScript: keeps cookies, sends forms with the page's own token."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=f"http://{HOST}", **more)

    def text(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.status
        return answer.text

    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/sign-in").text)
        if found is None:  # signed in: the page sends one on
            found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/devices/").text)
        assert found is not None
        return found[1]

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form as the browser would."""
        headers = {"Origin": f"http://{HOST}", **more.pop("headers", {})}
        filled = {"csrf_token": self.token(), **(data or {})}
        return self.client.post(
            path, data=filled, base_url=f"http://{HOST}", headers=headers, **more
        )

    def sign_in(self, name: str = "Amna", password: str = PASSWORD) -> TestResponse:
        return self.post("/sign-in", {"name": name, "password": password})

    def speak(self, language: str) -> None:
        self.post("/language", {"language": language, "back": "/"})


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Every test has an app of its own; the templates are compiled once."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def browse(home: Home, compiled_templates: FileSystemBytecodeCache) -> Callable[[], Browser]:
    """Return a maker of browsers that nobody has signed in with."""
    app = create_app(home.build())
    app.jinja_env.bytecode_cache = compiled_templates
    return lambda: Browser(app.test_client())


@pytest.fixture
def stranger(browse: Callable[[], Browser], home: Home, password_hash: str) -> Browser:
    """A browser in a house with a guardian, not signed in."""
    home.guardians.create("Amna", password_hash, home.now)
    return browse()


@pytest.fixture
def guardian(stranger: Browser, home: Home) -> Browser:
    """A signed-in browser; the session is made directly, because a password check is slow."""
    expires = home.now + timedelta(days=30)
    token = home.guardians.sessions.start("amna", now=home.now, expires=expires)
    stranger.client.set_cookie("filterd", token, domain="localhost")
    return stranger
