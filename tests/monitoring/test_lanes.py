"""A slow query never keeps a quick one waiting, and the server is never asked too much at once (R45)."""

from __future__ import annotations

import asyncio

import pytest

from console.monitoring.lanes import Lanes


class Server:
    """Counts what is under way; slow queries end when they are let go."""

    def __init__(self) -> None:
        self.under_way = 0
        self.most = 0
        self.asked = 0
        self.let_go = asyncio.Event()

    async def quick(self) -> str:
        return await self._count(asyncio.sleep(0))

    async def slow(self) -> str:
        return await self._count(self.let_go.wait())

    async def _count(self, wait) -> str:
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await wait
        finally:
            self.under_way -= 1
        return "answer"


@pytest.mark.parametrize("slow_ones", [1, 10, 100])
async def test_500_quick_queries_are_answered_while_slow_ones_hang(slow_ones):
    lanes, server = Lanes(grace_s=0.02), Server()
    slow = [asyncio.ensure_future(lanes.run(server.slow, slow=False)) for _ in range(slow_ones)]
    quick = [lanes.run(server.quick, slow=False) for _ in range(500)]
    async with asyncio.timeout(5):
        assert await asyncio.gather(*quick) == ["answer"] * 500
    assert not any(task.done() for task in slow)
    assert server.most <= 16
    server.let_go.set()
    async with asyncio.timeout(5):
        assert await asyncio.gather(*slow) == ["answer"] * slow_ones
    assert server.under_way == 0


async def test_known_slow_ones_leave_room_for_quick_ones():
    lanes, server = Lanes(), Server()
    slow = [asyncio.ensure_future(lanes.run(server.slow, slow=True)) for _ in range(50)]
    async with asyncio.timeout(1):
        await lanes.run(server.quick, slow=False)
    assert server.most == 11
    server.let_go.set()
    await asyncio.gather(*slow)


async def test_an_error_and_a_cancellation_free_the_lane():
    lanes, server = Lanes(most=1, most_slow=1, grace_s=0.01), Server()

    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await lanes.run(fail, slow=False)
    for slow in (False, True):
        task = asyncio.ensure_future(lanes.run(server.slow, slow=slow))
        waiting = asyncio.ensure_future(lanes.run(server.slow, slow=slow))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
        task.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)
        assert server.under_way == 0
    async with asyncio.timeout(1):
        assert await lanes.run(server.quick, slow=False) == "answer"


async def test_one_given_up_in_the_quick_lane_is_asked_again_in_the_slow_one():
    lanes, server = Lanes(most=2, most_slow=1, grace_s=0.01), Server()
    first = asyncio.ensure_future(lanes.run(server.slow, slow=False))
    second = asyncio.ensure_future(lanes.run(server.slow, slow=False))
    async with asyncio.timeout(5):
        while server.under_way != 1 or server.asked < 2:
            await asyncio.sleep(0.001)
        assert await lanes.run(server.quick, slow=False) == "answer"
        server.let_go.set()
        assert await asyncio.gather(first, second) == ["answer", "answer"]
