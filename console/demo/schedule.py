"""Things that happen at a time: the simulation's only engine. Pure.

What the company looks like depends on the seed and on the time alone, not on how often it is asked: every change is an
entry with a time of its own, carried out in the order of those times.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from random import Random

Happening = Callable[[float], None]
"""Called with the time it was planned for, which may be before the time asked about."""


class Schedule:
    def __init__(self, start: float) -> None:
        self.now = start
        """Seconds since 1970; everything planned until then has happened."""
        self.version = 0
        """Rises with each thing that happened: what was worked out at the same version still holds."""
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Happening]] = []

    def at(self, when: float, do: Happening) -> None:
        heapq.heappush(self._heap, (when, next(self._order), do))

    def every(self, rng: Random, mean_s: float, do: Happening, *, start: float) -> None:
        """Let `do` happen again and again, about `mean_s` apart and never closer than a third of that."""

        def again(when: float) -> None:
            do(when)
            self.at(when + mean_s * rng.uniform(0.34, 1.66), again)

        self.at(start + mean_s * rng.random(), again)

    def advance(self, until: float) -> None:
        """Let everything happen that is planned until then. A time that lies back changes nothing."""
        while self._heap and self._heap[0][0] <= until:
            when, _, do = heapq.heappop(self._heap)
            self.now = max(self.now, when)
            self.version += 1
            do(when)
        self.now = max(self.now, until)
