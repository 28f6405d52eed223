"""The supervisor sees without the policy whether a list is due."""

import pytest

from filterd.service.manifest import NO_MANIFEST, Download, ListState, Manifest
from filterd.service.rhythm import is_work_due

NOW = 1_800_000_000.0
HOUR = 3600.0


def manifest(*dues: float) -> Manifest:
    lists = tuple(
        ListState(f"l{n}", "games", download=Download(addresses=("https://x/",), next_due=due))
        for n, due in enumerate(dues)
    )
    return Manifest("", "", lists)


@pytest.mark.parametrize(
    ("known", "is_due"),
    [
        pytest.param(NO_MANIFEST, False, id="nothing is known"),
        pytest.param(manifest(NOW + 1, NOW + HOUR), False, id="all in time"),
        pytest.param(manifest(NOW + HOUR, NOW), True, id="one has come"),
        pytest.param(manifest(NOW + 400 * HOUR), True, id="noted by a clock that was wrong"),
        pytest.param(Manifest("", "", (ListState("mine", "games"),)), False, id="a file"),
    ],
)
def test_work_is_due_when_a_download_is(known: Manifest, is_due) -> None:
    assert is_work_due(known, NOW) is is_due
