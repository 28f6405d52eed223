"""``filterd explain``: the whole reason for one name, in words and with the line of the list."""

import hashlib
import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dnslib

from filterd.config.document import Document, ListSource
from filterd.config.names import host_name
from filterd.config.wrong import Wrong
from filterd.errors import FilterdError, ListError
from filterd.lists.condition import Rewrite
from filterd.lists.formats import text_of
from filterd.lists.locate import Located, locate, locate_pattern
from filterd.lists.opened import NO_LINE
from filterd.lists.parsed import Parsed
from filterd.policy.explain import Explanation, explain
from filterd.policy.rulebook import alias_of
from filterd.policy.verdict import Verdict
from filterd.service.current import CurrentPolicy
from filterd.service.layout import Layout
from filterd.service.operator import open_layout
from filterd.service.readlist import open_read_list
from filterd.service.texts import read_list
from filterd.store.log import LogReader
from filterd.wire.codes import AAAA, IN, A
from filterd.wire.query import Question


class ArgumentError(FilterdError):
    """What was typed behind the command cannot be meant."""


def explain_in_words(
    config_path: Path, name: str, client: str, qtype: str, at: str
) -> Iterator[str]:
    """Yield the lines of an explanation; raises FilterdError for what cannot be explained."""
    layout = open_layout(config_path)
    now = datetime.now(UTC)  # noqa: TID251 - the command line owns its clock
    current = CurrentPolicy(layout)
    policy = current.at_any_time() if at else current.refresh()
    zone = ZoneInfo(policy.document.zone)
    question = Question(_name(name), _type(qtype), IN)
    who = policy.client(client, _mac_of(layout, client))
    moment = _moment(at, zone) if at else now
    explanation = explain(policy, who, question, moment)
    yield from _say_who(explanation, zone)
    yield from _say_what(explanation, zone)
    yield from _say_line(layout, policy.document, explanation.verdict)
    for source, rules in explanation.left_out.items():
        yield f"{rules:,} rules of the list {source} are not applied: there are too many to look at"
    yield "step by step:"
    for step, verdict in explanation.steps:
        said = "says nothing" if verdict is None else _short(verdict)
        yield f"  {step.replace('_', ' ')}: {said}"
    yield f"policy version {explanation.version}, lists {explanation.build}"


def _name(text: str) -> str:
    try:
        return host_name(text)
    except Wrong as error:
        raise ArgumentError(str(error)) from error


def _type(text: str) -> int:
    upper = text.upper()
    if upper in dnslib.QTYPE.reverse:
        return int(dnslib.QTYPE.reverse[upper])
    digits = upper.removeprefix("TYPE")
    if digits.isascii() and digits.isdigit() and int(digits) < 65536:
        return int(digits)
    raise ArgumentError(f"--type {text}: write a record type like A, AAAA, HTTPS or TYPE65")


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f'--at {text}: write "2026-11-24 21:30"') from None
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)


def _mac_of(layout: Layout, address: str) -> str | None:
    """Return the MAC address last seen behind ``address``, None when it never asked."""
    seen = [one for one in LogReader(layout.log_db).clients() if one.address == address]
    newest = max(seen, key=lambda one: one.last_seen, default=None)
    return newest.mac or None if newest is not None else None


def _say_who(explanation: Explanation, zone: ZoneInfo) -> Iterator[str]:
    client = explanation.client
    device = explanation.device_name or "a device nobody claimed"
    address = f" at {client.address}" if client.address else ""
    yield f"{explanation.question.name} asked by {device}{address}"
    yield f"profile: {explanation.profile_name} ({client.profile_id})"
    yield f"time: {explanation.now.astimezone(zone):%A %Y-%m-%d %H:%M} ({zone.key})"
    for window in explanation.windows:
        yield f"open window: {window}"


def _say_what(explanation: Explanation, zone: ZoneInfo) -> Iterator[str]:
    if explanation.local is not None:
        yield f"verdict: answered by filterd itself ({explanation.local.kind.value})"
    else:
        yield f"verdict: {_short(explanation.verdict)}"
    for category, source in explanation.categories:
        yield f"it is in the category {category}, by the list {source}"
    for category, source in explanation.lifted:
        yield f"but the list {source} takes it out of what {category} closes"
    for rewrite in explanation.verdict.rewrite:
        yield f"answered instead: {_answer(rewrite)}"
    until = explanation.verdict.until
    if until is not None:
        yield f"this may change at {until.astimezone(zone):%A %H:%M}"


def _answer(rewrite: Rewrite) -> str:
    """Return what a list answers: a code, an address, another name, or rdata in hexadecimal."""
    if rewrite.rcode:
        return str(dnslib.RCODE.get(rewrite.rcode, rewrite.rcode))
    if not rewrite.rtype:
        return "no record"
    text = alias_of(rewrite)
    if rewrite.rtype in {A, AAAA}:
        with suppress(ValueError):
            text = str(ipaddress.ip_address(rewrite.rdata))
    return f"{dnslib.QTYPE.get(rewrite.rtype)} {text or rewrite.rdata.hex()}"


def _say_line(layout: Layout, document: Document, verdict: Verdict) -> Iterator[str]:
    """Say which line of the list decided, from what was read when the index was made."""
    source, matched = verdict.source, verdict.matched
    listed = document.lists.get(source)
    if listed is None or not matched:
        return
    try:
        known = open_read_list(source, layout.names_of(source))
    except ListError as error:
        yield f"which line of the list it is cannot be said: {error.what}"
        return
    found = None if known.parsed is None else _locate(known.parsed, matched)
    if found is None:
        return
    if found.line == NO_LINE:
        yield f"list {source}: {found.rule} is one of its open_names in the policy"
        return
    text = _line(layout, source, listed, known.facts.text, found.line) or found.rule
    yield f"list {source}, line {found.line}: {text}"


def _locate(parsed: Parsed, matched: str) -> Located | None:
    """Find what ``verdict.matched`` names: a name, or a pattern between slashes."""
    if matched.startswith("/") and matched.endswith("/"):
        return locate_pattern(parsed, matched[1:-1])
    return locate(parsed, matched)


def _line(layout: Layout, source: str, listed: ListSource, digest: str, number: int) -> str:
    """Return a line of the text that was read, '' when there is another one by now."""
    with suppress(ListError):
        text = read_list(layout, source, listed)
        if hashlib.sha256(text).hexdigest() == digest:
            return text_of(text, number)
    return ""


def _short(verdict: Verdict) -> str:
    words = [verdict.action.value, f"({verdict.reason.value})"]
    if verdict.category:
        words.append(f"category {verdict.category}")
    if verdict.source:
        words.append(f"list {verdict.source}")
    if verdict.matched:
        words.append(f"rule for {verdict.matched}")
    if verdict.detail:
        words.append(verdict.detail)
    return " ".join(words)
