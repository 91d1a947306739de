"""What the tests of feeds share: a context on a world of their own, and waiting for a condition."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from console.clock import Clock
from console.settings.model import SecretRef
from console.world.feed import Context, Feed
from console.world.interest import Interest
from console.world.report import Report
from console.world.world import World


class MemoryShelf:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load(self) -> dict[str, bytes]:
        return dict(self.kept)

    def save(self, key: str, value: bytes | None) -> None:
        if value is None:
            self.kept.pop(key, None)
        else:
            self.kept[key] = value


class Room:
    """A world with one feed in it."""

    def __init__(self, clock: Clock, shelves: dict[str, MemoryShelf] | None = None) -> None:
        self.clock = clock
        self.world = World(clock)
        self.interest = Interest()
        self.shelves = shelves if shelves is not None else {}
        self.context = Context(self.world, self.interest, clock, self._shelf, self._secret)

    def report(self, feed: Feed) -> Report:
        return Report(self.world, self.clock, feed.name)

    @contextlib.asynccontextmanager
    async def running(self, feed: Feed):
        """Run a feed once, as the supervisor does between two failures; its task."""
        task = asyncio.create_task(feed.run(self.report(feed)))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _shelf(self, name: str) -> MemoryShelf:
        return self.shelves.setdefault(name, MemoryShelf())

    async def _secret(self, ref: SecretRef) -> str:
        return f"value of {ref}"


async def until(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Return once `condition()` holds."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        await asyncio.sleep(0.005)
