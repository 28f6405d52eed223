"""Children stand back for the one that answers, from their first step on."""

import os
import sys
import time
from pathlib import Path

import pytest

from filterd.service.child import Child, Spec, start_page, start_worker

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such values there")


def nice_of(child: Child) -> int:
    try:
        return os.getpriority(os.PRIO_PROCESS, child.process.pid)
    finally:
        child.process.kill()
        child.process.wait(20)
        child.close()


@pytest.mark.parametrize(
    ("job", "nice"),
    [("update", 19), ("begin", 0)],
    ids=["an update", "what a start waits for does not"],
)
def test_a_worker_stands_back_for_everybody(job: str, nice: int) -> None:
    assert nice_of(start_worker(job, "nowhere.yaml", time.monotonic())) == nice


def test_the_page_stands_back_for_dns_and_not_for_the_worker() -> None:
    nowhere = dict.fromkeys(
        ("udp", "tcp", "page", "dns_endpoints", "page_addresses", "ask_from", "page_names"), ()
    )
    with Path(os.devnull).open() as life:
        spec = Spec(state="", base="", config="", life=life.fileno(), **nowhere)
        assert nice_of(start_page(spec, time.monotonic())) == 10
