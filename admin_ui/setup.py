"""First-run set-up: the code from the console makes the first guardian and signs them in."""

from flask import Blueprint, redirect, request, session, url_for
from flask_login import login_user
from werkzeug.wrappers import Response

from admin_ui.forms import NewGuardian, SetupForm, parse_setup
from admin_ui.house import this_house
from admin_ui.language import LOCALES, Command, choose_locale, current_locale, say
from admin_ui.languages import keep_language
from admin_ui.pages import SetupPage, Shown, show
from admin_ui.signed import Signed
from filterd.store.guardians import Guardian
from filterd.store.password import hash_password

pages = Blueprint("setup", __name__)


@pages.route("/setup", methods=["GET", "POST"])
def first() -> Shown | Response:
    if this_house().guardians.any():
        return redirect(url_for("session.enter"), 303)
    if request.method == "GET":
        return show(SetupPage(SetupForm()))
    _take_language()
    wanted = parse_setup(request.form)
    if isinstance(wanted, SetupForm):
        return show(SetupPage(wanted), 422)
    guardian = _create(wanted)
    if guardian is None:
        return show(SetupPage(_refused(wanted)), 403)
    login_user(Signed(guardian.name))
    return keep_language(redirect(url_for("home.show"), 303), current_locale().code)


def _create(wanted: NewGuardian) -> Guardian | None:
    """Create the first guardian; None when the code is not accepted."""
    guardians, now = this_house().guardians, this_house().clock()
    # A hash is expensive, so nobody gets one made for a guess.
    if not guardians.setup_code.accepts(wanted.code, now):
        return None
    return guardians.create_first(wanted.code, wanted.name, hash_password(wanted.password), now)


def _refused(wanted: NewGuardian) -> SetupForm:
    words = say(
        "This code is not right, or it is too old or was tried too often. Look at it once more. "
        "For a new code, type %(command)s on the computer that runs filterd.",
        command=Command("filterd setup-code"),
    )
    return SetupForm(wanted.code, wanted.name, errors={"form": words})


def _take_language() -> None:
    if request.form.get("language", "") in LOCALES:
        session["language"] = request.form["language"]
        choose_locale()
