"""The DNS process's control socket: one JSON object a line, asked and answered.

A Unix socket (0600) in the state folder, so whoever can write the state folder can use it and
nobody else.  Requests: ``{"do": "status"}`` and ``{"do": "reload"}``; the answer to ``reload``
comes when the newest stored policy is in force.
"""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Handler = Callable[[str], Awaitable[dict[str, Any]]]

_LINE_LIMIT_BYTES = 1 << 20
_TIMEOUT_S = 5.0


async def serve_control(path: Path, handle: Handler) -> asyncio.Server:
    """Listen on ``path`` (an old socket file is replaced) and answer with ``handle(do)``."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await handle(_wish(line))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass  # the other side went away, or sent a line without an end
        finally:
            writer.close()

    path.unlink(missing_ok=True)  # noqa: ASYNC240 - once, before anything is served
    server = await asyncio.start_unix_server(talk, path, limit=_LINE_LIMIT_BYTES)
    path.chmod(0o600)  # noqa: ASYNC240 - the folder around it is 0700 already
    return server


def _wish(line: bytes) -> str:
    try:
        asked = json.loads(line)
    except ValueError:
        return ""
    return str(asked.get("do", "")) if isinstance(asked, dict) else ""


def ask_dns(path: Path, do: str) -> dict[str, Any] | None:
    """Ask the running DNS process; None when there is none or it does not answer in time."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_TIMEOUT_S)
            connection.connect(str(path))
            connection.sendall(json.dumps({"do": do}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer = json.loads(lines.readline(_LINE_LIMIT_BYTES))
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None
