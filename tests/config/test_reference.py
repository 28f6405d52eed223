"""config.yaml is the reference: it loads, its examples are true, and no setting is left out."""

import re
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from filterd.config.document import ListSource, Profile
from filterd.config.load import load_config
from filterd.config.machine import Config, Endpoint
from filterd.config.model import Model

TEXT = (Path(__file__).parents[2] / "config.yaml").read_text("utf-8")
ZONES = frozenset(zoneinfo.available_timezones())

# A setting behind a bare "#" is an example; "# " and one space begin prose.
EXAMPLES = re.sub(r"^( *)#(?=[a-z]|  )", r"\1", TEXT, flags=re.MULTILINE)


def models(model: type[Model]) -> Iterator[type[Model]]:
    """Yield a model and all models inside it."""
    yield model
    for field in model.model_fields.values():
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, Model):
                yield from models(inner)


SETTINGS = [f"{model.__name__}.{name}" for model in models(Config) for name in model.model_fields]


def test_the_models_are_all_found() -> None:
    assert {each.__name__ for each in models(Config)} == {
        "Config",
        "Listen",
        "Document",
        "ListSource",
        "Profile",
        "Window",
        "Device",
    }


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_stands_in_the_reference(setting: str) -> None:
    name = setting.partition(".")[2]
    assert re.search(rf"^[ #-]*{name}:", TEXT, flags=re.MULTILINE)


def test_the_reference_is_a_good_start() -> None:
    config = load_config(TEXT, "config.yaml", ZONES)
    assert config.listen.dns == (Endpoint("127.0.0.1", 5300), Endpoint("::1", 5300))
    assert config.listen.page == (Endpoint("127.0.0.1", 8080),)
    assert config.state == "state"
    policy = config.policy
    assert policy.zone == "Asia/Karachi"
    assert policy.upstreams == ("system",)
    assert {"adult", "nudify", "essentials", "always-allow"} <= policy.lists.keys()
    assert all(key == each.category for key, each in policy.lists.items())
    assert {each.match for each in policy.lists.values()} == {"subdomains"}
    assert policy.default_profile == "children"
    assert {"adult", "nudify"} <= set(policy.profiles["children"].blocked_categories)
    grown_ups = policy.profiles["grown-ups"]
    assert (grown_ups.filtering, grown_ups.log) == (False, "nothing")


def test_the_examples_in_the_reference_are_true() -> None:
    config = load_config(EXAMPLES, "config.yaml", ZONES)
    sana = config.policy.profiles["sana"]
    assert set(sana.model_fields_set) == set(Profile.model_fields)
    assert {each.mode for each in sana.windows} == {"essentials", "only", "open"}
    assert (sana.windows[0].start, sana.windows[0].end) == ("21:00", "07:00")
    assert config.policy.devices["sana-phone"].profile == "sana"
    piracy = config.policy.lists["piracy"]
    assert piracy.addresses == (piracy.url, "https://mirror.example.net/piracy/hosts.txt")
    assert piracy.interval == 12
    assert piracy.open_names == ("library.example",)
    assert piracy.exceptions == ListSource.model_fields["exceptions"].default


def test_the_reference_names_the_interval_that_holds_without_one() -> None:
    default = ListSource.model_fields["interval"].default
    assert f"({default} when it is left out)" in TEXT


@pytest.mark.parametrize("setting", ["filtering", "default", "answer", "max_ttl_s", "log"])
def test_the_reference_shows_true_defaults(setting: str) -> None:
    sana = load_config(EXAMPLES, "config.yaml", ZONES).policy.profiles["sana"]
    assert getattr(sana, setting) == Profile.model_fields[setting].default
