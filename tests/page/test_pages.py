"""Every page, in every language: mirrored, whole, escaped, and fed by exactly its dataclass."""

import ast
import dataclasses
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, meta, nodes

from admin_ui import HeldList, create_app, pages
from admin_ui.language import LOCALES
from admin_ui.pages import Page

UI = Path(str(files("admin_ui")))
PATHS = (
    "/",
    "/children/sana",
    "/children/ali",
    "/add-child",
    "/children/sana/times/new",
    "/children/sana/times/1",
    "/devices/",
    "/asked/",
    "/why/",
    "/why/?site=adult.example&who=child:sana&at=2026-11-25T09:00",
    "/why/row/1",
    "/changes/",
    "/lists/",
    "/more-lists/adult",
    "/more-lists/hate",
    "/nowhere",
)


class Reader(HTMLParser):
    """Gathers a page's tags, attributes, ids and visible text outside of ``bdi``."""

    VOID = frozenset({"meta", "link", "input", "br", "use", "option", "wbr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if not {"bdi", "code", "title"} & set(self._open):
            self.text.append(data)

    def first(self, tag: str) -> dict[str, str | None]:
        return next(attrs for name, attrs in self.tags if name == tag)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def busy(guardian: Any, home: Any) -> Any:
    """A guardian of a house in which something happens on every page."""
    home.asked(
        "adult.example", action="block", reason="category", category="adult", source="adult",
        matched="adult.example",
    )  # fmt: skip
    home.asked("www.example.com", "192.0.2.99", "02:00:5e:10:20:30", profile="everybody")
    home.status = {"log_problem": "log.db: the disk is full", "index_problem": "damaged"}
    home.starter_differs = True
    held = HeldList("damaged", 9, home.now)
    home.states = tuple(
        dataclasses.replace(each, trouble="damaged", held=held) for each in home.states
    )
    return guardian


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize("path", PATHS)
def test_a_page_says_its_language_and_direction(busy: Any, path: str, code: str) -> None:
    busy.speak(code)
    page = Reader(busy.get(path).text)
    html = page.first("html")
    assert (html["lang"], html["dir"]) == (code, LOCALES[code].dir)
    switch = [a for a in page.all("button") if a.get("name") == "language"]
    assert [(a["value"], a["lang"], a["aria-pressed"]) for a in switch] == [
        (other, other, "true" if other == code else "false") for other in LOCALES
    ]


@pytest.mark.parametrize("path", ["/setup", "/sign-in", "/nowhere"])
@pytest.mark.parametrize("code", LOCALES)
def test_a_stranger_is_spoken_to_in_their_language_too(browse: Any, path: str, code: str) -> None:
    browser = browse()
    answer = browser.get(path, headers={"Accept-Language": f"{code}-PK,fr;q=0.5"})
    if answer.status_code == 303:  # no guardian yet
        answer = browser.get("/setup", headers={"Accept-Language": code})
    assert Reader(answer.text).first("html")["lang"] == code


@pytest.mark.parametrize("path", PATHS)
def test_urdu_pages_are_urdu_throughout(busy: Any, path: str) -> None:
    busy.speak("ur")
    text = " ".join(Reader(busy.get(path).text).text)
    named = {"filterd", "English", "DNS", "Google", "Family", "Link", "Sana", "Sana's", "tablet",
             "Everybody", "else", "Bedtime", "Amna", "log.db:", "the", "disk", "is", "full",
             "damaged", "adult", "adult:", "strangers:", "help:", "basics:"}  # fmt: skip
    assert set(re.findall(r"[A-Za-z][A-Za-z.:']+", text)) <= named


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_well_formed_and_every_field_has_a_label(busy: Any, path: str) -> None:
    page = Reader(busy.get(path).text)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    labels = {attrs.get("for") for attrs in page.all("label")}
    assert labels - {None} <= set(ids)
    for field in page.all("input") + page.all("select") + page.all("textarea"):
        is_alone = field.get("type") in {"hidden", "radio", "checkbox", "time"}
        assert is_alone or field.get("id") in labels or field.get("aria-label"), field
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert not [a for _, a in page.tags if "style" in a]


@pytest.mark.parametrize("path", PATHS)
def test_every_form_carries_a_token_and_changes_say_what_they_are_based_on(
    busy: Any, path: str
) -> None:
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", busy.get(path).text, re.DOTALL):
        assert 'name="csrf_token"' in form
        is_plain = re.search(
            r'action="/(language|sign-out|children/\w+/(pause|resume)|lists/\w+/\w+)"', form
        )
        assert is_plain or 'name="based_on"' in form, form


@pytest.mark.parametrize("path", PATHS)
def test_a_page_reaches_for_nothing_but_this_house(busy: Any, path: str) -> None:
    answer = busy.get(path)
    for _, attrs in Reader(answer.text).tags:
        for name in ("href", "src", "action"):
            assert (attrs.get(name) or "/").startswith(("/", "#")), attrs
    assert len(answer.data) < 60_000


HOSTILE = '<script>alert("&")</script>'


@pytest.mark.parametrize("code", LOCALES)
def test_names_people_gave_are_never_markup(busy: Any, home: Any, code: str) -> None:
    busy.speak(code)
    for path in ("/children/sana/rename", "/devices/tablet/rename"):
        based_on = home.current().number
        busy.post(path, {"name": HOSTILE, "based_on": based_on})
    assert home.profile().name == home.current().document.devices["tablet"].name == HOSTILE
    window = {"name": HOSTILE, "days": "mon", "times": "day", "mode": "essentials",
              "based_on": home.current().number}  # fmt: skip
    assert busy.post("/children/sana/times/new", window).status_code == 303
    home.asked(HOSTILE, matched=HOSTILE, reason="own-block", detail=HOSTILE, source=HOSTILE)
    home.asked("x.example", reason=HOSTILE, category=HOSTILE, profile=HOSTILE)
    for path in (*PATHS, "/why/row/3", "/why/row/4", f"/asked/?text={HOSTILE}",
                 f"/why/?site={HOSTILE}&who={HOSTILE}&at={HOSTILE}"):  # fmt: skip
        text = busy.get(path).text
        assert "<script>" not in text
        assert HOSTILE not in text
        Reader(text)


# Which variables a template may use: what its page's dataclass says, and what every page has.
EVERYWHERE = {"shell", "ui", "asset", "csrf_token", "url_for", "_", "get_flashed_messages", "loop"}
PAGES = [each for each in vars(pages).values() if isinstance(each, type) and Page in each.__bases__]


@pytest.fixture
def jinja(home: Any) -> Environment:
    return create_app(home.build()).jinja_env


def variables(jinja: Environment, template: str, seen: set[str]) -> set[str]:
    """Return what a template and all it includes or extends leave undeclared."""
    if template in seen or jinja.loader is None:
        return set()
    seen.add(template)
    source, _, _ = jinja.loader.get_source(jinja, template)
    tree = jinja.parse(source)
    found = meta.find_undeclared_variables(tree)
    assigned = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    for other in meta.find_referenced_templates(tree):
        assert other is not None
        found |= variables(jinja, other, seen) - assigned
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_a_page_gives_its_template_exactly_what_it_uses(
    jinja: Environment, page: type[Page]
) -> None:
    fields = {each.name for each in dataclasses.fields(page)}
    used = variables(jinja, page.template, set()) - EVERYWHERE - {"gettext", "ngettext"}
    assert used == fields


def test_every_template_belongs_to_a_page(jinja: Environment) -> None:
    seen: set[str] = set()
    for page in PAGES:
        variables(jinja, page.template, seen)
    written = {
        str(path.relative_to(UI / "templates")) for path in (UI / "templates").rglob("*.html")
    }
    assert written == seen


def is_view(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        ast.unparse(each).startswith("pages.") for each in node.decorator_list
    )


VIEWS = [
    node
    for path in sorted(UI.glob("*.py"))
    for node in ast.parse(path.read_text("utf-8")).body
    if is_view(node)
]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_reads_calls_and_renders(view: ast.FunctionDef) -> None:
    assert view.end_lineno is not None
    assert view.end_lineno - view.lineno <= 15
    assert "select(" not in ast.unparse(view)
    assert "execute(" not in ast.unparse(view)


def test_assets_have_an_address_that_changes_with_them(busy: Any) -> None:
    page = Reader(busy.text("/"))
    sheet = next(a["href"] for a in page.all("link") if a.get("rel") == "stylesheet")
    assert re.fullmatch(r"/static/app\.css\?v=[0-9a-f]{12}", str(sheet))
    with busy.get(str(sheet)) as answer:
        assert answer.headers["Cache-Control"].startswith("public")
        assert "Set-Cookie" not in answer.headers
