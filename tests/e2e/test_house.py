"""The house as its operator meets it: start, end, bad input, plug pulled, disk full."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import dns.rcode
import psutil
import pytest
from running import FILTERD, POLICY, House, free_port, make_house, running_nsd, wait_until

from filterd.lists.core import CORE
from filterd.service.control import ask_dns


def test_ctrl_c_ends_everything(new_house: House) -> None:
    new_house.start()
    assert new_house.process is not None
    family = psutil.Process(new_house.process.pid).children(recursive=True)
    assert len(family) >= 2
    assert new_house.stop() == 0
    assert psutil.wait_procs(family, timeout=5)[1] == []


def test_a_first_start_prints_a_setup_code(new_house: House) -> None:
    new_house.start()
    assert len(new_house.setup_code()) >= 10


def test_the_plug_is_pulled_and_the_next_start_is_clean(new_house: House, tmp_path: Path) -> None:
    new_house.start()
    family = psutil.Process(new_house.process.pid).children(recursive=True)
    changed = tmp_path / "changed.yaml"
    changed.write_text(
        new_house.command("policy", "export").stdout.replace(
            "name: Ali\n", "name: Ali\n    blocked_names: [games.example]\n", 1
        )
    )
    assert new_house.command("policy", "apply", str(changed)).returncode == 0
    new_house.kill()
    assert psutil.wait_procs(family, timeout=5)[1] == []
    new_house.start()
    assert new_house.addresses("games.example", source="127.0.0.12") == ["0.0.0.0"]
    assert new_house.addresses("games.example", source="127.0.0.11") == ["192.0.2.20"]


def test_a_dns_process_that_crashes_is_started_again_on_the_same_sockets(new_house: House) -> None:
    new_house.start()
    family = psutil.Process(new_house.process.pid).children()
    dns_process = next(p for p in family if p.name() == "filterd-dns")
    # As a fault in compiled code would.
    dns_process.send_signal(signal.SIGSEGV)
    started = time.monotonic()
    wait_until(lambda: new_house.addresses("school.example") == ["192.0.2.10"], pause_s=0.01)
    took = time.monotonic() - started
    assert took < 5
    new_house.wait_for("dns runs again")


def test_a_second_filterd_on_the_same_state_folder_is_refused(new_house: House) -> None:
    new_house.start()
    second = new_house.command("run")
    assert second.returncode == 1
    assert len(second.stderr.strip().splitlines()) == 1
    assert str(new_house.process.pid) in second.stderr


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
def test_a_port_in_use_is_named_with_its_holder(new_house: House, kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", new_house.dns_port))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        refused = new_house.command("run")
    assert refused.returncode == 1
    assert len(refused.stderr.strip().splitlines()) == 1
    assert f"port {new_house.dns_port}" in refused.stderr
    assert f"process {os.getpid()}" in refused.stderr


def test_a_broken_configuration_starts_nothing_and_names_every_error(new_house: House) -> None:
    text = new_house.config.read_text()
    new_house.config.write_text(
        text.replace("Asia/Karachi", "Asia/Karachee").replace(
            "default_profile: sana", "default_profile: sanna"
        )
    )
    refused = new_house.command("run")
    assert refused.returncode == 2
    lines = refused.stderr.splitlines()
    assert any("zone" in line and "Asia/Karachi" in line for line in lines)
    assert any("default_profile" in line and "sana" in line for line in lines)
    assert not (new_house.folder / "state").exists()


def test_bad_lists_are_named_and_the_others_load(tmp_path: Path, upstream: str) -> None:
    policy = POLICY.replace(
        "  profiles:",
        "    gone: {{category: games, file: gone.txt}}\n"
        "    page: {{category: games, file: page.txt}}\n"
        "    void: {{category: games, file: void.txt}}\n"
        "    noise: {{category: games, file: noise.txt}}\n"
        "  profiles:",
        1,
    )
    house = make_house(tmp_path, upstream, policy)
    (tmp_path / "page.txt").write_text("<!DOCTYPE html>\n<html><body>404</body></html>\n")
    (tmp_path / "void.txt").write_text("")
    (tmp_path / "noise.txt").write_bytes(os.urandom(4096))
    house.start()
    try:
        assert house.addresses("ome.tv") == ["0.0.0.0"]
        checked = house.command("check")
        shown = house.command("lists", "show").stdout
    finally:
        house.stop()
    assert checked.returncode == 1
    for bad in ("gone", "page", "void", "noise"):
        assert bad in checked.stderr, checked.stderr
        assert bad in shown
    assert "random-video-chat" not in checked.stderr


def test_a_dead_upstream_means_servfail_in_time_and_the_next_query_tries_again(
    tmp_path: Path, need_tool
) -> None:
    port = free_port()
    house = make_house(tmp_path, f"127.0.0.1:{port}")
    house.start()
    # A bound socket that never answers is a black hole: no ICMP error shortens the wait.
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
            hole.bind(("127.0.0.1", port))
            started = time.monotonic()
            reply = house.ask("school.example")
            took_s = time.monotonic() - started
        assert reply.rcode() == dns.rcode.SERVFAIL
        assert took_s < 2.5
        with running_nsd(need_tool("nsd"), tmp_path, port):
            wait_until(lambda: house.addresses("games.example") == ["192.0.2.20"])
    finally:
        house.stop()


def test_explain_tells_about_another_time_type_and_child(house: House) -> None:
    asked = ("explain", "games.example", "--client", "127.0.0.13", "--type", "HTTPS")
    explained = house.command(*asked, "--at", "2026-01-05 23:30")
    assert "Grown-ups" in explained.stdout
    assert "Monday 2026-01-05 23:30 (Asia/Karachi)" in explained.stdout
    refused = house.command("explain", "games.example", "--at", "tomorrow")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)


def test_explain_prints_the_whole_reason(house: House) -> None:
    explained = house.command("explain", "www.ome.tv", "--client", "127.0.0.11")
    assert explained.returncode == 0, explained.stderr
    for part in ("Sana", "block", "random-video-chat", "ome.tv", "line"):
        assert part in explained.stdout, explained.stdout


def test_an_exported_policy_applies_again_unchanged(house: House, tmp_path: Path) -> None:
    exported = house.command("policy", "export").stdout
    copy = tmp_path / "copy.yaml"
    copy.write_text(exported)
    assert "nothing to change" in house.command("policy", "apply", str(copy)).stdout
    assert house.command("policy", "export").stdout == exported


def test_a_starter_policy_that_differs_later_is_said_not_to_be_applied(new_house: House) -> None:
    new_house.start()
    new_house.stop()
    new_house.config.write_text(new_house.config.read_text().replace("name: Ali,", "name: Alina,"))
    assert "policy apply" in new_house.command("check").stderr
    new_house.start()
    new_house.wait_for("filterd policy apply")


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_stops_the_log_but_not_the_filter(new_house: House) -> None:
    state = new_house.folder / "state"
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(state)], check=True)
    try:
        new_house.start()
        fill(state / "filler")

        def log_stopped() -> bool:
            new_house.ask("school.example")
            return bool(ask_dns(state / "control.sock", "status")["log_problem"])

        wait_until(log_stopped, 20)
        assert new_house.addresses("ome.tv") == ["0.0.0.0"]
        assert new_house.addresses("school.example") == ["192.0.2.10"]
        (state / "filler").unlink()
        wait_until(lambda: not ask_dns(state / "control.sock", "status")["log_problem"], 30)
        new_house.stop()
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)


def test_a_damaged_index_is_compiled_anew_before_anything_is_answered(new_house: House) -> None:
    new_house.start()
    new_house.stop()
    index = new_house.folder / "state" / "lists.index"
    content = bytearray(index.read_bytes())
    content[-1] ^= 0xFF
    index.write_bytes(content)
    new_house.start()
    assert new_house.addresses("ome.tv") == ["0.0.0.0"]
    new_house.ask("childline.org.uk")
    index.unlink()
    assert new_house.addresses("www.ome.tv") == ["0.0.0.0"], "the mapped one stays in force"
    new_house.stop()
    for file in _written_about_people(new_house):
        assert b"childline" not in file.read_bytes(), file


def _written_about_people(house: House) -> list[Path]:
    """The files of the state folder but for those that hold what the lists themselves say."""
    state = house.folder / "state"
    return [
        file for file in state.rglob("*") if file.is_file() and state / "lists" not in file.parents
    ]


def test_no_file_holds_a_helpline_that_was_asked_for(new_house: House) -> None:
    new_house.start()
    for source in ("127.0.0.11", "127.0.0.13", "127.0.0.99"):
        for rdtype in ("A", "AAAA", "HTTPS"):
            new_house.ask("www.childline.org.uk", rdtype, source=source)
            new_house.ask("childline.org.uk", rdtype, source=source, tcp=True)
            new_house.ask("childline.org.uk.lan", rdtype, source=source)
            new_house.ask("childline.org.uk.school.example", rdtype, source=source)
        new_house.ask("school.example", source=source)
    new_house.stop()
    contents = {file: file.read_bytes() for file in _written_about_people(new_house)}
    assert any(b"school.example" in content for content in contents.values()), "the log works"
    for file, content in contents.items():
        assert b"childline" not in content.lower(), file


def test_a_damaged_query_log_does_not_keep_the_house_from_starting(new_house: House) -> None:
    new_house.start()
    new_house.stop()
    (new_house.folder / "state" / "log.db").write_bytes(os.urandom(9000))
    new_house.start()
    new_house.wait_for("query log was damaged")
    assert new_house.addresses("ome.tv") == ["0.0.0.0"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_house_starts_on_a_full_disk_and_the_log_waits_for_room(new_house: House) -> None:
    state = new_house.folder / "state"
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(state)], check=True)
    try:
        new_house.start()
        family = psutil.Process(new_house.process.pid).children()
        new_house.kill()
        psutil.wait_procs(family, timeout=5)
        fill(state / "filler")
        new_house.start()
        new_house.wait_for("the disk is full")
        assert new_house.addresses("ome.tv") == ["0.0.0.0"]
        assert new_house.addresses("school.example") == ["192.0.2.10"]
        wait_until(lambda: ask_dns(state / "control.sock", "status")["log_problem"])
        assert not (state / "log.db.damaged").exists()
        (state / "filler").unlink()
        wait_until(lambda: not ask_dns(state / "control.sock", "status")["log_problem"], 30)
        new_house.stop()
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)


def test_version_says_which_core_runs() -> None:
    printed = subprocess.run([*FILTERD, "--version"], capture_output=True, text=True, check=True)
    assert f"core: {CORE}" in printed.stdout
    assert ("slower" in printed.stdout) == (CORE == "python")


def test_an_edited_list_is_in_force_after_a_hangup_and_after_a_restart(new_house: House) -> None:
    mine = new_house.folder / "mine.txt"
    mine.write_text("casino.example\n")
    text = new_house.config.read_text()
    new_house.config.write_text(
        text.replace("  profiles:", "    mine: {category: adult, file: mine.txt}\n  profiles:", 1)
    )
    new_house.start()
    assert new_house.addresses("games.example") == ["192.0.2.20"]
    mine.write_text("casino.example\ngames.example\n")
    new_house.process.send_signal(signal.SIGHUP)
    wait_until(lambda: new_house.addresses("games.example") == ["0.0.0.0"])
    mine.write_text("casino.example\n")
    new_house.stop()
    new_house.start()
    wait_until(lambda: new_house.addresses("games.example") == ["192.0.2.20"], 15)
