"""What devices asked for: newest first, narrowed by child, device, name, or to what was closed.

The wording is "a device asked for"; what a person looked at cannot be known here.
"""

from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, request, url_for

from admin_ui.clients import addresses_of, asker_words, device_of
from admin_ui.house import this_house
from admin_ui.language import say
from admin_ui.pages import LogPage, Shown, show
from admin_ui.parts import LogLine, Option, Search
from admin_ui.reasons import reason_words
from admin_ui.times import ZoneName, when_words
from filterd.config.document import Document
from filterd.policy.snapshot import Policy
from filterd.resolve.record import Origin
from filterd.store.log import LogFilter, LogReader, LogRow

pages = Blueprint("log", __name__, url_prefix="/asked")

ROWS = 50
_LONGEST_TEXT = 255
# A device has an address or two; one that changes them all the time is shown by the latest.
_ADDRESSES = 8


@pages.get("/", endpoint="show")
def show_log() -> Shown:
    house = this_house()
    policy, now = house.policy(), house.clock()
    search, before = _search(), request.args.get("before", type=int)
    found = find_rows(policy, house.log, search, before)
    zone = ZoneInfo(policy.document.zone)
    page = LogPage(
        rows=tuple(log_line(policy, row, now, zone) for row in found),
        search=search,
        profiles=_profiles(policy.document),
        devices=_devices(policy.document),
        older=_address(search, before=found[-1].id) if len(found) == ROWS else "",
        newest=_address(search) if before else "",
        zone=ZoneName(policy.document.zone),
    )
    return show(page)


def find_rows(
    policy: Policy, log: LogReader, search: Search, before: int | None
) -> tuple[LogRow, ...]:
    """Return the newest rows that match, newest first, at most ROWS of them.

    A device is searched under each address it has asked from.
    """
    addresses: tuple[str, ...] = ("",)
    if search.device:
        addresses = addresses_of(policy, log, search.device)[:_ADDRESSES]
    found: dict[int, LogRow] = {}
    for address in addresses:
        wanted = LogFilter(search.profile, address, search.is_blocked_only, search.text, before)
        found.update((row.id, row) for row in log.search(wanted, ROWS))
    rows = sorted(found.values(), key=lambda row: row.id, reverse=True)
    return tuple(row for row in rows if _is_by(policy, row, search.device))[:ROWS]


def log_line(policy: Policy, row: LogRow, now: datetime, zone: ZoneInfo) -> LogLine:
    """Return a row in words: what was decided then, and who asked by today's names."""
    reason = reason_words(
        row.reason,
        category=row.category,
        matched=row.matched,
        detail=row.detail,
        rewritten_by=row.source if row.is_rewrite else "",
    )
    if row.origin is Origin.FAILED:
        reason = say("It was open, but no answer came from the internet.")
    return LogLine(
        row.id,
        row.name,
        row.is_block,
        row.is_rewrite,
        reason,
        asker_words(policy, row.address, row.mac),
        when_words(row.at, now, zone),
    )


def _is_by(policy: Policy, row: LogRow, device_id: str) -> bool:
    """Tell whether a row is the wanted device's: another may have had its address since."""
    return not device_id or device_of(policy, row.address, row.mac) == device_id


def _search() -> Search:
    asked = request.args
    return Search(
        profile=asked.get("profile", ""),
        device=asked.get("device", ""),
        text=asked.get("text", "").strip()[:_LONGEST_TEXT],
        is_blocked_only=asked.get("blocked") == "1",
    )


def _address(search: Search, **more: object) -> str:
    """Return the address of this search, for the links below it."""
    wanted = {
        "profile": search.profile,
        "device": search.device,
        "text": search.text,
        "blocked": "1" if search.is_blocked_only else "",
        **more,
    }
    asked = urlencode({name: value for name, value in wanted.items() if value})
    return url_for("log.show") + (f"?{asked}" if asked else "")


def _profiles(document: Document) -> tuple[Option, ...]:
    return tuple(Option(each, profile.name) for each, profile in document.profiles.items())


def _devices(document: Document) -> tuple[Option, ...]:
    return tuple(Option(each, device.name) for each, device in document.devices.items())
