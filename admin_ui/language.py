"""Which languages the page speaks, which one a visitor gets, and texts that wait for one.

English is the source text.  Catalogues are compiled in memory from the ``.po`` files when they are
first needed, so that a clone, a wheel and an editable install agree.  The table of locales is our
own: Babel falls back from ``ur_Latn`` to ``ur`` and then claims that it is written right to left.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Literal

import idna
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, has_app_context, request, session
from markupsafe import Markup, escape

LANGUAGE_COOKIE = "language"
LANGUAGE_COOKIE_S = 400 * 86400  # the longest a browser keeps one


@dataclass(frozen=True, slots=True)
class Locale:
    """One language of the page: its BCP 47 code, direction, own name, and Babel's id for dates."""

    code: str
    dir: Literal["ltr", "rtl"]
    name: str
    babel: str


LOCALES: Mapping[str, Locale] = {
    "en": Locale("en", "ltr", "English", "en_GB"),
    "ur": Locale("ur", "rtl", "اردو", "ur_PK"),
}
SOURCE = LOCALES["en"]


@cache
def catalogue(code: str) -> NullTranslations:
    """Return the compiled catalogue of a language; the source language has none to compile."""
    if code == SOURCE.code:
        return NullTranslations()
    path = files("admin_ui") / "translations" / code / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        messages = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)


def current_locale() -> Locale:
    """Return the language of the request being answered; the source language outside of one."""
    if not has_app_context():
        return SOURCE
    locale: Locale = g.get("locale", SOURCE)
    return locale


def choose_locale() -> None:
    """Settle the language of this request: session, then cookie, then what the browser prefers."""
    wanted = session.get("language") or request.cookies.get(LANGUAGE_COOKIE)
    g.locale = LOCALES.get(wanted or "") or _preferred()


def _preferred() -> Locale:
    """Return the language the browser likes best of ours; ``ur-PK`` is ours as ``ur`` is."""
    for tag, quality in request.accept_languages:
        locale = LOCALES.get(tag.partition("-")[0].lower())
        if locale is not None and quality > 0:
            return locale
    return SOURCE


def gettext(text: str) -> str:
    """Return a text in the current language; no text is no text, and not a catalogue's header."""
    return text and catalogue(current_locale().code).gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """Return a text in the current language's plural form for ``number``."""
    return catalogue(current_locale().code).ngettext(one, many, number)


def mark(text: str) -> str:
    """Mark a text in a table for translation; it is translated when it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Ltr:
    """A name, address or time: left to right whatever stands around it.

    An international name is shown as people read it and, because letters can be made to look
    alike, as DNS spells it.
    """

    text: str

    def __html__(self) -> str:
        read = ".".join(map(_readable, self.text.split(".")))
        if read == self.text:
            return str(_LTR.format(read))
        return str(_LTR.format(read) + " (" + _LTR.format(self.text) + ")")


_LTR = Markup('<bdi dir="ltr">{}</bdi>')


def _readable(label: str) -> str:
    """Return a label of a name in its own script; one that is no valid A-label stays."""
    if not label.startswith("xn--"):
        return label
    try:
        return idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        return label


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody types into a terminal; it stays on one line."""

    text: str

    def __html__(self) -> str:
        return str(Markup('<code dir="ltr">{}</code>').format(self.text))


@dataclass(frozen=True, slots=True)
class Own:
    """What somebody called something: it keeps the direction of its own script."""

    text: str

    def __html__(self) -> str:
        return str(Markup("<bdi>{}</bdi>").format(self.text))


@dataclass(frozen=True, slots=True)
class Say:
    """A whole sentence that is translated when it is shown.

    Its values are escaped and isolated, so that a child's name in one script never shuffles a
    sentence in the other.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __html__(self) -> str:
        # The translated sentence is ours and trusted; what goes into it is not.
        shown = {name: isolated(value) for name, value in self.values.items()}
        return str(Markup(gettext(self.text)) % shown)  # noqa: S704 - see above


@dataclass(frozen=True, slots=True)
class Listing:
    """Several things after one another; the comma of Urdu looks the other way."""

    things: tuple[object, ...]

    def __html__(self) -> str:
        # Translators: what stands between the things of a list.
        comma = Markup(gettext(", "))  # noqa: S704 - our own text
        return str(comma.join(isolated(thing) for thing in self.things))


def say(text: str, **values: object) -> Say:
    """Return the sentence ``text`` with its named values, to be translated when shown."""
    return Say(text, values)


def isolated(value: object) -> Markup:
    """Return a value as markup that keeps its own direction."""
    return escape(value if hasattr(value, "__html__") else Own(str(value)))


def plain(value: object) -> str:
    """Return a text without markup, for attributes such as ``aria-label``."""
    return escape(value).striptags()


def install_language(app: Flask) -> None:
    """Teach an app's templates to speak the language of each request."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    install = app.jinja_env.install_gettext_callables  # type: ignore[attr-defined]
    install(gettext, ngettext, newstyle=True)
    app.jinja_env.filters.update(ltr=Ltr, own=Own, plain=plain)
    app.before_request(choose_locale)
