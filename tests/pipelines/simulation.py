"""An hour or more of GitHub for many repositories, by a clock that is moved: how much is asked, how soon is it seen.

Numbers of requests and seconds of the simulated clock, so that they do not depend on the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import math
import random
from typing import Any

from msgspec import Struct

from console.moment import moment
from console.pipelines.limits import Governor
from console.pipelines.model import Run
from console.pipelines.source import GitHubFeed
from console.settings.model import GitHub
from console.world.feed import Context
from console.world.interest import Interest
from console.world.report import Report
from console.world.world import World
from tests.clock import FakeClock
from tests.pipelines.github import FakeGitHub, FakeRepo

WARM = 60
"""Repositories with a run of the last day, of 200."""
JOBS = 6
DAY_S = 86_400.0


class Token(Struct, frozen=True):
    value: str = "ghp_one"
    where: str = "a test"


class Result(Struct, frozen=True):
    charged: int
    """Requests that counted against the hourly limit, in the hour with most of them (the first, which reads all)."""
    requests: int
    """All of them, in that hour."""
    seen_p95_s: float
    """From a change of a run under way until the world has it."""
    seen_most_s: float = 0.0
    new_p95_s: float = 0.0
    """From the start of a run in a repository where nothing ran until the world has it."""
    minute: int = 0
    """Requests in the busiest minute; GitHub's secondary limit is 900."""
    changes: int = 0
    hours: tuple[tuple[int, int], ...] = ()
    """(charged, requests) of each hour."""


class Shelf:
    """A shelf in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load(self) -> dict[str, bytes]:
        return dict(self.kept)

    def save(self, key: str, value: bytes | None) -> None:
        if value is None:
            self.kept.pop(key, None)
        else:
            self.kept[key] = value


class _Company:
    """Runs that start, change and end, as many as `running` at a time."""

    def __init__(self, github: FakeGitHub, dice: random.Random, interest: Interest) -> None:
        self.github = github
        self.dice = dice
        self.interest = interest
        self.unseen: dict[str, list[tuple[float, float, bool]]] = {}
        """Of each run: (updated_at, when it changed, whether it was new)."""
        self._due: list[tuple[float, int, Any]] = []
        self._order = itertools.count()

    def at(self, when: float, what: Any) -> None:
        heapq.heappush(self._due, (when, next(self._order), what))

    def next_due(self) -> float:
        return self._due[0][0] if self._due else math.inf

    def step(self) -> None:
        heapq.heappop(self._due)[2]()

    def start(self, slot: int) -> None:
        quiet = [r for r in self.github.repos.values() if not r.runs or r.runs[0]["status"] == "completed"]
        repo = self.dice.choice(quiet[:WARM])
        now = self.github.clock.now()
        run = self.github.run(repo, status="queued")
        self._changed(repo, run, new=True)
        if slot == 0:
            # An operator looks at one of them, all the time.
            self.interest.look("screen", [("jobs", f"{repo.name}/{run['id']}")])
        jobs = [self.github.job(repo, run, status="queued") for _ in range(JOBS)]
        at = now + self.dice.uniform(5, 30)
        for job in jobs:
            self.at(at, lambda job=job: self._job(repo, run, job, status="in_progress"))
            end = at + self.dice.uniform(30, 180)
            step = at + 8
            while step < end:
                self.at(step, lambda: self.github.touch_jobs(repo, run))
                step += self.dice.uniform(5, 15)
            self.at(end, lambda job=job: self._job(repo, run, job, status="completed", conclusion="success"))
            at = at + self.dice.uniform(0, end - at)
        self.at(end + 2, lambda: self._end(repo, run, slot))

    def _job(self, repo: FakeRepo, run: dict[str, Any], job: dict[str, Any], **facts: Any) -> None:
        job.update(facts)
        self.github.touch_jobs(repo, run)
        self.github.change(repo, run, status="in_progress")
        self._changed(repo, run, new=False)

    def _end(self, repo: FakeRepo, run: dict[str, Any], slot: int) -> None:
        for job in repo.jobs[run["id"]]:
            job.update(status="completed", conclusion="success")
        self.github.change(repo, run, status="completed", conclusion="success")
        self._changed(repo, run, new=False)
        self.start(slot)

    def _changed(self, repo: FakeRepo, run: dict[str, Any], *, new: bool) -> None:
        at = moment(run["updated_at"])
        assert at is not None
        self.unseen.setdefault(f"{repo.name}/{run['id']}", []).append((at, self.github.clock.now(), new))


async def simulate(repositories: int = 200, running: int = 5, hours: float = 1.0, seed: int = 7) -> Result:
    """Poll `repositories` for `hours` with `running` runs under way all the time, one of them looked at."""
    dice = random.Random(seed)
    clock = FakeClock()
    github = FakeGitHub(clock, latency_s=0.1)
    interest = Interest()
    company = _Company(github, dice, interest)
    for number in range(repositories):
        repo = github.repo(f"acme/service-{number}")
        warm = number < WARM * repositories // 200
        for age in range(3):
            old = clock.now() - (DAY_S * dice.uniform(0.05, 0.5) if warm else DAY_S * dice.uniform(2, 30)) - age
            github.run(repo, at=old, status="completed", conclusion="success")
    for slot in range(running):
        company.start(slot)
    world = World(clock)
    delays: dict[bool, list[float]] = {True: [], False: []}

    def seen(record: object, topic: str, record_id: str) -> None:
        if not isinstance(record, Run) or record_id not in company.unseen:
            return
        for at, changed, new in company.unseen[record_id]:
            if at <= (record.updated_at or 0.0):
                delays[new].append(clock.now() - changed)
        company.unseen[record_id] = [x for x in company.unseen[record_id] if x[0] > (record.updated_at or 0.0)]

    world.listen(seen)
    shelf = Shelf()

    async def secret(_: str) -> str:
        return "ghp_one"

    async def token(_: GitHub) -> Token:
        return Token()

    settings = GitHub(name="github", repositories=tuple(github.repos))
    feed = GitHubFeed(
        settings,
        Context(world, interest, clock, lambda _: shelf, secret),
        token=token,
        transport=github,
        governor=Governor(),
        chance=dice.random,
    )
    began = clock.now()
    task = asyncio.create_task(feed.run(Report(world, clock, feed.name)))
    totals: list[tuple[int, int]] = []
    try:
        for hour in range(1, max(1, round(hours)) + 1):
            charged, asked = github.charged, len(github.asked)
            end = began + hours * 3600.0 * hour / max(1, round(hours))
            while company.next_due() < end:
                await clock.advance(max(0.0, company.next_due() - clock.now()))
                company.step()
            await clock.advance(end - clock.now())
            if task.done():
                task.result()
            totals.append((github.charged - charged, len(github.asked) - asked))
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    # The first look at everything is no change that was seen late.
    return Result(
        charged=max(total[0] for total in totals),
        requests=max(total[1] for total in totals),
        seen_p95_s=round(_quantile(delays[False], 0.95), 1),
        seen_most_s=round(max(delays[False], default=0.0), 1),
        new_p95_s=round(_quantile(delays[True], 0.95), 1),
        minute=_busiest([asked.at for asked in github.asked], 60.0),
        changes=len(delays[False]),
        hours=tuple(totals),
    )


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _busiest(times: list[float], window_s: float) -> int:
    most = begin = 0
    for end, at in enumerate(times):
        while times[begin] <= at - window_s:
            begin += 1
        most = max(most, end - begin + 1)
    return most
