"""Whoever asks is told who looks names up and answers: the compiled part, or Python alone."""

import pytest
from click.testing import CliRunner

from filterd import cli
from filterd.lists import core
from filterd.service import core as service_core

WORDS = {"native": "the compiled part", "python": "Python alone, which is slower"}


@pytest.fixture(params=WORDS)
def loaded(request, monkeypatch) -> str:
    for each in (core, service_core):
        monkeypatch.setattr(each, "CORE", request.param)
    return request.param


def test_the_version_names_the_core(loaded: str) -> None:
    said = CliRunner().invoke(cli.main, ["--version"])
    assert said.exit_code == 0
    assert said.output == f"filterd {cli.__version__}, core: {loaded} ({WORDS[loaded]})\n"


@pytest.mark.parametrize("wrong", ["", "mine"], ids=["all is well", "something is wrong"])
def test_check_names_it_whatever_else_it_finds(
    loaded: str, wrong: str, layout, document, store, house
) -> None:
    config = house.write_config(layout, document)
    if not wrong:
        (layout.base / "mine.txt").write_text("games.example\n")
    said = CliRunner().invoke(cli.main, ["check", "--config", str(config)])
    assert said.exit_code == (1 if wrong else 0)
    assert said.stdout.splitlines()[0] == f"names are looked up by {WORDS[loaded]}"
    assert ("list mine" in said.stderr) is bool(wrong)
