"""The style sheet, the icons and the templates keep the house's rules."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from admin_ui.topics import TOPICS

UI = Path(str(files("admin_ui")))
CSS = (UI / "static" / "app.css").read_text("utf-8")
SPRITE = (UI / "static" / "icons.svg").read_text("utf-8")
TEMPLATES = sorted((UI / "templates").rglob("*.html"))
SYMBOLS = set(re.findall(r'<symbol id="([a-z0-9-]+)"', SPRITE))


def test_the_sheet_is_small_enough_for_a_slow_phone() -> None:
    assert len(CSS.encode()) <= 20_000
    assert len(SPRITE.encode()) <= 24_000


@pytest.mark.parametrize(
    "physical",
    [
        r"(margin|padding|border|scroll-margin)-(left|right|top|bottom)",
        r"(^|[;{\s])(left|right|top|bottom)\s*:",
        r"text-align:\s*(left|right)",
        r"(^|[;{\s])(width|height|min-width|max-width|min-height|max-height)\s*:",
        r"float:\s*(left|right)",
        r"border-(top|bottom)-(left|right)-radius",
    ],
)
def test_the_sheet_knows_no_left_and_right(physical: str) -> None:
    assert re.findall(physical, CSS, re.MULTILINE) == []


@pytest.mark.parametrize("foreign", ["@import", "url(", "http:", "https:", "//"])
def test_the_sheet_loads_nothing(foreign: str) -> None:
    without_comments = re.sub(r"/\*.*?\*/", "", CSS, flags=re.DOTALL)
    assert foreign not in without_comments


@pytest.mark.parametrize(
    "cut", ["text-overflow", "line-clamp", "letter-spacing", "font-style: italic", "ellipsis"]
)
def test_nastaliq_is_never_cut_spaced_or_slanted(cut: str) -> None:
    assert cut not in CSS


def test_nothing_but_the_hidden_is_clipped() -> None:
    rules = re.findall(r"([^{}]+)\{([^{}]*overflow:\s*hidden[^{}]*)\}", CSS)
    assert [selector.strip() for selector, _ in rules] == [".hidden"]


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})", block))


LIGHT = tokens(CSS[: CSS.index("@media (prefers-color-scheme: dark)")])
DARK = {**LIGHT, **tokens(CSS[CSS.index("@media (prefers-color-scheme: dark)") :])}


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT_ON = [
    *((ink, ground) for ink in ("ink", "soft", "brand", "stop") for ground in ("ground", "card")),
    *((ink, "sunk") for ink in ("ink", "soft")),
    *((tone, f"{tone}-soft") for tone in ("good", "moon", "pause", "stop")),
    *(("ink", f"{tone}-soft") for tone in ("good", "moon", "pause", "stop", "plain")),
    ("on-brand", "brand"),
    ("card", "stop"),
    ("soft", "good-soft"),
    ("soft", "stop-soft"),
]


@pytest.mark.parametrize(("ink", "ground"), TEXT_ON, ids=lambda token: token)
@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_its_ground(scheme: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(scheme[ink], scheme[ground]) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("ground", ["ground", "card", "sunk"])
@pytest.mark.parametrize("mark", ["edge", "focus"])
@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_edges_and_focus_can_be_seen(scheme: dict[str, str], mark: str, ground: str) -> None:
    assert contrast(scheme[mark], scheme[ground]) >= 3  # WCAG 2.2, 1.4.11


def used_icons() -> set[str]:
    found = set(
        re.findall(r'ui\.icon\("([a-z-]+)"', "".join(p.read_text("utf-8") for p in TEMPLATES))
    )
    found |= set(
        re.findall(r'icon\("([a-z-]+)" if ', "".join(p.read_text("utf-8") for p in TEMPLATES))
    )
    found |= {"check", "hand"}  # chosen in a template
    found |= {topic.icon for topic in TOPICS.values()} | {"tag"}
    python = "".join(path.read_text("utf-8") for path in UI.glob("*.py"))
    return found | {symbol for symbol in SYMBOLS if f'"{symbol}"' in python}


def test_every_icon_that_is_used_is_in_the_sprite_and_none_lies_there_idle() -> None:
    faces = {symbol for symbol in SYMBOLS if symbol.startswith("face-")}
    assert used_icons() - SYMBOLS == set()
    assert SYMBOLS - faces - used_icons() == set()
    assert len(faces) == 8


def test_icons_hold_no_text_and_reach_for_nothing() -> None:
    assert "<text" not in SPRITE
    assert "href" not in SPRITE
    assert "<script" not in SPRITE


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_keep_to_the_content_policy(template: Path) -> None:
    text = template.read_text("utf-8")
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"<script(?![^>]*src=)", text)
    assert not re.search(r"https?://", text)
    assert "|safe" not in text
