"""The DNS process goes on answering while it opens what is new."""

import asyncio
import threading

import pytest

from filterd.service.child import Spec
from filterd.service.dns import DnsProcess


@pytest.fixture
def spec(layout, store) -> Spec:
    nowhere = dict.fromkeys(
        ("udp", "tcp", "page", "dns_endpoints", "page_addresses", "page_names"), ()
    )
    return Spec(str(layout.state), str(layout.base), "", -1, ask_from=("127.0.0.0/8",), **nowhere)


def test_a_policy_that_takes_long_to_open_keeps_nobody_waiting(spec, store, document, now) -> None:
    async def ask_meanwhile() -> None:
        process = DnsProcess(spec)
        is_opening, go_on = threading.Event(), threading.Event()
        opened = process._current.refresh

        def open_slowly():
            is_opening.set()
            assert go_on.wait(30)
            return opened()

        process._current.refresh = open_slowly
        other = document.model_copy(update={"lists": {}})
        store.save(other, based_on=1, author="t", reason="t", now=now)
        reloading = asyncio.create_task(process._refresh())
        assert await asyncio.to_thread(is_opening.wait, 30)
        assert process._policy.version == 1
        assert not reloading.done()
        go_on.set()
        await reloading
        assert process._policy.version == 2, "whoever asked for it hears when it is in force"

    asyncio.run(ask_meanwhile())
