"""A policy that is written out is read back unchanged, and reads well in between."""

import string
import zoneinfo
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from filterd.config.document import (
    DAYS,
    Device,
    Document,
    ListSource,
    Profile,
    Window,
    parse_document,
)
from filterd.config.dump import dump_policy
from filterd.config.load import load_policy
from filterd.lists.category import ALWAYS_ALLOW, CATEGORIES, ESSENTIALS, FIXED, LOCKED

ZONES = frozenset(zoneinfo.available_timezones())

ids = st.sampled_from(["no", "null", "true", "1", "0x1", "1e3", "y", "sana", "a-b"]) | st.text(
    alphabet=string.ascii_lowercase + string.digits, min_size=1, max_size=6
)
# Line and control characters are refused in texts; everything else is somebody's language.
texts = st.sampled_from(
    ["no", "21:30", "1290", "null", "#1", "- a", "a: b", "'", '"', "سنا", "=x", "*x"]
) | st.text(
    alphabet=st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20
).filter(str.strip)
zones = st.sampled_from(["Asia/Karachi", "UTC", "America/New_York"])
hours = st.times().map("{:%H:%M}".format)
choosable = st.lists(st.sampled_from(sorted(set(CATEGORIES) - FIXED)), max_size=3)
names = st.lists(st.from_regex(r"=?[a-z0-9_]{1,5}\.[a-z]{2,4}", fullmatch=True), max_size=3)
matches = st.lists(
    st.ip_addresses().map(str) | st.integers(0, 2**48 - 1).map("{:012X}".format),
    min_size=1,
    max_size=3,
)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    mode = draw(st.sampled_from(["essentials", "only", "block", "open"]))
    start, end = (
        draw(st.tuples(hours, hours).filter(lambda pair: pair[0] != pair[1]))
        if draw(st.booleans())
        else (None, None)
    )
    given_names = draw(names.filter(bool)) if mode in {"only", "block"} else []
    given_categories = (
        draw(choosable if given_names else choosable.filter(bool)) if mode != "essentials" else []
    )
    days = draw(st.lists(st.sampled_from(DAYS), min_size=1))
    return Window.model_validate(
        {
            "name": draw(texts),
            "days": days,
            "start": start,
            "end": end,
            "mode": mode,
            "categories": given_categories,
            "names": given_names,
        }
    )


profiles = st.builds(
    Profile,
    name=texts,
    filtering=st.booleans(),
    zone=st.none() | zones,
    default=st.sampled_from(["allow", "block"]),
    blocked_categories=choosable.map(tuple),
    allowed_categories=choosable.map(tuple),
    blocked_names=names.map(tuple),
    allowed_names=names.map(tuple),
    windows=st.lists(windows(), max_size=3, unique_by=lambda window: window.name).map(tuple),
    answer=st.sampled_from(["null", "nxdomain", "nodata", "refused"]),
    max_ttl_s=st.integers(1, 86400),
    log=st.sampled_from(["full", "categories", "nothing"]),
)


@st.composite
def lists(draw: st.DrawFn) -> ListSource:
    place = draw(st.sampled_from(["file", "url"]))
    category = draw(
        st.sampled_from(CATEGORIES).filter(lambda each: place == "file" or each != ALWAYS_ALLOW)
    )
    where = draw(texts) if place == "file" else "https://lists.example/x"
    kind = draw(st.sampled_from(["auto", "hosts", "domains", "wildcard"]))
    match = draw(st.sampled_from(["format", "subdomains"]))
    source = {"category": category, place: where, "format": kind, "match": match}
    if place == "url":
        source["mirrors"] = draw(st.lists(st.just("https://mirror.example/x"), max_size=1))
        source["interval"] = draw(st.integers(1, 168))
    if category not in {LOCKED, ALWAYS_ALLOW, ESSENTIALS}:
        source["exceptions"] = draw(st.sampled_from(["category", "everywhere"]))
        source["open_names"] = draw(names)
    return ListSource.model_validate(source)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    known = draw(st.dictionaries(ids, profiles, min_size=1, max_size=3))
    which = st.sampled_from(sorted(known))
    devices: dict[str, Device] = {}
    taken: set[str] = set()
    for key, each in draw(
        st.dictionaries(ids, st.tuples(texts, which, matches), max_size=3)
    ).items():
        device = Device.model_validate(dict(zip(("name", "profile", "match"), each, strict=True)))
        if taken.isdisjoint(device.match):
            devices[key] = device
            taken.update(device.match)
    return Document(
        zone=draw(zones),
        upstreams=draw(
            st.sampled_from([("system",), ("9.9.9.9", "[2620:fe::fe]:5353"), ("2620:fe::fe",)])
        ),
        lists=draw(st.dictionaries(ids, lists(), max_size=2)),
        profiles=known,
        devices=devices,
        default_profile=draw(which),
    )


@settings(max_examples=150)
@given(documents())
def test_a_policy_written_out_is_read_back_unchanged(document: Document) -> None:
    text = dump_policy(document)
    assert load_policy(text, "policy.yaml", ZONES) == document
    assert parse_document(document.model_dump_json(), ZONES) == document


@settings(max_examples=50)
@given(documents())
def test_other_yaml_readers_see_the_same(document: Document) -> None:
    data: Any = pyyaml.safe_load(dump_policy(document))
    assert parse_document(data, ZONES) == document


OPENING = """\
zone: UTC
lists:
  a:
    category: adult
    url: https://lists.example/x
    exceptions: everywhere
    open_names: [school.example, =clinic.example]
profiles:
  a:
    name: A
default_profile: a
"""


def test_what_a_list_leaves_open_is_written_out() -> None:
    document = load_policy(OPENING, "policy.yaml", ZONES)
    assert document.lists["a"].open_names == ("school.example", "=clinic.example")
    assert dump_policy(document) == OPENING


READABLE = """\
zone: Asia/Karachi
lists:
  'no':
    category: adult
    file: adult.txt
    match: subdomains
profiles:
  sana:
    name: سنا
    filtering: false
    blocked_categories: [adult, games]
    windows:
      - name: 'no'
        days: [mon, tue]
        start: "07:00"
        end: "21:30"
        mode: essentials
      - name: All day
        mode: open
        categories: [games]
    answer: nodata
devices:
  phone:
    name: Phone
    profile: sana
    match: ['aa:bb:cc:dd:ee:ff', '::1']
default_profile: sana
"""


def test_a_policy_is_written_to_be_read() -> None:
    document = Document(
        zone="Asia/Karachi",
        lists={"no": ListSource(category="adult", file="adult.txt", match="subdomains")},
        profiles={
            "sana": Profile(
                name="سنا",
                filtering=False,
                blocked_categories=("adult", "games"),
                windows=(
                    Window(
                        name="no",
                        days=("mon", "tue"),
                        start="07:00",
                        end="21:30",
                        mode="essentials",
                    ),
                    Window(name="All day", mode="open", categories=("games",)),
                ),
                answer="nodata",
            )
        },
        devices={"phone": Device(name="Phone", profile="sana", match=("aa:bb:cc:dd:ee:ff", "::1"))},
        default_profile="sana",
    )
    assert dump_policy(document) == READABLE


def test_long_lists_take_a_line_for_each_entry() -> None:
    names = tuple(f"site-number-{at}.example" for at in range(10))
    document = Document(
        zone="UTC", profiles={"a": Profile(name="A", blocked_names=names)}, default_profile="a"
    )
    assert "    blocked_names:\n      - site-number-0.example\n" in dump_policy(document)


@pytest.mark.parametrize(
    "word", ["no", "on", "null", "~", "1290", "1.5", "2026-01-01", "0x1F", "=", "<<"]
)
def test_a_word_with_a_second_meaning_is_quoted(word: str) -> None:
    document = Document(zone="UTC", profiles={"a": Profile(name=word)}, default_profile="a")
    assert f"name: '{word}'\n" in dump_policy(document)
