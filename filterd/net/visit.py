"""One visit to web servers: connections to the right addresses, all of them over at one instant.

Knows nothing of lists.  Where this machine is its own resolver the addresses come from outside,
and the server's certificate is still checked for the name it was asked under.
"""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util import Url, parse_url

from filterd.net.lookup import Resolve

# For a server to be reached, and then for its next bytes.
CONNECT_S = 10.0
READ_S = 20.0


class Visit:
    """Use as a context: at its end every connection is closed.

    ``ends`` (monotonic seconds) cuts whatever is still going on, so that a server cannot hold us
    by dripping: what was being read then ends as if the server had hung up.
    """

    def __init__(self, ends: float, resolve: Resolve | None) -> None:
        self.ends = ends
        self._resolve = resolve
        self._pools = PoolManager(retries=False)
        self._cutter = _Cutter(ends)

    def __enter__(self) -> Self:
        self._cutter.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._cutter.stop()
        self._pools.clear()

    def get(self, url: str, headers: dict[str, str]) -> BaseHTTPResponse:
        """Ask for ``url``, a valid one, and return the response, its body not yet read.

        No redirect is followed.  Raises urllib3's HTTPError, and UpstreamError of ``resolve``.
        """
        parts = parse_url(url)
        addresses = self._addresses(str(parts.host))
        for address in addresses[:-1]:
            with suppress(NewConnectionError, ConnectTimeoutError):
                return self._get_at(address, parts, headers)
        return self._get_at(addresses[-1], parts, headers)

    def _addresses(self, host: str) -> Sequence[str]:
        if self._resolve is None or _is_literal(host):
            return (host,)
        return self._resolve(host)

    def _get_at(self, address: str, parts: Url, headers: dict[str, str]) -> BaseHTTPResponse:
        named = None
        if parts.scheme == "https" and address != parts.host:
            named = {"server_hostname": parts.host, "assert_hostname": parts.host}
        pool = self._pools.connection_from_host(address, parts.port, parts.scheme, named)
        pool.ConnectionCls = self._cutter.connections[parts.scheme or "http"]
        return pool.urlopen(
            "GET",
            parts.request_uri,
            headers={**headers, "Host": str(parts.netloc)},
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
            timeout=Timeout(connect=CONNECT_S, read=READ_S),
        )


class _Cutter:
    """Shuts every connection of a visit at its end, whatever it is doing then."""

    def __init__(self, ends: float) -> None:
        self._ends = ends
        self._doubles: list[socket.socket] = []
        self._timer = threading.Timer(max(0.0, ends - time.monotonic()), self._cut)
        self._timer.daemon = True
        self.connections = _connections_seen_by(self._see)

    def start(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()
        self._timer.join()
        for double in self._doubles:
            double.close()

    def _see(self, double: socket.socket) -> None:
        self._doubles.append(double)
        if time.monotonic() >= self._ends:
            self._cut()

    def _cut(self) -> None:
        for double in tuple(self._doubles):
            with suppress(OSError):
                double.shutdown(socket.SHUT_RDWR)


def _connections_seen_by(
    see: Callable[[socket.socket], None],
) -> dict[str, type[HTTPConnection]]:
    """Return urllib3's connections, which give ``see`` a second handle on each socket they open.

    A second one, because TLS takes the first away; shutting either ends the connection.
    """

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            see(sock.dup())
            return sock

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            see(sock.dup())
            return sock

    return {"http": Plain, "https": Secure}


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
