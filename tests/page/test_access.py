"""Who may do what: sign-in for everything, tokens, origins, hosts, headers, sessions."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from admin_ui import create_app
from admin_ui.security import BODY_LIMIT_BYTES, HEADERS, is_our_host
from admin_ui.signed import OPEN_TO_ALL

HOST = "localhost:8080"
BASE = f"http://{HOST}"
VALUES = {
    "profile_id": "sana", "device_id": "tablet", "number": 1, "row_id": 1, "list_id": "adult",
    "category": "adult", "offer_id": "oisd-nsfw",
}  # fmt: skip


@pytest.fixture
def app(home: Any) -> Flask:
    return create_app(home.build())


def test_only_these_pages_are_open_to_strangers(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints >= OPEN_TO_ALL
    assert len(endpoints - OPEN_TO_ALL) > 20


def test_every_other_route_asks_for_a_sign_in(stranger: Any, app: Flask, home: Any) -> None:
    before = home.current()
    token = stranger.token()
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OPEN_TO_ALL:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = stranger.client.open(
                path_of(app, rule), method=method, base_url=BASE, data={"csrf_token": token},
                headers={"Origin": BASE},
            )  # fmt: skip
            assert answer.status_code == 303, rule
            assert answer.headers["Location"].startswith("/sign-in"), rule
            tried += 1
    assert tried > 20
    assert home.current() == before
    assert home.answers == []


def path_of(app: Flask, rule: Rule) -> str:
    with app.test_request_context(base_url=BASE):
        values = {name: VALUES[name] for name in rule.arguments}
        return app.url_for(rule.endpoint, **values)


def changing_paths(app: Flask) -> list[str]:
    return [
        path_of(app, rule) for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())
    ]


def test_no_form_is_taken_without_its_token(guardian: Any, app: Flask, home: Any) -> None:
    before = home.current()
    for path in changing_paths(app):
        for token in ("", "made-up"):
            answer = guardian.client.post(
                path, data={"csrf_token": token, "based_on": 1}, base_url=BASE,
                headers={"Origin": BASE},
            )  # fmt: skip
            assert answer.status_code == 400, path
            assert "too old" in answer.text
    assert home.current() == before
    assert home.answers == []


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://localhost:8080",
        "http://localhost",
        "http://localhost:80800",
        "null",
        "",
        "localhost:8080",
        "http://localhost:8080.evil.example",
        "http://user@localhost:8080",
    ],
)
def test_a_form_from_elsewhere_changes_nothing(guardian: Any, home: Any, origin: str) -> None:
    answer = guardian.post(
        "/children/sana/rename", {"name": "X", "based_on": 1}, headers={"Origin": origin}
    )
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text
    assert home.profile().name == "Sana"


def test_a_form_without_an_origin_changes_nothing(guardian: Any, home: Any) -> None:
    data = {"csrf_token": guardian.token(), "name": "X", "based_on": 1}
    answer = guardian.client.post("/children/sana/rename", data=data, base_url=BASE)
    assert answer.status_code == 403
    assert home.profile().name == "Sana"


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:8080", True),
        ("192.168.1.2", True),
        ("[::1]:8080", True),
        ("[fe80::1%25eth0]:8080", True),
        ("localhost", True),
        ("LOCALHOST:8080", True),
        ("filter.home.arpa", True),
        ("filter.home.arpa.", True),
        ("filter.school.example:8080", True),
        ("evil.example", False),
        ("filter.home.arpa.evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("127.0.0.1@evil.example", False),
        ("evil.example@127.0.0.1", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_only_addresses_and_known_names_are_this_page(host: str, is_ours: Any) -> None:
    assert is_our_host(host, frozenset({"filter.school.example"})) is is_ours


def test_another_host_name_is_misdirected(stranger: Any) -> None:
    for path in ("/", "/sign-in", "/static/app.css", "/nowhere"):
        with stranger.client.get(path, base_url="http://evil.example") as answer:
            assert answer.status_code == 421, path
            assert "address it showed" in answer.text
    own = stranger.client.get("/sign-in", base_url="http://filter.school.example:8080")
    assert own.status_code == 200


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/static/app.css", "/static/no"])
def test_every_answer_carries_the_headers(guardian: Any, path: str) -> None:
    with guardian.get(path) as answer:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert "no-store" in answer.headers["Cache-Control"] or path == "/static/app.css"


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    policy = HEADERS["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives.pop("default-src") == "'none'"
    assert set(directives.values()) == {"'self'", "'none'"}
    # With no-referrer, browsers send "Origin: null" with our own forms.
    assert HEADERS["Referrer-Policy"] == "same-origin"


def test_a_body_beyond_reason_is_refused(guardian: Any) -> None:
    answer = guardian.post("/children/sana/rename", {"name": "x" * (BODY_LIMIT_BYTES + 1)})
    assert answer.status_code == 413


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Any) -> None:
    answer = stranger.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("filterd="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_signing_in_gives_a_new_token_and_signing_out_voids_it(stranger: Any) -> None:
    before = stranger.client.get_cookie("filterd", "localhost")
    stranger.token()
    planted = stranger.client.get_cookie("filterd", "localhost")
    stranger.sign_in()
    signed = stranger.client.get_cookie("filterd", "localhost")
    assert before is None
    assert planted.value != signed.value
    assert stranger.get("/").status_code == 200
    stranger.post("/sign-out")
    stranger.client.set_cookie("filterd", signed.value, domain="localhost")
    assert stranger.get("/").status_code == 303


def test_the_store_keeps_no_token_and_nothing_of_strangers(stranger: Any, home: Any) -> None:
    for _ in range(3):
        stranger.client.delete_cookie("filterd", domain="localhost")
        stranger.get("/sign-in")
    stranger.sign_in()
    token = stranger.client.get_cookie("filterd", "localhost").value
    stored = (home.folder / "policy.db").read_bytes() + (home.folder / "policy.db-wal").read_bytes()
    assert token.encode() not in stored
    assert home.guardians.sessions.drop_all("amna") == 1


def test_a_session_ends_after_a_month_without_use_and_lives_on_with_it(
    guardian: Any, home: Any
) -> None:
    home.now += timedelta(days=29)
    assert guardian.get("/").status_code == 200
    home.now += timedelta(days=29)
    assert guardian.get("/").status_code == 200
    home.now += timedelta(days=31)
    assert guardian.get("/").status_code == 303


def test_a_form_that_was_open_when_the_session_ended_leads_to_the_sign_in(
    guardian: Any, home: Any
) -> None:
    token = guardian.token()
    home.now += timedelta(days=31)
    answer = guardian.client.post(
        "/changes/undo", data={"csrf_token": token, "based_on": 1}, base_url=BASE,
        headers={"Origin": BASE},
    )  # fmt: skip
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


def test_wrong_passwords_make_an_address_wait_longer_and_longer(stranger: Any, home: Any) -> None:
    home.guardians.attempts.failed("127.0.0.1", home.now)
    for _ in range(3):
        home.guardians.attempts.failed("127.0.0.1", home.now)
    assert stranger.sign_in(password="wrong guess").status_code == 403
    answer = stranger.sign_in()
    assert answer.status_code == 429
    assert "Wait a minute" in answer.text
    other = stranger.post(
        "/sign-in", {"name": "Amna", "password": "correct horse"},
        environ_overrides={"REMOTE_ADDR": "192.0.2.1"},
    )  # fmt: skip
    assert other.status_code == 303  # never the account: a child must not lock a parent out
    home.now += timedelta(seconds=31)
    assert stranger.sign_in().status_code == 303


def test_a_long_wait_is_told_in_minutes(stranger: Any, home: Any) -> None:
    for _ in range(8):
        home.guardians.attempts.failed("127.0.0.1", home.now)
    text = re.sub("<[^>]+>", "", stranger.sign_in().text)
    assert "Wait 4 minutes" in text


@pytest.mark.parametrize(
    ("name", "password"),
    [("Amna", "wrong horse"), ("Nobody", "correct horse"), ("", ""), ("x" * 5000, "y" * 5000)],
    ids=["wrong password", "unknown name", "nothing", "far too long"],
)
def test_a_wrong_sign_in_says_nothing_about_who_exists(
    stranger: Any, name: str, password: str
) -> None:
    answer = stranger.sign_in(name, password)
    assert answer.status_code == 403
    assert "The name or the password is not right." in answer.text
    assert "correct horse" not in answer.text


def test_a_phones_capital_letter_keeps_nobody_out(stranger: Any) -> None:
    assert stranger.sign_in("  AMNA ").status_code == 303


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/devices/", "/devices/"),
        ("/asked/?text=a", "/asked/?text=a"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_to_the_page_that_was_wanted(
    stranger: Any, wanted: str, leads_to: str
) -> None:
    answer = stranger.post(
        "/sign-in", {"name": "Amna", "password": "correct horse", "next": wanted}
    )
    assert answer.headers["Location"] == leads_to


def test_a_store_that_is_away_is_told_and_not_a_blank_page(guardian: Any, home: Any) -> None:
    (home.folder / "policy.db").rename(home.folder / "gone.db")
    home.guardians.close()
    home.policies.close()
    answer = guardian.get("/")
    assert answer.status_code == 503
    assert "cannot read or write its data" in answer.text
    assert "policy.db" in answer.text


def test_a_fault_of_ours_is_a_page_of_ours(guardian: Any, home: Any) -> None:
    home.states = None
    answer = guardian.get("/children/sana")
    assert answer.status_code == 500
    assert "Something broke in filterd" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/children/nobody", 404), ("POST", "/lists/nothing/accept", 404),
     ("POST", "/lists/nothing/refuse", 404), ("POST", "/devices/", 405),
     ("GET", "/why/row/99", 404), ("GET", "/children/sana/times/9", 404),
     ("GET", "/children/sana/times/0", 404)],
)  # fmt: skip
def test_a_wrong_address_is_told_in_words(
    guardian: Any, method: str, path: str, status: int
) -> None:
    answer = guardian.get(path) if method == "GET" else guardian.post(path)
    assert answer.status_code == status
    assert "<h1>" in answer.text


@pytest.mark.parametrize("path", ["/why/row/9223372036854775808", f"/why/row/{10**40}"])
def test_a_row_number_that_cannot_be_is_not_here(guardian: Any, path: str) -> None:
    assert guardian.get(path).status_code == 404


def test_a_log_asked_for_before_an_impossible_row_is_the_whole_log(guardian: Any) -> None:
    assert guardian.get(f"/asked/?before={10**30}").status_code == 200


@pytest.mark.parametrize("host", ["x" * 5000, "a." * 2000, "[", "[::1", "1.2.3.4:99999999"])
def test_a_strange_host_is_refused_and_never_a_fault(guardian: Any, host: str) -> None:
    assert guardian.get("/", headers={"Host": host}).status_code == 421
