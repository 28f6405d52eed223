"""What ``echo.c`` does, in Python: the stand-in where there is no C compiler, and called so.

``echo.py PORT SECONDS`` answers on 127.0.0.1 and ends by itself.
"""

import signal
import socket
import sys

_A = bytes.fromhex("c00c 0001 0001 00000e10 0004 c0000201")
_AAAA = bytes.fromhex("c00c 001c 0001 00000e10 0010 20010db8000000000000000000000001")


def reply(packet: bytes) -> bytes:
    """The reply to a query, empty for what is none."""
    end = packet.find(b"\0", 12) + 5  # made-up names and nothing else are asked for here
    if end < 17 or len(packet) < end or packet[2] & 0x80:
        return b""
    record = {1: _A, 28: _AAAA}.get(packet[end - 3], b"")
    flags = bytes((packet[2] | 0x84, 0x80))
    counts = bytes((0, 1, 0, bool(record), 0, 0, 0, 0))
    return packet[:2] + flags + counts + packet[12:end] + record


def main() -> None:
    signal.alarm(int(sys.argv[2]))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", int(sys.argv[1])))
        while True:
            packet, sender = opened.recvfrom(1500)
            opened.sendto(reply(packet), sender)


if __name__ == "__main__":
    main()
