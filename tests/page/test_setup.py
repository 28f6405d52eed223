"""First-run set-up: the code makes one guardian, signs them in, and is void from then on."""

from datetime import timedelta
from typing import Any

import pytest

GOOD = {"name": "Amna", "password": "correct horse", "language": "ur"}


@pytest.fixture
def newcomer(browse: Any) -> Any:
    """A browser in a house that nobody has set up."""
    return browse()


@pytest.fixture
def token_of() -> Any:
    """Return the form token of the set-up page: nobody can sign in yet."""

    def read(browser: Any) -> str:
        text = browser.text("/setup")
        return text.split('name="csrf_token" value="')[1].split('"')[0]

    return read


@pytest.fixture
def send(newcomer: Any, token_of: Any) -> Any:
    def post(**fields: str) -> Any:
        data = {"csrf_token": token_of(newcomer), **fields}
        return newcomer.client.post(
            "/setup", data=data, base_url="http://localhost:8080",
            headers={"Origin": "http://localhost:8080"},
        )  # fmt: skip

    return post


def test_every_way_leads_to_the_set_up_first(newcomer: Any) -> None:
    for path in ("/", "/devices/", "/sign-in", "/children/sana"):
        assert newcomer.get(path).headers["Location"] == "/setup"


def test_the_code_makes_a_guardian_who_is_signed_in_in_their_language(
    newcomer: Any, home: Any, send: Any
) -> None:
    answer = send(code=home.guardians.setup_code.create(home.now), **GOOD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert '<html lang="ur" dir="rtl">' in newcomer.text("/")
    assert [guardian.name for guardian in home.guardians.all()] == ["Amna"]


def test_the_code_may_be_typed_as_a_phone_types(home: Any, send: Any) -> None:
    code = home.guardians.setup_code.create(home.now)
    assert send(code=f"  {code.upper().replace('-', ' ')} ", **GOOD).status_code == 303


def test_set_up_is_over_once_there_is_a_guardian(newcomer: Any, home: Any, send: Any) -> None:
    code = home.guardians.setup_code.create(home.now)
    send(code=code, **GOOD)
    assert newcomer.get("/setup").headers["Location"] == "/sign-in"
    answer = newcomer.post("/setup", {"code": code, **GOOD, "name": "Second"})
    assert answer.headers["Location"] == "/sign-in"
    assert len(home.guardians.all()) == 1


def test_a_wrong_an_old_and_a_worn_out_code_say_what_to_do(home: Any, send: Any) -> None:
    code = home.guardians.setup_code.create(home.now)
    for _ in range(5):
        answer = send(code="2222-2222-2222-22", **GOOD)
        assert answer.status_code == 403
        assert "filterd setup-code" in answer.text
        assert "correct horse" not in answer.text
    assert send(code=code, **GOOD).status_code == 403  # five tries are all
    code = home.guardians.setup_code.create(home.now)
    home.now += timedelta(minutes=31)
    assert send(code=code, **GOOD).status_code == 403
    assert not home.guardians.any()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"code": ""}, "Write the code here."),
        ({"name": "  "}, "Write a name here."),
        ({"name": "x" * 61}, "This name is too long."),
        ({"name": "a\x00b"}, "cannot be shown"),
        ({"password": "1234567"}, "too short"),
        ({"password": "x" * 201}, "too long"),
    ],
    ids=["no code", "no name", "a novel", "control character", "short", "long"],
)
def test_a_field_says_what_is_wrong_with_it(
    home: Any, send: Any, fields: dict[str, str], wrong: str
) -> None:
    code = home.guardians.setup_code.create(home.now)
    answer = send(**{"code": code, **GOOD, "language": "en", **fields})
    assert answer.status_code == 422
    assert wrong in answer.text
    assert not home.guardians.any()


@pytest.mark.parametrize("password", ["12345678", "        ", "پاس ورڈ میرا", "'; DROP TABLE --"])
def test_any_eight_signs_are_a_password(newcomer: Any, home: Any, send: Any, password: str) -> None:
    code = home.guardians.setup_code.create(home.now)
    assert send(code=code, name="Amna", password=password).status_code == 303
    newcomer.post("/sign-out")
    assert newcomer.sign_in(password=password).status_code == 303
