"""Rules with conditions: for which names, types and clients they hold, and what they then do."""

from collections.abc import Callable
from typing import Any

import pytest

from filterd.config.document import Device, Document, ListSource, Profile
from filterd.lists.condition import Conditional, Rewrite, Who
from filterd.lists.rule import Kind
from filterd.policy import askers, conditions, rulebook
from filterd.policy.askers import MOST_WHO
from filterd.policy.decide import decide
from filterd.policy.explain import explain
from filterd.policy.override import Override
from filterd.policy.snapshot import Policy, compile_policy, used_sources
from filterd.policy.verdict import Action, Reason, Verdict
from filterd.wire.query import Question

A, AAAA, CNAME, HTTPS = 1, 28, 5, 65
Lists = Callable[..., Any]
At = Callable[..., Any]
ONE, TWO = Rewrite(0, A, bytes(4)), Rewrite(0, A, bytes((1, 2, 3, 4)))


def block(name: str = "", **more: Any) -> Conditional:
    return Conditional(Kind.BLOCK, name, "subtree" if name else "", **more)


def rewrite(answer: Rewrite | None, **more: Any) -> Conditional:
    return Conditional(Kind.REWRITE, "video.example", "subtree", rewrite=answer, **more)


@pytest.fixture
def make(naive_lists: Lists, list_sources: dict[str, ListSource]) -> Callable[..., Policy]:
    """A house that closes adult and games, with these rules in the list ``play``."""

    def made(
        *rules: Conditional,
        plain: dict[str, list[str]] | None = None,
        overrides: tuple[Override, ...] = (),
        **sana: Any,
    ) -> Policy:
        document = Document(
            zone="Asia/Karachi",
            lists=list_sources,
            profiles={
                "sana": Profile(**{"name": "S", "blocked_categories": ("adult", "games")} | sana),
                "mother": Profile(name="M", filtering=False, blocked_categories=("games",)),
            },
            devices={
                "tablet": Device(
                    name="Sana's Tablet", profile="sana", match=("02:00:5e:00:53:01", "192.0.2.7")
                ),
                "laptop": Device(name="Laptop", profile="mother", match=("192.0.2.8",)),
            },
            default_profile="sana",
        )
        lists = naive_lists(plain or {}, {"play": rules})
        return compile_policy(document, 1, lists.compiled(), overrides)

    return made


@pytest.fixture
def ask(at: At) -> Callable[..., Verdict]:
    """Ask for a verdict; the table and the reference walk must agree."""

    def asked(
        policy: Policy,
        name: str,
        qtype: int = A,
        address: str = "192.0.2.7",
        mac: str | None = None,
    ) -> Verdict:
        client = policy.client(address, mac)
        return explain(policy, client, Question(name, qtype, 1), at("2026-11-24 12:00")).verdict

    return asked


FIT = [
    pytest.param(block("a.example"), ["a.example", "b.a.example"], ["aa.example"], id="subtree"),
    pytest.param(
        Conditional(Kind.BLOCK, "a.example", "exact"), ["a.example"], ["b.a.example"], id="exact"
    ),
    pytest.param(
        Conditional(Kind.BLOCK, "a.example", "below"), ["b.a.example"], ["a.example"], id="below"
    ),
    pytest.param(block(pattern="^ad[0-9]"), ["ad1.x.example"], ["bad1.example"], id="a pattern"),
    pytest.param(
        block(pattern="good", inverted=True), ["bad.example"], ["good.example"], id="inverted"
    ),
    pytest.param(
        block("a.example", denyallow=frozenset({"ok.a.example"})),
        ["a.example", "notok.a.example"],
        ["ok.a.example", "b.ok.a.example"],
        id="denyallow, and all below it",
    ),
    pytest.param(
        block(pattern="a", denyallow=frozenset({"example"})),
        ["a.test"],
        ["a.example"],
        id="denyallow of a pattern",
    ),
]


@pytest.mark.parametrize(("rule", "closed", "open_"), FIT)
def test_a_rule_is_for_certain_names(
    make: Any, ask: Any, rule: Conditional, closed: list[str], open_: list[str]
) -> None:
    policy = make(rule)
    assert {name: ask(policy, name).is_block for name in (*closed, *open_)} == {
        **dict.fromkeys(closed, True),
        **dict.fromkeys(open_, False),
    }


@pytest.mark.parametrize(
    ("types", "but_types", "closed"),
    [
        ([], [], {A, AAAA, HTTPS}),
        ([A, HTTPS], [], {A, HTTPS}),
        ([], [AAAA], {A, HTTPS}),
        ([A, AAAA], [A], {AAAA}),
    ],
)
def test_a_rule_is_for_certain_types(
    make: Any, ask: Any, types: list[int], but_types: list[int], closed: set[int]
) -> None:
    policy = make(block("a.example", types=frozenset(types), but_types=frozenset(but_types)))
    assert {each for each in (A, AAAA, HTTPS) if ask(policy, "a.example", each).is_block} == closed


MAC, OTHER_MAC = "02:00:5e:00:53:01", "02:00:5e:00:53:99"
FOR = [
    pytest.param(Who(("192.0.2.7",)), {"tablet"}, id="an address"),
    pytest.param(Who(("192.0.2.0/29",)), {"tablet"}, id="a network"),
    pytest.param(Who(("192.0.2.1/24",)), {"tablet", "laptop", "guest"}, id="an address in its network"),
    pytest.param(Who(("2001:db8::/32", "::ffff:192.0.2.8")), {"laptop", "visitor"}, id="version 6"),
    pytest.param(Who(("02-00-5e-00-53-01",)), {"tablet"}, id="a MAC with dashes"),
    pytest.param(Who(("tablet", "nobody")), {"tablet"}, id="a device's id"),
    pytest.param(Who(("sana's tablet", "laptop")), {"tablet", "laptop"}, id="names"),
    pytest.param(Who((), ("192.0.2.7",)), {"laptop", "guest", "visitor"}, id="all but one"),
    pytest.param(Who(("192.0.2.0/24",), ("guest", "192.0.2.9")), {"tablet", "laptop"}, id="some but one"),
    pytest.param(Who(tags=("user_child",)), {"tablet", "guest", "visitor"}, id="whoever is filtered"),
    pytest.param(Who(but_tags=("user_child",)), {"laptop"}, id="whoever is not"),
    pytest.param(Who(tags=("device_tv", "os_linux", "user_admin")), set(), id="tags of nobody"),
    pytest.param(Who(but_tags=("device_tv",)), {"tablet", "laptop", "guest", "visitor"}, id="all but nobody"),
    pytest.param(Who(("192.0.2.0/24",), tags=("user_child",)), {"tablet", "guest"}, id="both"),
]  # fmt: skip
CLIENTS = {
    "tablet": ("192.0.2.7", MAC),
    "laptop": ("::ffff:192.0.2.8", None),
    "guest": ("192.0.2.9", OTHER_MAC),
    "visitor": ("2001:db8::5%eth0", None),
}


@pytest.mark.parametrize(("who", "expected"), FOR)
def test_a_rule_is_for_certain_clients(
    naive_lists: Lists, make: Any, ask: Any, who: Who, expected: set[str]
) -> None:
    rule = block("a.example", who=who)._replace(kind=Kind.BLOCK)
    # In the locked category it holds for those without a filter too.
    policy = make(plain={}, blocked_categories=())
    lists = naive_lists({}, {"illegal": (rule,)})
    policy = compile_policy(policy.document, 1, lists)
    closed = {
        client
        for client, (address, mac) in CLIENTS.items()
        if ask(policy, "a.example", A, address, mac).is_block
    }
    assert closed == expected


def test_clients_for_whom_other_rules_hold_are_other_subjects(make: Any) -> None:
    policy = make(block("a.example", who=Who(("192.0.2.7",))), block("b.example"))
    subjects = [
        policy.subject(address, None) for address in ("192.0.2.7", "192.0.2.9", "192.0.2.10")
    ]
    assert subjects[0] != subjects[1]
    assert subjects[1] == subjects[2]
    assert make(block("b.example")).subject("192.0.2.9", None) == "sana"


def test_a_device_without_a_packet_is_what_its_owner_says_it_is(make: Any, at: At) -> None:
    now, question = at("2026-11-24 12:00"), Question("a.example", A, 1)
    for client in ("192.0.2.7", "02005e005301", "tablet"):
        policy = make(block("a.example", who=Who((client,))))
        for device, is_block in (("tablet", True), ("", False)):
            subject = policy.client_of("sana", device).subject
            assert policy.table(subject, now).decide(question).is_block is is_block


def test_a_device_keeps_its_overrides_beside_its_rules(make: Any, ask: Any) -> None:
    pause = Override(1, "pause", "sana", device="tablet")
    policy = make(block("a.example", who=Who(("192.0.2.9",))), overrides=(pause,))
    assert ask(policy, "b.example").reason is Reason.PAUSE
    assert ask(policy, "a.example", address="192.0.2.9").reason is Reason.CATEGORY
    assert ask(policy, "b.example", address="192.0.2.9").reason is Reason.DEFAULT_ALLOW


STRENGTH = [
    pytest.param(["@@"], [block("x.example")], None, id="an exception stays over a block"),
    pytest.param([""], [Conditional(Kind.EXCEPTION, "x.example", "exact")], None, id="and the other way"),
    pytest.param(["@@"], [Conditional(Kind.IMPORTANT, "x.example", "exact")], "", id="important"),
    pytest.param(["$important"], [Conditional(Kind.IMPORTANT_EXCEPTION, pattern="^x")], None, id="more important"),
    pytest.param(["@@", "$important"], [Conditional(Kind.REWRITE, pattern="^x", rewrite=ONE)], "rewrite", id="a rewrite is the strongest"),
]  # fmt: skip


@pytest.mark.parametrize(("plain", "rules", "expected"), STRENGTH)
def test_a_rule_that_holds_is_as_strong_as_a_plain_one(
    make: Any, ask: Any, plain: list[str], rules: list[Conditional], expected: str | None
) -> None:
    texts = [f"{sign}x.example" if sign == "@@" else f"x.example{sign}" for sign in plain]
    verdict = ask(make(*rules, plain={"play": texts}), "x.example")
    actions = {None: Action.ALLOW, "": Action.BLOCK, "rewrite": Action.REWRITE}
    assert verdict.action is actions[expected]


REWRITES = [
    pytest.param([rewrite(ONE)], (ONE,), id="one"),
    pytest.param([rewrite(TWO), rewrite(ONE)], (TWO, ONE), id="all that hold, as they stand"),
    pytest.param([rewrite(ONE), rewrite(ONE, types=frozenset({A}))], (ONE,), id="each once"),
    pytest.param([rewrite(ONE), rewrite(None)], (), id="an exception takes all away"),
    pytest.param([rewrite(ONE), rewrite(TWO), rewrite(ONE)._replace(kind=Kind.EXCEPTION)], (TWO,), id="or the one it names"),
    pytest.param([rewrite(ONE), rewrite(ONE)._replace(kind=Kind.EXCEPTION)], (), id="be it the only one"),
    pytest.param([rewrite(ONE), rewrite(None, types=frozenset({AAAA}))], (ONE,), id="where it holds"),
    pytest.param([rewrite(ONE, types=frozenset({AAAA})), rewrite(TWO)], (TWO,), id="by type"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "expected"), REWRITES)
def test_a_verdict_holds_what_is_answered_instead(
    make: Any, ask: Any, rules: list[Conditional], expected: tuple[Rewrite, ...]
) -> None:
    verdict = ask(make(*rules), "www.video.example")
    assert verdict.rewrite == expected
    assert verdict.action is (Action.REWRITE if expected else Action.ALLOW)
    assert verdict.matched == ("video.example" if expected else "")


def test_an_exception_from_rewriting_lifts_no_block(make: Any, ask: Any) -> None:
    plain = {"play": ["video.example"]}
    for exception in (rewrite(None), rewrite(ONE)._replace(kind=Kind.EXCEPTION)):
        assert ask(make(rewrite(ONE), exception, plain=plain), "video.example").is_block


@pytest.mark.parametrize(
    ("settings", "action"),
    [
        pytest.param({"blocked_categories": ()}, Action.ALLOW, id="a category that is open"),
        pytest.param({"allowed_names": ("video.example",)}, Action.ALLOW, id="an own name"),
        pytest.param({"blocked_names": ("video.example",)}, Action.BLOCK, id="an own block"),
        pytest.param(
            {"windows": ({"name": "w", "mode": "block", "categories": ("games",)},)},
            Action.BLOCK,
            id="a window that closes it",
        ),
        pytest.param(
            {"windows": ({"name": "w", "mode": "open", "categories": ("games",)},)},
            Action.ALLOW,
            id="a window that opens it",
        ),
        pytest.param({}, Action.REWRITE, id="a category that is closed"),
    ],
)
def test_only_a_blocked_category_is_answered_otherwise(
    make: Any, ask: Any, settings: dict[str, Any], action: Action
) -> None:
    assert ask(make(rewrite(ONE), **settings), "video.example").action is action


def test_no_list_answers_for_what_is_locked(make: Any, naive_lists: Lists, ask: Any) -> None:
    lists = naive_lists({}, {"illegal": (rewrite(ONE),)})
    verdict = ask(compile_policy(make().document, 1, lists), "video.example")
    assert (verdict.action, verdict.reason, verdict.rewrite) == (Action.BLOCK, Reason.LOCKED, ())


@pytest.mark.parametrize(
    ("rules", "plain", "written"),
    [
        pytest.param([block(pattern="^a+")], [], "/^a+/", id="a pattern"),
        pytest.param([block("a.example")], [], "a.example", id="a name"),
        pytest.param([block("a.example")], ["=b.a.example"], "b.a.example", id="a plain rule first"),
        pytest.param(
            [Conditional(Kind.IMPORTANT, pattern="^a+")], ["a.example"], "/^a+/", id="the stronger one"
        ),
        pytest.param(
            [block("a.example", types=frozenset({AAAA})), block(pattern="^a")], [], "/^a/",
            id="not what does not hold",
        ),
        pytest.param(
            [Conditional(Kind.EXCEPTION, pattern="zzz"), block(pattern="example")], [], "/example/",
            id="not another kind",
        ),
    ],
)  # fmt: skip
def test_it_is_said_what_the_rule_was_written_for(
    make: Any, ask: Any, rules: list[Conditional], plain: list[str], written: str
) -> None:
    name = "b.a.example" if plain == ["=b.a.example"] else "a.example"
    policy = make(*rules, plain={"play": plain})
    verdict = ask(policy, name)
    assert (verdict.is_block, verdict.source, verdict.matched) == (True, "play", written)


def test_rules_of_a_category_that_nobody_speaks_of_are_not_looked_at(make: Any) -> None:
    # Mother's profile names games too, but nothing is filtered for her.
    assert make(block(pattern="^a"), blocked_categories=()).knowledge.conditions is None
    for settings in (
        {"allowed_categories": ("games",)},
        {"windows": ({"name": "w", "mode": "open", "categories": ("games",)},)},
        {"overrides": (Override(1, "grant", "sana", categories=("games",)),)},
    ):
        policy = make(block(pattern="^a"), **{"blocked_categories": (), **settings})
        assert policy.knowledge.conditions is not None


def test_lists_for_everybody_and_those_that_reach_everywhere_always_count(
    list_sources: dict[str, ListSource],
) -> None:
    reaching = ListSource(category="social", file="x", exceptions="everywhere")
    document = Document(
        zone="Asia/Karachi",
        lists={**list_sources, "chat": reaching},
        profiles={"p": Profile(name="P")},
        default_profile="p",
    )
    assert used_sources(document, ()) == ("illegal", "help", "basics", "chat")


def test_helplines_are_known_by_whatever_rule_makes_them_one(
    make: Any, naive_lists: Lists, at: At
) -> None:
    rule = block(pattern="^help[0-9]")
    for conditional, helplines in (
        ({"help": (rule,)}, {"call.example", "help1.example"}),
        ({}, {"call.example"}),
    ):
        lists = naive_lists(
            {"help": ["call.example"], "illegal": ["=bad.call.example"]}, conditional
        )
        table = compile_policy(make().document, 1, lists).table("sana", at("2026-11-24 12:00"))
        asked = ("call.example", "bad.call.example", "help1.example", "x.example")
        assert {name for name in asked if table.is_helpline(name)} == helplines


class TestBounds:
    def test_more_kinds_of_clients_than_can_be_told_apart(self, make: Any, ask: Any) -> None:
        rules = [
            block(f"n{number}.example", who=Who((f"10.0.{number // 256}.{number % 256}",)))
            for number in range(MOST_WHO + 3)
        ]
        policy = make(*rules, block("all.example"))
        assert policy.left_out == {"play": 3}
        assert ask(policy, "n255.example", address="10.0.0.255").is_block
        assert not ask(policy, "n256.example", address="10.0.1.0").is_block
        assert ask(policy, "all.example").is_block

    def test_more_names_of_clients_than_a_house_has(
        self, make: Any, ask: Any, at: At, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(askers, "MOST_NAMED", 3)
        many = block("many.example", who=Who(("a", "b"), ("c", "d")))
        some = block("some.example", who=Who(("10.0.0.1",), ("10.0.0.2", "10.0.0.3")))
        policy = make(many, some, many, some._replace(name="again.example"))
        assert policy.left_out == {"play": 2}
        asked = Question("many.example", A, 1)
        found = explain(policy, policy.client_of("sana"), asked, at("2026-11-24 12:00"))
        assert found.left_out == {"play": 2}, "an explanation says so"
        assert ask(policy, "again.example", address="10.0.0.1").is_block
        assert not ask(policy, "many.example", address="10.0.0.1").is_block

    def test_more_rules_for_a_name_and_its_parents_than_are_looked_at(
        self, make: Any, ask: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rulebook, "MOST_AT_ONCE", 4)
        rules = [
            block("." .join([*"dcba"[4 - depth:], "example"]), types=frozenset({number}))
            for depth in (4, 3, 2, 1)
            for number in (1, 2)
        ]  # fmt: skip
        policy = make(*rules, block("b.example"))
        assert policy.left_out == {"play": 4}, "the parents' are kept"
        assert [
            (found := ask(policy, "d.c.b.a.example", number)).is_block and found.matched
            for number in (1, 2, 3)
        ] == ["b.a.example", "b.a.example", False]
        assert ask(policy, "b.example").is_block

    def test_more_rules_for_one_name_than_are_looked_at(
        self, make: Any, ask: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rulebook, "MOST_AT_ONCE", 4)
        rules = [block("a.example", types=frozenset({number})) for number in range(1, 7)]
        policy = make(*rules, block("b.example"))
        assert policy.left_out == {"play": 2}
        assert [ask(policy, "a.example", number).is_block for number in range(1, 7)] == [
            True
        ] * 4 + [False] * 2
        assert ask(policy, "b.example").is_block

    def test_more_different_patterns_than_are_compared(
        self, make: Any, ask: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rulebook, "MOST_AT_ONCE", 3)
        alike = [block(pattern=f"^p{number}") for number in range(50)]
        inverted = [block(pattern="example", inverted=True, types=frozenset({A}))] * 3
        policy = make(*alike, *inverted)
        assert policy.left_out == {"play": 1}, "those that say the same are one"
        assert ask(policy, "p5.example").matched == "/^p5/"
        assert not ask(policy, "q.example").is_block

    def test_a_pattern_that_cannot_be_searched_fits_no_name(self, make: Any, ask: Any) -> None:
        rules = [block(pattern="(?<!a)", inverted=True), block(pattern="(?<!a)")]
        policy = make(*rules, block(pattern="^ads"))
        assert policy.left_out == {"play": 2}
        assert not ask(policy, "a.example").is_block
        assert ask(policy, "ads.example").is_block

    def test_names_beyond_what_is_remembered_are_still_decided(
        self, make: Any, at: At, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(conditions, "_NAMES", 8)
        policy = make(block(pattern="^n[0-4]*$|^n[0-4]*[.]"), block("b.example"))
        now = at("2026-11-24 12:00")
        table, moment = policy.table("sana", now), policy.moment("sana", now)
        for _ in range(2):
            for number in range(60):
                name = f"n{number}.example"
                verdict = table.decide(Question(name, A, 1))
                assert verdict.is_block == (set(str(number)) <= set("01234"))
                assert verdict == decide(policy.knowledge.asked(name, A, moment))


def test_known_by_takes_the_first_of_each() -> None:
    match = ("192.0.2.0/24", "02:00:5e:00:53:01", "2001:db8::1", "192.0.2.1")
    assert askers.known_by(match) == ("2001:db8::1", "02:00:5e:00:53:01")
    assert askers.known_by(("192.0.2.0/24",)) == ("", None)


class TestExceptionsEverywhere:
    @pytest.fixture
    def reaching(self, list_sources: dict[str, ListSource], naive_lists: Lists) -> Any:
        """A house whose list ``chat``, of a category nobody closes, opens what others close."""

        def made(*exceptions: Conditional, **sana: Any) -> Policy:
            chat = ListSource(category="social", file="chat.txt", exceptions="everywhere")
            document = Document(
                zone="Asia/Karachi",
                lists={**list_sources, "chat": chat},
                profiles={
                    "sana": Profile(**{"name": "S", "blocked_categories": ("adult",)} | sana)
                },
                default_profile="sana",
            )
            plain = {
                "porn": ["x.example", "y.example"],
                "illegal": ["locked.example"],
                "help": ["help.example"],
                "school": ["school.example"],
                "chat": ["@@x.example", "@@locked.example", "@@help.example", "@@school.example"],
            }
            return compile_policy(document, 1, naive_lists(plain, {"chat": exceptions}).compiled())

        return made

    def test_they_lift_what_another_category_closes(self, reaching: Any, ask: Any, at: At) -> None:
        policy = reaching()
        assert ask(policy, "x.example").reason is Reason.DEFAULT_ALLOW
        why = explain(
            policy, policy.client_of("sana"), Question("x.example", A, 1), at("2026-11-24 12:00")
        )
        assert (why.categories, why.lifted) == ((("adult", "porn"),), (("adult", "chat"),))

    def test_they_lift_it_in_windows_too(self, reaching: Any, ask: Any) -> None:
        window = {"name": "w", "mode": "block", "categories": ("adult",)}
        assert not ask(reaching(windows=(window,)), "x.example").is_block

    def test_they_never_open_what_is_locked_or_closed_by_name(
        self, reaching: Any, ask: Any
    ) -> None:
        policy = reaching(blocked_names=("x.example",))
        assert ask(policy, "locked.example").reason is Reason.LOCKED
        assert ask(policy, "x.example").reason is Reason.OWN_BLOCK

    def test_they_close_nothing(self, reaching: Any, ask: Any) -> None:
        """Whatever is open because a list names it stays so: they lift blocks only."""
        policy = reaching(default="block", allowed_categories=("learning",))
        assert ask(policy, "help.example").reason is Reason.ALWAYS_ALLOW
        assert ask(policy, "school.example").reason is Reason.DEFAULT_ALLOW

    def test_they_may_have_conditions(self, reaching: Any, ask: Any) -> None:
        rule = Conditional(Kind.EXCEPTION, "y.example", "subtree", types=frozenset({AAAA}))
        policy = reaching(rule)
        assert [ask(policy, "y.example", qtype).is_block for qtype in (A, AAAA)] == [True, False]
