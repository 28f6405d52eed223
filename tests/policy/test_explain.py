"""An explanation shows every step, and is what the resolver would have done."""

from collections.abc import Callable
from datetime import datetime

import pytest

from filterd.errors import FilterdError
from filterd.policy.decide import STEPS
from filterd.policy.explain import explain
from filterd.policy.override import Override
from filterd.policy.snapshot import Policy
from filterd.policy.special import LocalKind
from filterd.policy.verdict import Action, Rank, Reason, Verdict
from filterd.wire.query import Question

At = Callable[..., datetime]
House = Callable[..., Policy]

BEDTIME = {"name": "Bedtime", "start": "21:00", "end": "07:00", "mode": "essentials"}


def test_every_step_is_shown_with_what_it_says_by_itself(house: House, at: At) -> None:
    policy = house(
        lists={"porn": ["porn.example"], "play": ["play.example"]},
        windows=[BEDTIME],
        blocked_categories=["adult"],
        allowed_names=["ok.porn.example"],
        overrides=(Override(7, "grant", "sana", names=("x.example",)),),
    )
    client = policy.client("192.168.1.7", None)
    why = explain(policy, client, Question("a.ok.porn.example", 1, 1), at("2026-11-24 23:00"))
    said = {step: one and one.reason for step, one in why.steps}
    assert said == {
        "special_name": None,
        "locked_category": None,
        "always_allow": None,
        "unfiltered": None,
        "granted_name": None,
        "pause": None,
        "own_name": Reason.OWN_ALLOW,
        "wrong_clock": None,
        "closing_window": Reason.WINDOW,
        "blocked_category": Reason.CATEGORY,
        "profile_default": Reason.DEFAULT_ALLOW,
    }
    by_category = dict(why.steps)["blocked_category"]
    assert by_category is not None
    assert by_category.matched == "porn.example"
    assert why.verdict.reason is Reason.OWN_ALLOW


def test_it_says_who_asked_what_holds_and_until_when(house: House, at: At) -> None:
    policy = house(lists={"porn": ["porn.example"]}, windows=[BEDTIME])
    client = policy.client("192.168.1.7", None)
    why = explain(policy, client, Question("porn.example", 1, 1), at("2026-11-24 23:00"))
    assert (why.client.device_id, why.device_name) == ("tablet", "Sana's tablet")
    assert (why.client.profile_id, why.profile_name) == ("sana", "Sana")
    assert why.windows == ("Bedtime",)
    assert why.categories == (("adult", "porn"),)
    assert why.verdict.until == why.moment.until == at("2026-11-25 07:00")
    assert (why.version, why.build) == (1, "naive")
    assert why.local is None


def test_a_new_device_has_no_name(house: House, at: At) -> None:
    policy = house()
    client = policy.client("203.0.113.5", "02:00:5e:00:53:01")
    why = explain(policy, client, Question("x.example", 1, 1), at("2026-11-24 12:00"))
    assert (why.device_name, why.profile_name) == ("", "Guests")


def test_a_name_the_house_answers_itself_is_said_to_be_one(house: House, at: At) -> None:
    policy = house()
    client = policy.client_of("sana")
    why = explain(policy, client, Question("nas.local", 1, 1), at("2026-11-24 12:00"))
    assert why.local is not None
    assert why.local.kind is LocalKind.NXDOMAIN


def test_a_table_that_disagrees_with_the_rules_is_found_out(
    house: House, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = house()
    now = at("2026-11-24 12:00")
    table = policy.table("sana", now)
    wrong = Verdict(Action.BLOCK, Rank.DEFAULT, Reason.DEFAULT_BLOCK)
    monkeypatch.setattr(table, "decide", lambda _: wrong)
    with pytest.raises(FilterdError, match=r"two answers for x\.example"):
        explain(policy, policy.client_of("sana"), Question("x.example", 1, 1), now)


def test_step_names_are_distinct() -> None:
    assert len({step.__name__ for step in STEPS}) == len(STEPS)
