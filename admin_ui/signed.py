"""Who is signed in, and that everything but a few pages asks for it."""

from flask import Flask, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response

from admin_ui.house import this_house

# Everything else asks who you are first.
OPEN_TO_ALL = frozenset(
    {"static", "setup.first", "session.enter", "session.check", "language.choose"}
)


class Signed(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A guardian who is signed in; ``id`` is the name as shown."""

    def __init__(self, name: str) -> None:
        self.id = name


def install_sign_in(app: Flask) -> None:
    """Make every page but OPEN_TO_ALL ask for a sign-in."""
    manager = LoginManager(app)
    # Phones change their address and browsers their name; the token alone is the proof.
    manager.session_protection = None
    # The store already answered for the name when it opened the session.
    manager.user_loader(Signed)
    app.before_request(report_failed_store)
    app.before_request(ask_for_sign_in)


def report_failed_store() -> None:
    """Fail, with words, when the store could not tell who this is."""
    failure = getattr(session, "failure", None)
    if failure is not None:
        raise failure


def ask_for_sign_in() -> Response | None:
    """Send strangers to the sign-in, or to set-up in a house without a guardian."""
    if request.endpoint is None or request.endpoint in OPEN_TO_ALL:
        return None
    if current_user.is_authenticated:
        return None
    if not this_house().guardians.any():
        return redirect(url_for("setup.first"), 303)
    wanted = request.full_path.removesuffix("?") if request.method == "GET" else None
    return redirect(url_for("session.enter", next=wanted), 303)
