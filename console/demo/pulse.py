"""Waking the streams: one beat for all of them."""

from __future__ import annotations

import asyncio

BEAT_S = 0.1
"""How late a stream may tell of what happened: an operator does not see a tenth of a second."""


class Pulse:
    """Beats in real time while somebody listens; what happened is asked of the injected clock each time."""

    def __init__(self) -> None:
        self._listeners = 0
        self._beat = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def next(self) -> None:
        """Return at the next beat."""
        self._listeners += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            await self._beat.wait()
        finally:
            self._listeners -= 1

    async def _run(self) -> None:
        # A stream listens again within its turn after each beat; nobody there then means that no stream is open.
        while True:
            await asyncio.sleep(BEAT_S)
            if not self._listeners:
                self._task = None
                return
            beat, self._beat = self._beat, asyncio.Event()
            beat.set()

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
