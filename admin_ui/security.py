"""What is refused before any view runs, and the headers every answer carries.

Host names are a closed list, so that a name an attacker controls cannot be pointed at this page
(DNS rebinding).  A form must come from this very page: its Origin must be our Host, beside the
token that Flask-WTF checks.  Referrer-Policy is ``same-origin`` and not ``no-referrer``, because
with the latter browsers send ``Origin: null`` with our own forms (Fetch, "append a request Origin
header"; seen in Chromium).
"""

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from flask_wtf.csrf import CSRFProtect

from admin_ui.house import this_house

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE_NAMES = frozenset({"localhost", "filter.home.arpa", "my.filter.home.arpa"})
# Forms are small; the largest is the list of names in a window.
BODY_LIMIT_BYTES = 64 * 1024
MISDIRECTED = 421

_FOREIGN = "filterd.foreign_host"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_STATIC = "static"
_STATIC_AGE_S = 31536000  # the address carries the file's digest

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def install_security(app: Flask) -> None:
    """Guard an app; call this before anything else asks to see requests."""
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = BODY_LIMIT_BYTES
    app.config["MAX_FORM_PARTS"] = 200
    # A token lives as long as its session: a phone may lie on a form for a day.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.wsgi_app = _mark_foreign_host(app.wsgi_app, app)  # type: ignore[method-assign, assignment]
    app.before_request(refuse_foreign_host)
    app.before_request(refuse_foreign_origin)
    app.after_request(add_headers)
    CSRFProtect(app)


def _mark_foreign_host(inner: "WSGIApplication", app: Flask) -> "WSGIApplication":
    """Take a foreign Host away before Flask sees it: with some it cannot even say no."""

    def outer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with app.app_context():
            names = this_house().page_names
        if not is_our_host(environ.get("HTTP_HOST", ""), names):
            environ[_FOREIGN] = True
            environ["HTTP_HOST"] = "localhost"
        return inner(environ, start_response)

    return outer


def refuse_foreign_host() -> None:
    """Answer 421 to a Host that is neither an address nor one of this page's names."""
    if request.environ.get(_FOREIGN):
        abort(MISDIRECTED)


def refuse_foreign_origin() -> None:
    """Answer 403 to a form that another site's page sent."""
    if request.method in _SAFE_METHODS:
        return
    origin = urlsplit(request.headers.get("Origin", ""))
    if origin.scheme != request.scheme or origin.netloc.lower() != request.host.lower():
        abort(403)


def is_our_host(host: str, page_names: frozenset[str]) -> bool:
    """Tell whether a Host header names this page: an IP literal, or one of its names."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not name or "@" in host:
        return False
    name = name.removesuffix(".")
    if name in PAGE_NAMES or name in page_names:
        return True
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def add_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    if request.endpoint == _STATIC and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={_STATIC_AGE_S}, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response
