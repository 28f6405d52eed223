"""Sessions: the browser holds a random token, the store holds what it stands for.

A visitor who is not signed in has a token too, for the forms of set-up and sign-in, but nothing is
stored for it: its form secret is derived from the token, so strangers cannot fill the disk.
A new token is given at sign-in, and the old one is void at sign-out.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict

from filterd.errors import StoreError
from filterd.store.guardians import Guardians, login_of

COOKIE = "filterd"
LIFETIME = timedelta(days=30)
# Extending a session is a write to the disk; once a day is enough.
_EXTEND_AFTER = timedelta(days=1)
_TOKEN_BYTES = 32
_LONGEST_TOKEN = 100

# Flask-Login's key for who is signed in; Flask-WTF's for the secret that its tokens carry.
USER = "_user_id"
FORM_SECRET = "csrf_token"  # noqa: S105 - the key, not the secret
# What is kept of a session; all else follows from the token and from who is signed in.
_KEPT = frozenset({"language", "_flashes"})


class BrowserSession(CallbackDict[str, Any], SessionMixin):
    """What one browser is to us during one request.

    ``stored`` is what the store holds for it, None when it is not signed in there; ``failure`` is
    why the store could not tell.
    """

    def __init__(self, token: str, *, is_new: bool) -> None:
        super().__init__(on_update=_note_change)
        self.token = token
        self.new = is_new
        self.stored: str | None = None
        self.expires: datetime | None = None
        self.failure: StoreError | None = None
        self.modified = False
        self.accessed = True

    def kept(self) -> str:
        """Return what is to be stored, as text."""
        return json.dumps({key: self[key] for key in sorted(_KEPT & self.keys())})


def _note_change(session: "CallbackDict[str, Any]") -> None:
    session.modified = True  # type: ignore[attr-defined]


class StoreSessions(SessionInterface):
    """Sessions in ``policy.db``.

    When the store cannot be used a session opens as nobody's, with its ``failure`` set: so the
    page can still say what happened.
    """

    def __init__(self, guardians: Guardians, clock: Callable[[], datetime], key: bytes) -> None:
        self._sessions = guardians.sessions
        self._clock = clock
        self._key = key

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        if request.path.startswith(f"{app.static_url_path}/"):
            return BrowserSession("", is_new=False)  # the same for everybody, and cached
        token = request.cookies.get(COOKIE, "")
        is_new = not token or len(token) > _LONGEST_TOKEN
        session = BrowserSession(
            secrets.token_urlsafe(_TOKEN_BYTES) if is_new else token, is_new=is_new
        )
        if not is_new:
            self._recall(session)
        session[FORM_SECRET] = self._form_secret(session.token)
        return session

    def _recall(self, session: BrowserSession) -> None:
        """Fill in what the store knows of a token."""
        try:
            found = self._sessions.get(session.token, self._clock())
        except StoreError as error:
            session.failure = error
            return
        if found is not None:
            session.update(json.loads(found.data or "{}"))
            session[USER] = found.name
            session.stored = session.kept()
            session.expires = found.expires

    def save_session(self, _app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, BrowserSession):
            raise TypeError("a session of another kind")
        response.vary.add("Cookie")
        if USER in session and session.stored is None:
            self._sign_in(session, response)
        elif USER in session:
            self._keep(session, response)
        elif session.stored is not None:
            self._sessions.drop(session.token)
            response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
        elif session.new:
            self._set_cookie(response, session.token, lifetime=None)

    def _sign_in(self, session: BrowserSession, response: Response) -> None:
        now = self._clock()
        login = login_of(session[USER])
        token = self._sessions.start(login, now=now, expires=now + LIFETIME, data=session.kept())
        self._set_cookie(response, token, lifetime=LIFETIME)

    def _keep(self, session: BrowserSession, response: Response) -> None:
        """Store what changed, and let a session that is used live on."""
        expires = self._clock() + LIFETIME
        is_aging = session.expires is not None and expires - session.expires > _EXTEND_AFTER
        if session.kept() != session.stored or is_aging:
            self._sessions.put(session.token, data=session.kept(), expires=expires)
        if is_aging:
            self._set_cookie(response, session.token, lifetime=LIFETIME)

    def _set_cookie(self, response: Response, token: str, lifetime: timedelta | None) -> None:
        # Not Secure: the page is plain HTTP on the house's own network.
        response.set_cookie(COOKIE, token, max_age=lifetime, httponly=True, samesite="Lax")

    def _form_secret(self, token: str) -> str:
        return hmac.new(self._key, f"form {token}".encode(), hashlib.sha256).hexdigest()
