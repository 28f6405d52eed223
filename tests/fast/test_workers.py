"""Several workers are one server: what one asks an upstream, no other asks too."""

import asyncio
import time
from typing import Any

import dns.message
import pytest

from filterd.resolve.upstreams import Upstream

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


def test_an_answer_that_cannot_be_kept_is_pythons_for_all_workers_at_once(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy(), workers=3) as running:
            await ask_all(fast, running, "first.example")
            running.upstream.asked.clear()
            running.upstream.zone["new.example"] = ["new.example. 0 IN A 192.0.2.9"]
            running.upstream.wait_s = 0.1
            replies = await ask_all(fast, running, "new.example")
            assert all(dns.message.from_wire(reply).answer for reply in replies)
            assert len(running.upstream.asked) <= 2, "once by the core, once by Python"
            running.upstream.asked.clear()
            assert dns.message.from_wire(
                await fast.ask(running.port, fast.query("new.example"))
            ).answer
            assert running.upstream.asked == ["new.example"], "no worker tries it again so soon"

    asyncio.run(main())


def test_a_slow_leader_is_overtaken_by_who_follows(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy(), workers=3) as running:
            await ask_all(fast, running, "first.example")
            running.upstream.asked.clear()
            running.upstream.is_silent = True
            asking = asyncio.create_task(ask_all(fast, running, "new.example"))
            async with asyncio.timeout(2):
                while len(running.upstream.asked) < 2:  # noqa: ASYNC110 (its second try is lost too)
                    await asyncio.sleep(0.01)
            running.upstream.is_silent = False
            replies = await asking
            assert all(dns.message.from_wire(reply).answer for reply in replies)

    asyncio.run(main())


def test_waiting_for_a_slow_upstream_beside_one_that_refuses_costs_nothing(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy(), workers=2) as running:
            await ask_all(fast, running, "first.example")
            nobody = fast.bound("127.0.0.1")  # is heard no more, so the kernel refuses for it
            refusing = Upstream(*nobody.getsockname())
            nobody.close()
            running.server.upstreams.replace([running.upstream.at, refusing])
            policy = fast.policy(version=2)
            running.server.replace_policy(policy)
            running.front.replace_policy(policy)
            await ask_all(fast, running, "second.example")
            running.upstream.is_silent = True
            before = time.process_time()
            reply = await fast.ask(running.port, fast.query("new.example"))
            assert reply[3] & 0x0F == 2
            assert time.process_time() - before < 0.2, "it does not look again and again"

    asyncio.run(main())
