"""The gate that every request to GitHub goes through: it waits where the limits say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from console.clock import Clock
from console.errors import SourceError
from console.pipelines.limits import CONCURRENT, Governor

PATIENCE_S = 30.0
"""The longest a request waits at the gate; a longer pause is told to who asked, who comes back."""


class Gate:
    def __init__(self, governor: Governor, clock: Clock, *, concurrent: int = CONCURRENT) -> None:
        self.governor = governor
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrent)

    @asynccontextmanager
    async def admit(self, *, points: int = 1, urgent: bool = False) -> AsyncIterator[None]:
        """Let one request through once the limits allow it. Within it, `governor.answered` or `lost` is called once.

        Raises SourceError (limited, with retry_after_s) where that is further away than PATIENCE_S.
        """
        while True:
            async with self._slots:
                wait = self.governor.wait_s(self._clock.monotonic(), points=points, urgent=urgent)
                if wait <= 0.0:
                    self.governor.started(self._clock.monotonic(), points)
                    yield
                    return
            if wait > PATIENCE_S:
                raise SourceError(
                    f"GitHub is not asked for another {wait:.0f} s: {self.governor.reason or 'its limit is used'}.",
                    "Nothing to do: it goes on by itself. Other tools with the same token share its limit.",
                    kind="limited",
                    retry_after_s=wait,
                )
            # A sum of clock readings may miss the moment by a rounding error.
            await self._clock.sleep(max(wait, 0.01))
