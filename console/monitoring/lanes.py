"""Who may ask now: a slow query never keeps a quick one waiting, and the server is never asked too much at once (R45)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

MOST = 16
"""Queries under way at once: Prometheus itself runs 20 (--query.max-concurrency), and others ask it too."""
MOST_SLOW = 10
"""Slow ones among them: the rest is always there for quick ones."""
GRACE_S = 0.5
"""After so long a query counts as slow: a quick one takes milliseconds, and a screen still feels alive."""


class Lanes:
    """Lets queries through. A query that turns out slow moves to the slow lane; where that is full it is given up and
    asked again there, so that whatever the slow ones do, a quick one waits for `GRACE_S` at most.
    """

    def __init__(self, most: int = MOST, most_slow: int = MOST_SLOW, grace_s: float = GRACE_S) -> None:
        self._most = most
        self._most_slow = most_slow
        self._grace_s = grace_s
        self._quick = 0
        self._slow = 0
        self._quick_waiters: deque[asyncio.Future[None]] = deque()
        self._slow_waiters: deque[asyncio.Future[None]] = deque()

    async def run(self, ask: Callable[[], Awaitable[T]], *, slow: bool) -> T:
        """What `ask()` gives; called again where it was given up. `slow`: it was so the last time."""
        if not slow:
            await self._enter(slow=False)
            task = asyncio.ensure_future(ask())
            moved = False
            try:
                done, _ = await asyncio.wait({task}, timeout=self._grace_s)
                if done:
                    return task.result()
                if self._slow < self._most_slow:
                    self._quick -= 1
                    self._slow += 1
                    moved = True
                    self._grant()
                    return await task
            finally:
                # Nobody else asks how it ended.
                if not task.done():
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
                self._leave(slow=moved)
        await self._enter(slow=True)
        try:
            return await ask()
        finally:
            self._leave(slow=True)

    async def _enter(self, *, slow: bool) -> None:
        waiters = self._slow_waiters if slow else self._quick_waiters
        waiter = asyncio.get_running_loop().create_future()
        waiters.append(waiter)
        self._grant()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._leave(slow=slow)
            raise

    def _leave(self, *, slow: bool) -> None:
        if slow:
            self._slow -= 1
        else:
            self._quick -= 1
        self._grant()

    def _grant(self) -> None:
        while self._quick + self._slow < self._most:
            if waiter := _next(self._quick_waiters):
                self._quick += 1
            elif self._slow < self._most_slow and (waiter := _next(self._slow_waiters)):
                self._slow += 1
            else:
                return
            waiter.set_result(None)


def _next(waiters: deque[asyncio.Future[None]]) -> asyncio.Future[None] | None:
    while waiters:
        waiter = waiters.popleft()
        if not waiter.done():
            return waiter
    return None
