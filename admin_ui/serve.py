"""The page process: the guardian's page behind waitress, on the sockets the supervisor opened."""

import logging
import os
import signal
import socket
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from waitress import create_server

from admin_ui.app import create_app
from admin_ui.house import HeldList, House, ListState
from filterd.errors import FilterdError
from filterd.policy.snapshot import Policy
from filterd.service import held as holding
from filterd.service import manifest as manifests
from filterd.service.child import Spec, Word
from filterd.service.choosing import offered_lists
from filterd.service.control import ask_dns
from filterd.service.current import CurrentPolicy
from filterd.service.layout import Layout
from filterd.service.starter import read_config
from filterd.store.folder import secret
from filterd.store.guardians import Guardians
from filterd.store.log import LogReader
from filterd.store.policy import PolicyStore

_THREADS = 8
# Silent connections must not keep a guardian from the page: they end soon, and there is room.
_MOST_CONNECTIONS = 500
_IDLE_S = 10
_LOOK_FOR_IDLE_S = 2
_LARGEST_REQUEST_BYTES = 1 << 20
_KEY_BYTES = 32


class PageHouse:
    """What the page may ask of this machine; every method may be called from any thread."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._layout = Layout(Path(spec.state), Path(spec.base))
        self._current = CurrentPolicy(self._layout)
        self._lock = threading.Lock()
        self.policies = PolicyStore(self._layout.policy_db)
        self.guardians = Guardians(self._layout.policy_db)
        self.starter_differs = not self._is_starter_known()

    def build(self) -> House:
        return House(
            policies=self.policies,
            guardians=self.guardians,
            log=LogReader(self._layout.log_db),
            policy=self._policy,
            notify=self._notify,
            status=lambda: ask_dns(self._layout.control, "status"),
            lists=self._lists,
            accept_list=self._accept_list,
            refuse_list=self._refuse_list,
            starter_differs=lambda: self.starter_differs,
            clock=now,
            catalogue=offered_lists(),
            page_names=frozenset(self._spec.page_names),
            key=secret(self._layout.state, "page.key", _KEY_BYTES),
        )

    def _policy(self) -> Policy:
        # One SQLite connection and one index mapping for all threads: one at a time.
        with self._lock:
            return self._current.refresh()

    def _notify(self) -> None:
        ask_dns(self._layout.control, "reload")

    def _lists(self) -> tuple[ListState, ...]:
        manifest = manifests.load_manifest(self._layout.manifest)
        return tuple(map(_list_state, manifest.lists))

    def _accept_list(self, source: str) -> None:
        holding.accept(self._layout, source)
        _tell(Word.COMPILE)

    def _refuse_list(self, source: str) -> None:
        holding.refuse(self._layout, source)

    def _is_starter_known(self) -> bool:
        """Return whether the starter policy in the configuration was ever in force."""
        try:
            starter = read_config(Path(self._spec.config)).policy
        except FilterdError:
            return True  # somebody is editing the file; 'filterd check' has more to say
        return self.policies.has(starter)


def _list_state(state: manifests.ListState) -> ListState:
    """Return what the page is to know of a list."""
    download = state.download
    held = download.held
    return ListState(
        state.id,
        state.category,
        ok=state.ok,
        names=state.names,
        problem=state.problem,
        trouble=download.trouble,
        left_out=state.complaints,
        checked=_moment(download.fetched) if download.copy is not None else None,
        closes=state.closes,
        is_loading=download.copy is not None and download.copy.digest != state.text,
        held=None
        if held is None
        else HeldList(
            str(held.why),
            held.why.names,
            _instant(held.since),
            held.is_refused,
            held.why.reason,
        ),
    )


def _moment(seconds: float) -> datetime | None:
    return _instant(seconds) if seconds else None


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - this process owns its clock


def main() -> int:
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    spec = Spec.from_text(sys.argv[1])
    _end_with_supervisor(spec.life)
    try:
        house = PageHouse(spec)
        app = create_app(house.build())
        code = house.guardians.setup_code.create(now())
    except FilterdError as error:
        _tell(str(error))
        return 1
    if code is not None:
        _tell(Word.SETUP_CODE, code)
    if house.starter_differs:
        _tell(Word.NOTE, "the policy in the configuration is not applied: filterd policy apply")
    _serve(app, spec)
    return 0


def _serve(app: Flask, spec: Spec) -> None:
    server = create_server(
        app,
        sockets=[socket.socket(fileno=descriptor) for descriptor in spec.page],
        threads=_THREADS,
        connection_limit=_MOST_CONNECTIONS,
        channel_timeout=_IDLE_S,
        cleanup_interval=_LOOK_FOR_IDLE_S,
        max_request_body_size=_LARGEST_REQUEST_BYTES,
        ident=None,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor hears it and ends us
    _tell(Word.READY)
    server.run()


def _end_with_supervisor(life: int) -> None:
    """End this process, whatever it is doing, when the supervisor's end of the pipe closes."""

    def wait() -> None:
        os.read(life, 1)
        os._exit(1)

    threading.Thread(target=wait, name="life-line", daemon=True).start()


def _tell(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201 - the supervisor listens


if __name__ == "__main__":
    sys.exit(main())
