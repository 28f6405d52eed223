"""Form text becomes a typed command, or the form again with what is wrong beside each field.

Nothing here reads a store or writes one; texts are ``Say`` and translated when shown.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from admin_ui.language import Ltr, Say, say
from filterd.config.names import own_name
from filterd.config.site import site_of
from filterd.config.wrong import Wrong

Errors = Mapping[str, Say]
Fields = Mapping[str, str]

SHORTEST_PASSWORD = 8
_LONGEST_PASSWORD = 200
_LONGEST_NAME = 60
REACHES = ("below", "exact", "site")


@dataclass(frozen=True, slots=True)
class SetupForm:
    """First-run set-up; the password is never sent back."""

    code: str = ""
    name: str = ""
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewGuardian:
    """What set-up needs; everything is there and plausible, the code is not checked yet."""

    code: str
    name: str
    password: str


@dataclass(frozen=True, slots=True)
class SignInForm:
    """Sign-in; ``next`` is the page that was wanted."""

    name: str = ""
    next: str = ""
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NameForm:
    """A name for a child or a device."""

    name: str = ""
    device_id: str = ""
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SiteForm:
    """A site to open or close."""

    site: str = ""
    reach: str = "below"
    errors: Errors = field(default_factory=dict)


def parse_setup(fields: Fields) -> NewGuardian | SetupForm:
    """Read the set-up form; no rules for the password but its length."""
    form = SetupForm(fields.get("code", "").strip(), fields.get("name", "").strip())
    password = fields.get("password", "")
    errors: dict[str, Say] = {}
    if not form.code:
        errors["code"] = say("Write the code here.")
    wrong_name = _wrong_with_text(form.name)
    if wrong_name is not None:
        errors["name"] = wrong_name
    if len(password) < SHORTEST_PASSWORD:
        errors["password"] = say("The password is too short. Take 8 letters or more.")
    elif len(password) > _LONGEST_PASSWORD:
        errors["password"] = say("The password is too long. 200 letters are enough.")
    if errors:
        return replace(form, errors=errors)
    return NewGuardian(form.code, form.name, password)


def parse_name(fields: Fields, taken: Mapping[str, str], own_id: str = "") -> str | NameForm:
    """Read what a child or a device is called.

    ``taken`` are the names in use, {id: name}; two of one name could not be told apart, so only
    ``own_id`` may keep its own.
    """
    name = fields.get("name", "").strip()
    wrong = _wrong_with_text(name)
    if wrong is None:
        folded = {text.casefold() for other, text in taken.items() if other != own_id}
        if name.casefold() not in folded:
            return name
        wrong = say("%(name)s is there already. Choose another name.", name=name)
    return NameForm(name, errors={"name": wrong})


def parse_site(fields: Fields) -> str | SiteForm:
    """Read a name or a pasted address and how much of it is meant.

    Returns it as a policy document writes it: ``=name`` for that name only, else ``name``.
    """
    form = SiteForm(fields.get("site", "").strip(), fields.get("reach", "below"))
    if form.reach not in REACHES:
        return replace(form, reach="below", errors={"reach": say("Choose one of these.")})
    try:
        name = own_name(form.site).removeprefix("=")
    except Wrong:
        words = say("This is not the name of a site. Write it like %(example)s.", example=EXAMPLE)
        return replace(form, errors={"site": words})
    if form.reach == "site":
        name = site_of(name)
    if is_public_suffix(name):
        words = say("%(name)s is not one site but the end of many names.", name=Ltr(name))
        return replace(form, errors={"site": words})
    return f"={name}" if form.reach == "exact" else name


def is_public_suffix(name: str) -> bool:
    """Tell whether sites of unrelated people lie below a name, as under ``com.pk``."""
    return site_of(f"a.b.{name}") == f"b.{name}"


def safe_next(wanted: str) -> str:
    """Return a path on this page to go on to after signing in, ``/`` for anything else."""
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    is_plain = all(character.isprintable() and character != "\\" for character in wanted)
    return wanted if is_path and is_plain else "/"


def _wrong_with_text(text: str) -> Say | None:
    """Say what is wrong with a short text for people, None when nothing is."""
    if not text:
        return say("Write a name here.")
    if len(text) > _LONGEST_NAME:
        return say("This name is too long.")
    if any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in text):
        return say("This name has a sign in it that cannot be shown.")
    return None


EXAMPLE = Ltr("www.example.com")
