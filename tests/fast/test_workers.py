"""Several workers are one server: what one asks an upstream, no other asks too."""

import asyncio
from typing import Any

import dns.message
import pytest

CLIENTS = 40  # of as many ports, so each worker gets some


async def ask_all(fast: Any, running: Any, name: str) -> list[bytes]:
    return await asyncio.gather(
        *(fast.ask(running.port, fast.query(name, message_id=n)) for n in range(CLIENTS))
    )


def received(running: Any) -> list[int]:
    return [worker.count()["received"] for worker in running.front._workers]


def test_equal_misses_are_asked_once_by_all_workers_together(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy(), workers=3) as running:
            await ask_all(fast, running, "first.example")  # everybody is known now
            running.upstream.asked.clear()
            running.upstream.wait_s = 0.2
            before, passed = received(running), running.passed()
            replies = await ask_all(fast, running, "new.example")
            assert all(new > old for new, old in zip(received(running), before, strict=True))
            assert running.upstream.asked == ["new.example"]
            assert running.passed() == passed
            assert [reply[1] for reply in replies] == list(range(CLIENTS))
            assert {len(dns.message.from_wire(reply).answer) for reply in replies} == {1}

    asyncio.run(main())


def test_different_misses_do_not_wait_for_each_other(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy(), workers=3) as running:
            await ask_all(fast, running, "first.example")
            running.upstream.asked.clear()
            running.upstream.wait_s = 0.1
            names = [f"new{number}.example" for number in range(5)]
            answers = await asyncio.gather(*(ask_all(fast, running, name) for name in names))
            assert sorted(running.upstream.asked) == names
            assert all(reply[3] & 0x0F == 0 for replies in answers for reply in replies)

    asyncio.run(main())


@pytest.mark.parametrize("brings", ["nothing", "what is not proven"])
def test_who_follows_another_worker_is_answered_when_that_one_brings(
    fast: Any, brings: str
) -> None:
    async def main() -> None:
        async with fast.running(fast.policy(), workers=3) as running:
            await ask_all(fast, running, "first.example")
            if brings == "nothing":
                running.upstream.is_silent = True
            else:
                running.upstream.odd = lambda packet: packet[:2] + b"\x83\x80" + packet[4:]
            began = asyncio.get_running_loop().time()
            replies = await ask_all(fast, running, "new.example")
            took = asyncio.get_running_loop().time() - began
            assert {reply[3] & 0x0F for reply in replies} == {2}
            assert took < 4, "nobody waits twice"

    asyncio.run(main())


def test_a_slow_leader_is_overtaken_by_who_follows(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy(), workers=3) as running:
            await ask_all(fast, running, "first.example")
            running.upstream.asked.clear()
            running.upstream.is_silent = True
            asking = asyncio.create_task(ask_all(fast, running, "new.example"))
            async with asyncio.timeout(2):
                while "new.example" not in running.upstream.asked:  # noqa: ASYNC110 (it has no event)
                    await asyncio.sleep(0.01)
            running.upstream.is_silent = False
            replies = await asking
            assert all(dns.message.from_wire(reply).answer for reply in replies)

    asyncio.run(main())
