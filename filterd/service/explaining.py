"""``filterd explain``: the whole reason for one name, in words and with the line of the list."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dnslib

from filterd.config.document import Document
from filterd.config.names import host_name
from filterd.config.wrong import Wrong
from filterd.errors import FilterdError, ListError
from filterd.lists.locate import locate
from filterd.policy.explain import Explanation, explain
from filterd.policy.verdict import Verdict
from filterd.service.current import CurrentPolicy
from filterd.service.layout import Layout
from filterd.service.operator import open_layout
from filterd.service.texts import read_list
from filterd.store.log import LogReader
from filterd.wire.query import Question

_CLASS_IN = 1


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
    question = Question(_name(name), _type(qtype), _CLASS_IN)
    who = policy.client(client, _mac_of(layout, client))
    moment = _moment(at, zone) if at else now
    explanation = explain(policy, who, question, moment)
    yield from _say_who(explanation, zone)
    yield from _say_what(explanation, zone)
    yield from _say_line(layout, policy.document, explanation.verdict)
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
    until = explanation.verdict.until
    if until is not None:
        yield f"this may change at {until.astimezone(zone):%A %H:%M}"


def _say_line(layout: Layout, document: Document, verdict: Verdict) -> Iterator[str]:
    listed = document.lists.get(verdict.source)
    if listed is None or not verdict.matched:
        return
    try:
        text = read_list(layout, verdict.source, listed)
        line = locate(text, listed.format, listed.match, verdict.matched)
    except ListError as error:
        yield f"the list's text cannot be read: {error.what}"
        return
    if line is not None:
        yield f"list {verdict.source}, line {line.number}: {line.text}"


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
