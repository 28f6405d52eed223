"""However a document comes about, it is whole: in code, from JSON, from a form."""

import json

import pytest
from pydantic import ValidationError

from filterd.config.document import Device, Document, ListSource, Profile, Window, parse_document
from filterd.errors import ConfigError

SANA = Profile(name="Sana")


def test_a_document_in_code_is_canonical_too() -> None:
    profile = Profile(name=" Sana ", blocked_names=("https://A.example/x", "a.example"))
    assert (profile.name, profile.blocked_names) == ("Sana", ("a.example",))
    assert Device(name="x", profile="p", match=("AA-BB-CC-DD-EE-FF",)).match == (
        "aa:bb:cc:dd:ee:ff",
    )


def test_a_document_in_code_is_checked_too() -> None:
    with pytest.raises(ValidationError, match="there is no profile"):
        Document(zone="UTC", profiles={"sana": SANA}, default_profile="sanna")
    with pytest.raises(ValidationError, match="is the same time as start"):
        Window(name="B", mode="essentials", start="21:00", end="21:00")
    with pytest.raises(ValidationError, match="no place to be read from"):
        ListSource(category="adult")
    with pytest.raises(ValidationError, match="is missing"):
        Profile()  # type: ignore[call-arg]


def test_devices_in_code_may_not_share_an_address() -> None:
    with pytest.raises(ValidationError, match="already belongs to the device a"):
        Document(
            zone="UTC",
            profiles={"sana": SANA},
            default_profile="sana",
            devices={
                "a": Device(name="A", profile="sana", match=("192.0.2.1",)),
                "b": Device(name="B", profile="sana", match=("192.0.2.1/32",)),
            },
        )


def test_a_document_does_not_change() -> None:
    with pytest.raises(ValidationError):
        SANA.name = "Ali"


def test_a_stored_document_is_read_back() -> None:
    document = Document(zone="UTC", profiles={"sana": SANA}, default_profile="sana")
    assert parse_document(document.model_dump_json()) == document
    assert parse_document(document.model_dump()) == document
    assert Document.model_validate_json(document.model_dump_json()) == document


def test_a_stored_document_keeps_its_zone_though_this_machine_lost_it() -> None:
    data = {"zone": "Mars/Base", "profiles": {"a": {"name": "A"}}, "default_profile": "a"}
    assert parse_document(data).zone == "Mars/Base"
    with pytest.raises(ConfigError, match="is not a time zone"):
        parse_document(data, {"UTC"})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param("{", "is not JSON", id="half a text"),
        pytest.param("[]", "a list is not a group of settings", id="a list"),
        pytest.param("null", "nothing is written here", id="nothing"),
        pytest.param(
            {"zone": "UTC", "profiles": {"a": {}}}, "profiles.a.name: is missing", id="a gap"
        ),
        pytest.param({1: 2}, "is not a setting here", id="a key that is no text"),
    ],
)
def test_what_is_no_document_is_refused_with_its_paths(data: object, words: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_document(data)  # type: ignore[arg-type]
    assert words in str(refusal.value)
    assert all(each.line is None for each in refusal.value.problems)


def test_every_problem_of_a_form_is_told_at_once() -> None:
    form = {
        "zone": "UTC",
        "default_profile": "a",
        "profiles": {
            "a": {"name": "", "blocked_names": ["com", "ok.example", "1.2.3.4"], "filtering": "on"}
        },
    }
    with pytest.raises(ConfigError) as refusal:
        parse_document(json.loads(json.dumps(form)))
    assert [each.path for each in refusal.value.problems] == [
        "profiles.a.name",
        "profiles.a.filtering",
        "profiles.a.blocked_names[0]",
        "profiles.a.blocked_names[2]",
    ]
