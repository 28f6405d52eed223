"""A small valid policy to add lines to, and ways to see what is wrong with a text."""

import zoneinfo
from collections.abc import Callable

import pytest

from filterd.config.load import load_config, load_policy
from filterd.errors import ConfigError, Problem

# Five lines: what a test adds begins in line 6, and with four spaces it belongs to sana.
POLICY = """\
zone: Asia/Karachi
default_profile: sana
profiles:
  sana:
    name: Sana
"""


@pytest.fixture(scope="session")
def zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


@pytest.fixture(scope="session")
def policy_text() -> str:
    return POLICY


@pytest.fixture(scope="session")
def policy_problems(zones: frozenset[str]) -> Callable[[str], tuple[Problem, ...]]:
    """Return everything wrong with the text of a policy; nothing when it is right."""

    def problems(text: str) -> tuple[Problem, ...]:
        try:
            load_policy(text, "policy.yaml", zones)
        except ConfigError as error:
            return error.problems
        return ()

    return problems


@pytest.fixture(scope="session")
def config_problems(zones: frozenset[str]) -> Callable[[str], tuple[Problem, ...]]:
    """Return everything wrong with the text of a configuration; nothing when it is right."""

    def problems(text: str) -> tuple[Problem, ...]:
        try:
            load_config(text, "config.yaml", zones)
        except ConfigError as error:
            return error.problems
        return ()

    return problems
