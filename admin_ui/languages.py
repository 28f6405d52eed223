"""The switch of languages; the choice is kept in a cookie and in a guardian's session."""

from flask import Blueprint, abort, redirect, request, session
from werkzeug.wrappers import Response

from admin_ui.forms import safe_next
from admin_ui.language import LANGUAGE_COOKIE, LANGUAGE_COOKIE_S, LOCALES

pages = Blueprint("language", __name__)


@pages.post("/language")
def choose() -> Response:
    wanted = request.form.get("language", "")
    if wanted not in LOCALES:
        abort(400)
    session["language"] = wanted
    answer = redirect(safe_next(request.form.get("back", "")), 303)
    return keep_language(answer, wanted)


def keep_language(answer: Response, code: str) -> Response:
    """Have the browser remember a language, also when nobody is signed in."""
    answer.set_cookie(
        LANGUAGE_COOKIE, code, max_age=LANGUAGE_COOKIE_S, httponly=True, samesite="Lax"
    )
    return answer
