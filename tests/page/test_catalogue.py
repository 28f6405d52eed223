"""Every text there is speaks every language: extraction and catalogues are one and the same."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from admin_ui.language import LOCALES, SOURCE, catalogue

ROOT = Path(str(files("admin_ui"))).parent
OTHERS = [code for code in LOCALES if code != SOURCE.code]
KEYWORDS = {"say": None, "mark": None, "_": None, "gettext": None, "ngettext": (1, 2)}


@pytest.fixture(scope="module")
def source() -> Catalog:
    """The texts as they are in the code, read by the mapping that contributors use."""
    mapping = ROOT / "admin_ui" / "translations" / "babel.cfg"
    with mapping.open() as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog()
    for _, _, message, comments, _ in extract_from_dir(
        ROOT / "admin_ui",
        [(pattern.removeprefix("admin_ui/"), method) for pattern, method in methods],
        {pattern.removeprefix("admin_ui/"): value for pattern, value in options.items()},
        KEYWORDS,
    ):
        found.add(message, auto_comments=comments)
    return found


@pytest.fixture(params=OTHERS)
def translated(request: pytest.FixtureRequest) -> Catalog:
    path = ROOT / "admin_ui" / "translations" / request.param / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=request.param, abort_invalid=True)


def ids(found: Catalog) -> set[object]:
    return {message.id for message in found if message.id}


def test_extraction_finds_the_texts(source: Catalog) -> None:
    assert len(ids(source)) > 300
    assert "Stop the internet" in ids(source)  # a template
    assert "The filter is on" in ids(source)  # a sentence in Python
    assert "Adult sites" in ids(source)  # a marked text in a table
    assert ("%(number)s device", "%(number)s devices") in ids(source)  # a count


def test_nothing_is_missing_from_a_catalogue_and_nothing_is_left_over(
    source: Catalog, translated: Catalog
) -> None:
    assert ids(source) - ids(translated) == set()
    assert ids(translated) - ids(source) == set()
    assert not translated.obsolete


def test_every_text_is_translated_and_none_is_a_guess(translated: Catalog) -> None:
    for message in translated:
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert not message.id or (all(strings) and not message.fuzzy), message.id
        assert len(strings) == (translated.num_plurals if message.pluralizable else 1)


def test_a_translation_names_the_same_things(translated: Catalog) -> None:
    for message in translated:
        if not message.id:
            continue
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = {tuple(sorted(placeholders(text))) for text in texts}
        assert {tuple(sorted(placeholders(text))) for text in strings} <= wanted, message.id


def placeholders(text: str) -> list[str]:
    found = re.findall(r"%\((\w+)\)s", text)
    assert text.count("%") == len(found), text
    return found


def test_no_text_brings_markup_of_its_own(source: Catalog, translated: Catalog) -> None:
    for message in (*source, *translated):
        if message.id:
            assert not re.search(r"[<>&]", f"{message.id}{message.string}"), message.id


@pytest.mark.parametrize("code", OTHERS)
def test_catalogues_are_compiled_from_what_lies_in_git(code: str) -> None:
    assert catalogue(code).gettext("Stop the internet") != "Stop the internet"
    assert not list((ROOT / "admin_ui").rglob("*.mo"))


def test_urdu_is_written_in_urdu(translated: Catalog) -> None:
    """Latin letters stand only where a brand, a command or an abbreviation is meant."""
    allowed = {"filterd", "DNS", "Google", "Family", "Link"}
    for message in translated:
        if message.id:
            text = re.sub(r"%\(\w+\)s", "", str(message.string))
            assert set(re.findall(r"[A-Za-z]{2,}", text)) <= allowed, message.string
