"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class FakeClock:
    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self._now = now
        self._mono = 1000.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._mono

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._mono + seconds, next(self._order), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, waking each sleeper in its order and letting it run until it sleeps again."""
        until = self._mono + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, woken = heapq.heappop(self._sleepers)
            self._now += at - self._mono
            self._mono = at
            if not woken.done():
                woken.set_result(None)
            await _settle()
        self._now += until - self._mono
        self._mono = until
        await _settle()


async def _settle() -> None:
    # A task woken by a future needs a few turns of the loop until it sleeps again.
    for _ in range(20):
        await asyncio.sleep(0)
