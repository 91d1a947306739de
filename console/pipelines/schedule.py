"""What is asked for when. Pure: times are handed in, and so is chance.

Figures: 200 repositories, 5 of them hot and 60 warm, are 215 reads a minute, a quarter of GitHub's 900.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from console.pipelines.model import Run, activity, under_way

Tier = Literal["hot", "warm", "cold"]

TIERS: dict[Tier, float] = {"hot": 10.0, "warm": 30.0, "cold": 120.0}
"""Seconds between two looks at a repository's runs: with one under way, with one of the last day, with neither."""
WARM_S = 86_400.0
HOT_S = 6 * 3600.0
"""A run under way of which nothing was heard for so long does not keep its repository hot: GitHub ends jobs after 6 h."""
FACTS_S = 3600.0
"""Between two looks at a repository's own facts and its workflows."""
BROKEN_S = 600.0
"""Between two looks at a repository that is gone or closed to us."""
STUMBLE_S = 300.0
"""The longest between two looks at a repository that answers with errors."""
JITTER = 0.1
START_S = 0.12
"""Between the first looks at two repositories: 200 of them take 24 s."""
LOOKED_S = 5.0
"""Between two looks at the jobs of a run under way that somebody looks at; doubled when the budget is short."""
OTHERS_S = 30.0
"""The same for a run under way that nobody looks at; the first thing dropped when the budget is short."""
OTHERS = 40
"""Runs under way of which jobs are read though nobody looks."""


class Poll(Struct, frozen=True):
    """One thing to ask for."""

    kind: Literal["repository", "workflows", "runs", "jobs"]
    repository: str
    run_id: int = 0
    attempt: int = 0
    """0: the newest."""


def tier_of(runs: Iterable[Run], now: float) -> Tier:
    tier: Tier = "cold"
    for run in runs:
        quiet_s = now - activity(run)
        if under_way(run) and quiet_s <= HOT_S:
            return "hot"
        if quiet_s <= WARM_S:
            tier = "warm"
    return tier


def interval_s(tier: Tier, stretch: float, chance: float) -> float:
    """Seconds until the next look, spread by a tenth to both sides. `chance` is in [0, 1)."""
    return TIERS[tier] * stretch * (1.0 + JITTER * (2.0 * chance - 1.0))


def fresh_s(tiers: Iterable[Tier], stretch: float) -> float:
    """How old facts may be, in seconds, with repositories in these tiers."""
    return max((TIERS[tier] for tier in tiers), default=0.0) * stretch * (1.0 + JITTER)


def after_failure_s(status: int, failures: int, chance: float) -> float:
    """Seconds until a repository that failed is asked again. `status` is HTTP's; 0 where there was no answer."""
    base = BROKEN_S if status in (403, 404, 410, 451) else min(STUMBLE_S, 10.0 * 2.0 ** min(failures - 1, 10))
    return base * (1.0 + JITTER * (2.0 * chance - 1.0))


def jobs_interval_s(*, looked: bool, stretch: float) -> float | None:
    """Seconds between two looks at the jobs of a run under way; None for not at all."""
    if looked:
        return LOOKED_S if stretch <= 1.5 else 2.0 * LOOKED_S
    return OTHERS_S if stretch <= 1.5 else None


class Schedule:
    """Which poll is due when. One that has been taken is not scheduled until it is put again."""

    def __init__(self) -> None:
        self._due: dict[Poll, float] = {}
        self._rank: dict[Poll, int] = {}
        self._heap: list[tuple[float, int, Poll]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._due)

    def put(self, poll: Poll, at: float, *, rank: int = 5) -> None:
        """Ask at `at`, whatever was planned before. Of those that are due the lowest `rank` goes first."""
        self._due[poll] = at
        self._rank[poll] = rank
        heapq.heappush(self._heap, (at, next(self._order), poll))

    def sooner(self, poll: Poll, at: float, *, rank: int = 5) -> None:
        """Ask at `at`, or earlier where that was planned."""
        if self._due.get(poll, at + 1.0) > at:
            self.put(poll, at, rank=rank)

    def drop(self, poll: Poll) -> None:
        self._due.pop(poll, None)
        self._rank.pop(poll, None)

    def planned(self, kind: str) -> list[Poll]:
        return [poll for poll in self._due if poll.kind == kind]

    def take(self, now: float, most: int, *, worst: int = 9) -> list[Poll]:
        """At most `most` of the polls that are due and of rank `worst` or better, by rank and then by time due."""
        due: list[tuple[float, int, Poll]] = []
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            if self._due.get(entry[2]) == entry[0]:
                due.append(entry)
        # Several entries of one poll at one moment are one poll.
        unique = {entry[2]: entry for entry in due}
        ordered = sorted(unique.values(), key=lambda entry: (self._rank[entry[2]], entry[0], entry[1]))
        taken = [entry for entry in ordered if self._rank[entry[2]] <= worst][: max(0, most)]
        for entry in taken:
            self.drop(entry[2])
        for entry in ordered:
            if entry[2] in self._due:
                heapq.heappush(self._heap, entry)
        return [entry[2] for entry in taken]

    def next_due(self) -> float | None:
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
