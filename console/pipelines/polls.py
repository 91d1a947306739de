"""One poll of GitHub into facts: repository, workflows, runs, jobs. What fails is said of the repository, the rest goes on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from console.errors import SourceError
from console.pipelines import records
from console.pipelines.client import Client
from console.pipelines.limits import Governor
from console.pipelines.model import Job, Repository, Run, Workflow, activity, kept_runs, run_key, under_way
from console.pipelines.refusals import Refusal
from console.pipelines.schedule import (
    FACTS_S,
    JITTER,
    OTHERS,
    OTHERS_S,
    Poll,
    Schedule,
    after_failure_s,
    interval_s,
    jobs_interval_s,
    tier_of,
)
from console.pipelines.watched import Trouble, Watched
from console.world.feed import Context

OUTAGE = 3
"""Failures in a row, whatever the repository, after which GitHub itself counts as gone."""
RUNS_WITH_JOBS = 300
"""Runs of which jobs are kept; those read longest ago go first."""
SETTLE_S = 600.0
"""How long after the end of a run its jobs may still be told as running."""
RANK = {"hot": 1, "warm": 2, "cold": 3}


@dataclass
class _Jobs:
    """What is known of the jobs of a run."""

    at: float = float("-inf")
    """When they were last read, by the monotonic clock."""
    seen: tuple[int, str, str] | None = None
    """Attempt, status and conclusion of the run that they were read for; None where they must be read again."""
    not_before: float = float("-inf")
    count: int = 0


class Polls:
    """The polls of one session. `fatal` is set when something failed that concerns all of GitHub."""

    def __init__(
        self,
        source: str,
        watched: dict[str, Watched],
        context: Context,
        *,
        client: Client,
        governor: Governor,
        chance: Callable[[], float],
    ) -> None:
        self.schedule = Schedule()
        self.fatal: BaseException | None = None
        self.waiting = set(watched)
        """Repositories whose runs have not been asked for yet."""
        self.notes: dict[str, str] = {}
        """What is not as the settings want it, by repository."""
        self._source = source
        self._watched = watched
        self._world = context.world
        self._interest = context.interest
        self._clock = context.clock
        self._client = client
        self._governor = governor
        self._chance = chance
        self._outage: list[str] = []
        """The repositories whose polls failed since the last that succeeded."""
        self._flying: set[Poll] = set()
        self._jobs: OrderedDict[Poll, _Jobs] = OrderedDict()

    def plan(self, start_s: float) -> None:
        """Plan the first look at everything, evenly: runs first, then the rest."""
        now = self._clock.monotonic()
        for at, one in enumerate(self._watched.values()):
            self.schedule.put(Poll("runs", one.asked), now + at * start_s, rank=2)
            later = now + (len(self._watched) + 2 * at) * start_s
            self.schedule.put(Poll("repository", one.asked), later, rank=4)
            self.schedule.put(Poll("workflows", one.asked), later + start_s, rank=4)

    async def do(self, poll: Poll) -> None:
        """Ask once, take the answer in, and plan the next time. Never raises but to be cancelled."""
        one = self._watched[poll.repository]
        self._flying.add(poll)
        try:
            if poll.kind == "runs":
                await self._runs(one)
            elif poll.kind == "repository":
                await self._repository(one)
            elif poll.kind == "workflows":
                await self._workflows(one)
            else:
                await self._read_jobs(one, poll)
        except SourceError as error:
            self._failed(one, poll, error)
        else:
            self._outage.clear()
            if poll.kind != "jobs":
                one.troubles.pop(poll.kind, None)
                self._again(one, poll)
        finally:
            self._flying.discard(poll)
        if poll.kind == "runs":
            self.waiting.discard(poll.repository)
        self._show(one)

    # -- facts -------------------------------------------------------------------------------------------------

    async def _repository(self, one: Watched) -> None:
        answer = await self._client.repository(one.name, held="repository" in one.held)
        one.held.add("repository")
        if answer.value is not None:
            record = records.repository_of(one.asked, self._source, answer.value, tier=one.tier)
            one.archived = record.archived
            one.renamed(record.full_name)
            self._world.put(record)

    async def _workflows(self, one: Watched) -> None:
        answer = await self._client.workflows(one.name, held="workflows" in one.held)
        one.held.add("workflows")
        if answer.value is not None:
            found = [records.workflow_of(one.asked, workflow) for workflow in answer.value]
            self._world.replace("workflows", found, scope=lambda record: _of(record, one.asked))

    async def _runs(self, one: Watched) -> None:
        answer = await self._client.runs(one.name, held="runs" in one.held)
        one.held.add("runs")
        if answer.moved:
            self.schedule.sooner(Poll("repository", one.asked), self._clock.monotonic(), rank=4)
        known = list(one.runs.values())
        if answer.value is None:
            # Nothing new, but a day may have passed.
            kept = kept_runs((), known, self._clock.now())
        else:
            page = [records.run_of(one.asked, run) for run in answer.value.workflow_runs]
            kept = kept_runs(known, page, self._clock.now())
        if answer.value is not None or len(kept) != len(known):
            one.runs = {run.id: run for run in kept}
            self._world.replace("runs", kept, scope=lambda record: _of(record, one.asked))
        one.tier = tier_of(one.runs.values(), self._clock.now())

    async def _read_jobs(self, one: Watched, poll: Poll) -> None:
        run = one.runs.get(f"{one.asked}/{poll.run_id}")
        state = self._jobs.setdefault(poll, _Jobs())
        looked = f"{one.asked}/{poll.run_id}" in self._interest.wanted("jobs")
        answer = await self._client.jobs(
            one.name,
            poll.run_id,
            attempt=poll.attempt,
            held=state.at > float("-inf"),
            urgent=looked or bool(poll.attempt),
        )
        now = self._clock.monotonic()
        state.at = now
        state.seen = _signature(run)
        if answer.value is not None:
            jobs = [records.job_of(one.asked, job) for job in answer.value]
            state.count = len(jobs)
            self._keep_jobs(one, poll, jobs)
            just_ended = run and run.status == "completed" and self._clock.now() - activity(run) < SETTLE_S
            if just_ended and any(job.status != "completed" for job in jobs):
                state.seen, state.not_before = None, now + OTHERS_S
        self._jobs.move_to_end(poll)
        self._forget_jobs()

    def _keep_jobs(self, one: Watched, poll: Poll, jobs: list[Job]) -> None:
        run = f"{one.asked}/{poll.run_id}"
        if poll.attempt:
            self._world.replace(
                "jobs", jobs, scope=lambda job: isinstance(job, Job) and job.run == run and job.attempt == poll.attempt
            )
            return
        # Attempts that somebody looks at are facts of their own.
        apart = {p.attempt for p in self._jobs if p.attempt and (p.repository, p.run_id) == (one.asked, poll.run_id)}
        apart -= {job.attempt for job in jobs}
        self._world.replace(
            "jobs", jobs, scope=lambda job: isinstance(job, Job) and job.run == run and job.attempt not in apart
        )

    def _forget_jobs(self) -> None:
        if len(self._jobs) <= RUNS_WITH_JOBS:
            return
        wanted = self._wanted_jobs(1.0)
        for poll in list(self._jobs):
            if len(self._jobs) <= RUNS_WITH_JOBS:
                return
            if poll in self._flying or poll in wanted:
                continue
            del self._jobs[poll]
            run = f"{poll.repository}/{poll.run_id}"
            self._world.replace(
                "jobs",
                [],
                scope=lambda job, run=run, attempt=poll.attempt: (
                    isinstance(job, Job)  # type: ignore[misc]  # bound in the loop
                    and job.run == run
                    and attempt in (0, job.attempt)
                ),
            )

    # -- what next ---------------------------------------------------------------------------------------------

    def plan_jobs(self) -> None:
        """Plan the jobs that are wanted now, and drop those that nobody wants any more."""
        now = self._clock.monotonic()
        stretch = self._governor.stretch(now)
        wanted = self._wanted_jobs(stretch)
        for poll in self.schedule.planned("jobs"):
            if poll not in wanted:
                self.schedule.drop(poll)
        for poll, (every, rank) in wanted.items():
            if poll in self._flying:
                continue
            state = self._jobs.get(poll, _Jobs())
            self.schedule.sooner(poll, max(now, state.at + every, state.not_before), rank=rank)

    def _wanted_jobs(self, stretch: float) -> dict[Poll, tuple[float, int]]:
        """The jobs to read, every how many seconds (0: once more, now), and their rank."""
        wanted: dict[Poll, tuple[float, int]] = {}
        calm = [one for one in self._watched.values() if one.tier == "hot" and not one.troubles]
        running = [run for one in calm for run in one.runs.values() if under_way(run)]
        running.sort(key=activity, reverse=True)
        others = jobs_interval_s(looked=False, stretch=stretch)
        if others is not None:
            wanted |= {Poll("jobs", run.repository, run.run_id): (others, 6) for run in running[:OTHERS]}
        for poll, state in self._jobs.items():
            # A run whose jobs are shown has ended: they are read a last time.
            run = self._run(poll)
            if run is not None and not under_way(run) and not poll.attempt and state.seen != _signature(run):
                wanted[poll] = (0.0, 5)
        for text in self._interest.wanted("jobs"):
            key = run_key(text)
            if key is None or key[0] not in self._watched:
                continue
            poll = Poll("jobs", *key)
            run = self._run(poll)
            if run is not None and run.status != "completed" and poll.attempt in (0, run.attempt):
                wanted[poll] = (jobs_interval_s(looked=True, stretch=stretch) or OTHERS_S, 0)
            elif poll not in self._jobs or self._jobs[poll].seen != _signature(run):
                wanted[poll] = (0.0, 0)
        return wanted

    def _run(self, poll: Poll) -> Run | None:
        return self._watched[poll.repository].runs.get(f"{poll.repository}/{poll.run_id}")

    def _again(self, one: Watched, poll: Poll) -> None:
        now = self._clock.monotonic()
        if poll.kind == "runs":
            after = interval_s(one.tier, self._governor.stretch(now), self._chance())
            self.schedule.put(poll, now + after, rank=RANK[one.tier])
        else:
            # `sooner`: an answer that was sent on may have planned it meanwhile.
            after = FACTS_S * (1.0 + JITTER * (2.0 * self._chance() - 1.0))
            self.schedule.sooner(poll, now + after, rank=4)

    def _failed(self, one: Watched, poll: Poll, error: SourceError) -> None:
        now = self._clock.monotonic()
        status = error.status if isinstance(error, Refusal) else 0
        if status == 401:
            self.fatal = error
            return
        if error.kind == "limited":
            # Not the repository's fault; the governor knows when it may be asked again.
            after = max(error.retry_after_s or 0.0, self._governor.paused_s(now), 1.0)
            self._put_off(poll, now, after * (1.0 + JITTER * self._chance()))
            return
        if status == 0 or status >= 500:
            self._outage.append(one.asked)
            # A time-out and a 5xx may be one repository's own; a connection that fails is everybody's.
            several = len(set(self._outage)) >= min(OUTAGE, len(self._watched))
            if len(self._outage) >= OUTAGE and (several or error.kind in ("unreachable", "tls")):
                self.fatal = error
        if poll.kind == "jobs":
            self._put_off(poll, now, after_failure_s(0 if status < 400 else status, 3, self._chance()))
            if not one.troubles:
                # The run may be gone: the list says so.
                self.schedule.sooner(Poll("runs", one.asked), now + 1.0, rank=RANK[one.tier])
            return
        old = one.troubles.get(poll.kind)
        failures = old.failures + 1 if old else 1
        one.troubles[poll.kind] = Trouble(error.message, error.hint, status, failures)
        self._put_off(poll, now, after_failure_s(status, failures, self._chance()))

    def _put_off(self, poll: Poll, now: float, after: float) -> None:
        if poll.kind == "jobs":
            state = self._jobs.setdefault(poll, _Jobs())
            state.not_before = now + after
        else:
            self.schedule.put(poll, now + after, rank=4)

    def _show(self, one: Watched) -> None:
        self.notes.pop(one.asked, None)
        if note := one.note():
            self.notes[one.asked] = note
        record = self._world.get(Repository, one.asked) or one.bare(self._source)
        problem = one.problem() or ("" if one.troubles or record.problem != "disabled by GitHub" else record.problem)
        self._world.put(msgspec.structs.replace(record, tier=one.tier, problem=problem))


def _of(record: Run | Workflow, repository: str) -> bool:
    return record.repository == repository


def _signature(run: Run | None) -> tuple[int, str, str]:
    return (run.attempt, run.status, run.conclusion) if run else (0, "", "")
