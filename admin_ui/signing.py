"""Signing in and out, with a growing wait for an address that guesses."""

from flask import Blueprint, redirect, request, session, url_for
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response

from admin_ui.forms import SignInForm, safe_next
from admin_ui.house import this_house
from admin_ui.language import Say, current_locale, say
from admin_ui.pages import Shown, SignInPage, show
from admin_ui.signed import Signed
from filterd.store.guardians import Guardian
from filterd.store.password import check_password

pages = Blueprint("session", __name__)

_LONGEST = 200


@pages.get("/sign-in")
def enter() -> Shown | Response:
    if not this_house().guardians.any():
        return redirect(url_for("setup.first"), 303)
    return show(SignInPage(SignInForm(next=safe_next(request.args.get("next", "")))))


@pages.post("/sign-in")
def check() -> Shown | Response:
    fields = request.form
    form = SignInForm(fields.get("name", "").strip(), safe_next(fields.get("next", "")))
    attempts, now = this_house().guardians.attempts, this_house().clock()
    wait_s = attempts.wait_s(_source(), now)
    if wait_s:
        return _refuse(form, _wait_words(wait_s), 429)
    # Counted before the slow look at the password: many guesses at once are many guesses.
    attempts.failed(_source(), now)
    guardian = _check(form.name, fields.get("password", ""))
    if guardian is None:
        return _refuse(form, say("The name or the password is not right."), 403)
    session["language"] = current_locale().code
    login_user(Signed(guardian.name))
    return redirect(form.next, 303)


@pages.post("/sign-out")
def leave() -> Response:
    logout_user()
    return redirect(url_for("session.enter"), 303)


def _check(name: str, password: str) -> Guardian | None:
    """Return the guardian when the password is right, and forget this address's failures."""
    house = this_house()
    guardian = house.guardians.by_name(name[:_LONGEST])
    stored = None if guardian is None else guardian.password_hash
    check = check_password(stored, password[:_LONGEST])
    if guardian is None or not check.is_right:
        return None
    if check.rehashed is not None:
        house.guardians.rehash(guardian.name, check.rehashed)
    house.guardians.attempts.succeeded(_source())
    return guardian


def _source() -> str:
    return request.remote_addr or ""


def _refuse(form: SignInForm, words: Say, status: int) -> Shown:
    return show(SignInPage(SignInForm(form.name, form.next, errors={"form": words})), status)


def _wait_words(wait_s: int) -> Say:
    if wait_s <= 60:
        return say("That was wrong too often. Wait a minute, then try again.")
    minutes = -(-wait_s // 60)
    return say(
        "That was wrong too often. Wait %(minutes)s minutes, then try again.", minutes=minutes
    )
