"""What a repository's runs are made of, and how they look at a moment. Pure."""

from __future__ import annotations

import bisect
import math

from msgspec import Struct

NEVER = math.inf


class Step(Struct):
    name: str
    start: float
    end: float
    conclusion: str = "success"


class Job(Struct):
    id: int
    name: str
    created: float
    start: float
    end: float
    conclusion: str
    steps: list[Step]
    runner: str = ""
    environment: str = ""
    """Set where it waits for an approval; `start` is then NEVER until that comes."""

    def status(self, now: float) -> str:
        if now >= self.end:
            return "completed"
        if now >= self.start:
            return "in_progress"
        return "waiting" if self.environment and self.start == NEVER else "queued"


class Review(Struct, frozen=True):
    at: float
    environment: str
    who: str
    comment: str
    state: str
    """approved or rejected."""


class Attempt(Struct):
    number: int
    start: float
    actor: str
    jobs: list[Job]
    reviews: list[Review]

    @property
    def end(self) -> float:
        return max((job.end for job in self.jobs), default=self.start)


class Run(Struct):
    id: int
    repository: Repository
    workflow: Workflow
    number: int
    event: str
    branch: str
    sha: str
    title: str
    actor: str
    created: float
    attempts: list[Attempt]

    def attempt(self, now: float) -> Attempt:
        return next((a for a in reversed(self.attempts) if a.start <= now), self.attempts[0])

    def updated(self, now: float) -> float:
        """When the run last changed: GitHub moves `updated_at` with its jobs."""
        times = [self.created]
        for attempt in self.attempts:
            times += [t for j in attempt.jobs for t in (j.created, j.start, j.end)] + [attempt.start]
        return max(t for t in times if t <= now)

    def status(self, now: float) -> tuple[str, str | None]:
        attempt = self.attempt(now)
        if now >= attempt.end:
            words = {job.conclusion for job in attempt.jobs}
            return "completed", next((w for w in ("failure", "cancelled") if w in words), "success")
        known = [job.status(now) for job in attempt.jobs if job.created <= now]
        if "in_progress" in known or ("completed" in known and "waiting" not in known):
            return "in_progress", None
        return ("waiting" if "waiting" in known else "queued"), None

    def waiting(self, now: float) -> Job | None:
        """The job that waits for an approval at this moment."""
        return next((j for j in self.attempt(now).jobs if j.created <= now and j.status(now) == "waiting"), None)


class Workflow(Struct, frozen=True):
    id: int
    name: str
    path: str
    jobs: tuple[tuple[tuple[str, tuple[tuple[str, float], ...]], ...], ...]
    """Waves of jobs; each job is a name and its steps with their mean seconds."""
    environment: str = ""
    """The last wave waits for it."""


class Repository(Struct):
    id: int
    name: str
    language: str
    workflows: tuple[Workflow, ...]
    runs: list[Run]
    """Oldest first."""
    private: bool = False
    archived: bool = False
    old_name: str = ""
    """What it was called before it was renamed; requests for that are redirected."""
    gone: bool = False
    numbers: dict[int, int] = {}
    """The newest run's number of each workflow."""
    version: int = 0
    """Rises when runs are added or plans change."""
    broken_until: float = 0.0
    """The default branch fails its tests until then."""
    planned: tuple[int, list[float]] = (-1, [])
    """Every moment at which something in the plans of the newest runs changes, sorted, and the version it is of."""

    def next_change(self, now: float) -> float:
        """The first moment after `now` at which an answer about it may differ, where nothing new is planned."""
        if self.planned[0] != self.version:
            times: set[float] = set()
            for run in self.runs[-40:]:
                for job in run.attempts[-1].jobs:
                    times.update((job.created, job.start, job.end))
                    times.update(step.start for step in job.steps)
            times.discard(NEVER)
            self.planned = (self.version, sorted(times))
        moments = self.planned[1]
        index = bisect.bisect_right(moments, now)
        return moments[index] if index < len(moments) else NEVER
