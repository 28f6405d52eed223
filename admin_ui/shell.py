"""What stands around every page: the bar, the switch of languages, who is signed in, our files."""

import hashlib
import zlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from flask import Flask, request, url_for
from flask_login import current_user

from admin_ui.flashes import stored_flash
from admin_ui.language import LOCALES, Command, Ltr, current_locale, mark
from admin_ui.parts import Place, Shell

_PLACES = (
    ("home.show", "home", mark("Home"), False),
    ("devices.show", "devices", mark("Devices"), False),
    ("log.show", "list", mark("Asked"), True),
    ("why.ask", "question", mark("Why?"), False),
    ("history.show", "history", mark("Changes"), True),
)
_FACES = 8
_HUES = 8


class Look(NamedTuple):
    """A child's face and colour."""

    face: int
    hue: int


def install_shell(app: Flask) -> None:
    """Give an app's templates what they use on every page."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.filters.update(
        look=look_of, stored=stored_flash, command=Command, grouped=grouped
    )
    app.context_processor(lambda: {"shell": shell()})


def shell() -> Shell:
    """Return what stands around the page of this request."""
    is_signed_in = current_user.is_authenticated
    blueprint = request.blueprint or ""
    return Shell(
        locale=current_locale(),
        locales=tuple(LOCALES.values()),
        guardian=current_user.id if is_signed_in else "",
        back=_back(),
        places=tuple(
            Place(endpoint, icon, words, turns, endpoint.partition(".")[0] == blueprint)
            for endpoint, icon, words, turns in _PLACES
        ),
    )


def _back() -> str:
    """Return where a switch of language leads: here, or home where that is not a page to load."""
    if request.method == "GET" and request.endpoint:
        return request.full_path.removesuffix("?")
    return "/"


def asset(name: str) -> str:
    """Return the address of one of our files; it changes when the file does."""
    return url_for("static", filename=name, v=_digest(name))


@cache
def _digest(name: str) -> str:
    content = (files("admin_ui") / "static" / name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]


def grouped(number: int) -> Ltr:
    """Return a number with its thousands told apart, ``12,345``."""
    return Ltr(f"{number:,}")


def look_of(profile_id: str) -> Look:
    """Return the face and colour that belong to a profile's id, always the same ones."""
    digest = zlib.crc32(profile_id.encode())
    return Look(digest % _FACES, digest // _FACES % _HUES)
