"""What went wrong, in plain words and both languages, with what to do next."""

from urllib.parse import urlsplit

from flask import Flask, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from admin_ui.forms import safe_next
from admin_ui.language import Say, say
from admin_ui.pages import FailurePage, Shown, show
from admin_ui.security import MISDIRECTED
from filterd.errors import ConfigError, Conflict, StoreError

_WORDS: dict[int, tuple[str, Say, Say]] = {
    400: (
        "warning",
        say("This did not work"),
        say("The page sent something that filterd does not understand. Load it again."),
    ),
    403: (
        "hand",
        say("This is not allowed"),
        say("Another page tried to change something here. Nothing was changed."),
    ),
    404: (
        "search",
        say("This is not here"),
        say("The page you wanted is not there, or it was removed."),
    ),
    405: (
        "warning",
        say("This did not work"),
        say("The page sent something that filterd does not understand. Load it again."),
    ),
    409: (
        "people",
        say("Somebody else was quicker"),
        say("Meanwhile something was changed here. Look again and repeat it if you still want it."),
    ),
    413: ("warning", say("This is too much"), say("Send less at once.")),
    MISDIRECTED: (
        "warning",
        say("This address is not right"),
        say("Open filterd with the address it showed when it was started."),
    ),
    429: ("clock", say("Too often"), say("Wait a little and try again.")),
    500: (
        "warning",
        say("Something broke in filterd"),
        say("The filter itself goes on working. Load the page again in a moment."),
    ),
    503: (
        "warning",
        say("filterd cannot read or write its data"),
        say("Often the disk is full. The filter itself goes on working with the last rules."),
    ),
}


def install_failures(app: Flask) -> None:
    """Show a page of ours for everything that can go wrong."""
    app.register_error_handler(HTTPException, show_http)
    app.register_error_handler(CSRFError, show_stale_form)
    app.register_error_handler(Conflict, show_conflict)
    app.register_error_handler(StoreError, show_store)
    app.register_error_handler(ConfigError, show_config)


def show_http(error: HTTPException) -> Shown:
    return failure(error.code if error.code in _WORDS else 500)


def show_stale_form(_error: CSRFError) -> Shown:
    return show(
        FailurePage(
            "clock",
            say("This page was too old"),
            say("Nothing was changed. Load the page again, then repeat it."),
            detail="",
            again=_again(),
        ),
        400,
    )


def show_conflict(_error: Conflict) -> Shown:
    return failure(409)


def show_store(error: StoreError) -> Shown:
    return failure(503, str(error))


def show_config(error: ConfigError) -> Shown:
    """Show what no form should let through: a document that would not be valid."""
    return failure(400, str(error))


def failure(code: int | None, detail: str = "") -> Shown:
    """Return the page for a status code."""
    status = code or 500
    icon, heading, words = _WORDS[status]
    again = "" if status in {404, MISDIRECTED} else _again()
    return show(FailurePage(icon, heading, words, detail, again), status)


def _again() -> str:
    """Return the page to load again: the one that failed, or the one whose form was sent."""
    if request.method == "GET":
        return request.full_path.removesuffix("?")
    sent_from = urlsplit(request.referrer or "")
    if sent_from.netloc != request.host:
        return "/"
    return safe_next(f"{sent_from.path}?{sent_from.query}".removesuffix("?"))
