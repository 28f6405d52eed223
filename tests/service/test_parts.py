"""The small parts of the service: files, control socket, sockets, child specs, the log's thread."""

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from filterd.config.address import Endpoint
from filterd.resolve.record import Record
from filterd.service.child import Spec
from filterd.service.control import ask_dns, serve_control
from filterd.service.files import replace_file
from filterd.service.querylog import QueryLog
from filterd.service.sockets import PortError, open_listeners
from filterd.store.log import LogFilter, LogReader


def test_a_replaced_file_is_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError):
        replace_file(path, b"two")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("line", [b"\n", b"nonsense\n", b"[]\n", b'{"do": 7}\n'])
def test_the_control_socket_answers_every_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "control.sock"

    async def handle(do: str) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"did": do}

    async def talk() -> tuple[object, bytes, int]:
        server = await serve_control(path, handle)
        async with server:
            answer = await asyncio.to_thread(ask_dns, path, "status")
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(line)
            heard = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return answer, heard, stat.S_IMODE(path.stat().st_mode)

    answer, heard, mode = asyncio.run(talk())
    assert answer == {"did": "status"}
    assert heard.startswith(b"{")
    assert mode == 0o600


def test_asking_a_dns_process_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert ask_dns(tmp_path / "none.sock", "status") is None


def test_a_second_listener_on_a_port_is_refused(free_port: int) -> None:
    dns, page = (Endpoint("127.0.0.1", free_port),), (Endpoint("127.0.0.2", free_port),)
    listeners = open_listeners(dns, page)
    try:
        with pytest.raises(PortError, match=f"port {free_port}"):
            open_listeners(dns, (Endpoint("127.0.0.3", free_port),))
    finally:
        listeners.close()


def test_an_address_this_machine_does_not_have_is_said(free_port: int) -> None:
    with pytest.raises(PortError, match=r"does not have the address 192\.0\.2\.1"):
        open_listeners((Endpoint("192.0.2.1", free_port),), (Endpoint("127.0.0.1", free_port),))


def test_a_missing_ipv6_address_is_a_warning_only(free_port: int) -> None:
    dns = (Endpoint("127.0.0.1", free_port), Endpoint("2001:db8::1", free_port))
    listeners = open_listeners(dns, (Endpoint("127.0.0.2", free_port),))
    listeners.close()
    assert len(listeners.udp) == 1
    assert "2001:db8::1" in listeners.warnings[0]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_child_is_told_exactly_what_the_supervisor_meant() -> None:
    spec = Spec(
        state="/s", base="/b", config="/b/c.yaml", life=3, udp=(4, 5), tcp=(6,), page=(7,),
        dns_endpoints=(("127.0.0.1", 53),), page_addresses=("127.0.0.1",),
        ask_from=("127.0.0.0/8",), page_names=("filter.lan",),
    )  # fmt: skip
    again = Spec.from_text(spec.to_text())
    assert again.udp == spec.udp
    assert again.page_names == spec.page_names
    assert [tuple(endpoint) for endpoint in again.dns_endpoints] == [("127.0.0.1", 53)]


def record(name: str) -> Record:
    return Record(
        1.0, "192.0.2.7", name, 1, "sana", "block", "category", "games", "mine", name, "", 1,
        "b", 0, 0, 50,
    )  # fmt: skip


def test_what_was_taken_is_written_when_the_log_stops(layout) -> None:
    log = QueryLog(layout.log_db)
    log.start()
    for number in range(5000):
        log.take(record(f"n{number}.example"))
    log.see("192.0.2.9", 2.0)
    log.stop()
    reader = LogReader(layout.log_db)
    try:
        assert len(reader.search(LogFilter(), 6000)) == 5000
        assert {client.address for client in reader.clients()} == {"192.0.2.7", "192.0.2.9"}
    finally:
        reader.close()
    assert (log.lost, log.problem) == (0, "")


def test_a_log_that_cannot_be_written_says_so_and_counts_what_is_lost(layout) -> None:
    layout.log_db.unlink()
    layout.log_db.mkdir()
    log = QueryLog(layout.log_db)
    log.start()
    log.take(record("a.example"))
    log.stop()
    assert log.lost == 1
    assert log.problem
