"""A guardian at the page of a house: set up as on the first day, then drawing pages again and again.

By HTTP on loopback, as a browser would: with the set-up code the house printed, a cookie, and the
page's own token in its form.
"""

import http.cookiejar
import itertools
import os
import re
import statistics
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from machine import LOAD_CORE

_WITHIN_S = 20.0
# Nobody taps faster; and the page must not take the processor away from the workers.
_LOOKS_S = 0.05
# The page that takes longest is the log searched for what is not in it; home has all the children.
PAGES = ("/asked/?text=nowhere", "/", "/asked/?text=kept&blocked=1", "/asked/")


class Guardian:
    """Sets up the page of the house whose printed lines are in ``said``, and is signed in then."""

    def __init__(self, said: Path) -> None:
        printed = said.read_text(errors="replace")
        self._page = re.findall(r"the page is at (http://127\.\S+?)/?\s", printed)[-1]
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(jar)
        code = re.findall(r"set-up code: (\S+)", printed)[-1]
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.draw("/setup"))[1]
        wanted = {"code": code, "name": "Amina", "password": "three words here"}
        if "/sign-out" not in self.draw("/setup", {"csrf_token": token, **wanted}):
            raise SystemExit("the house could not be set up by its page")

    def draw(self, path: str, form: Mapping[str, str] | None = None) -> str:
        """The text of a page; raises OSError for a refusal or none within seconds."""
        filled = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self._page + path, filled, {"Origin": self._page})
        with self._browser.open(request, timeout=_WITHIN_S) as answer:
            return str(answer.read().decode())


class Drawing(threading.Thread):
    """Draws page after page while it is entered; ``took_ms`` holds how long each took.

    Out of the way of whoever asks on the same processor.
    """

    def __init__(self, guardian: Guardian) -> None:
        super().__init__(daemon=True)
        self._guardian = guardian
        self._ending = threading.Event()
        self.took_ms: list[float] = []

    def run(self) -> None:
        os.sched_setaffinity(0, {LOAD_CORE})
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        for path in itertools.cycle(PAGES):
            if self._ending.wait(_LOOKS_S):
                return
            started = time.perf_counter()
            self._guardian.draw(path)
            self.took_ms.append((time.perf_counter() - started) * 1e3)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self.join(_WITHIN_S)

    def said(self) -> dict[str, float]:
        usual = statistics.median(self.took_ms) if self.took_ms else 0.0
        return {"pages drawn": len(self.took_ms), "ms a page": usual}
