"""The company's repositories and workflow runs: what GitHub would know of them. Pure.

A run is planned when it is created, except that a job which waits for an approval is planned when that comes; what it
looks like at a moment follows from the plan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from random import Random

from console.demo.names import LIBRARIES, PEOPLE, PREFIXES, SERVICES, SUBJECTS
from console.demo.runs import NEVER, Attempt, Job, Repository, Review, Run, Step, Workflow
from console.demo.schedule import Schedule

RUNS_KEPT = 150
"""Per repository; more than a console looks at, and it bounds the memory of a demo that is left running."""


def _steps(*middle: tuple[str, float]) -> tuple[tuple[str, float], ...]:
    return (
        ("Set up job", 2),
        ("Run actions/checkout@v4", 2),
        *middle,
        ("Post Run actions/checkout@v4", 1),
        ("Complete job", 1),
    )


_TEST = _steps(("Install", 22), ("Run tests", 95))
_CI = (
    (("lint", _steps(("Install", 14), ("Run linters", 19))), ("types", _steps(("Install", 14), ("Check types", 31)))),
    (("test (3.11, sqlite)", _TEST), ("test (3.12, sqlite)", _TEST), ("test (3.12, postgres)", _TEST)),
    (("build", _steps(("Build image", 48), ("Push image", 12))),),
)
_RELEASE = (
    (("build", _steps(("Build image", 30), ("Sign image", 4), ("Push image", 11))),),
    (("deploy staging", _steps(("Roll out", 16), ("Smoke test", 12))),),
    (("deploy production", _steps(("Roll out", 20), ("Watch error rate", 25))),),
)
_ROLLBACK = ((("roll back production", _steps(("Roll out", 12), ("Watch error rate", 10))),),)
_NIGHTLY = ((("audit dependencies", _steps(("Install", 18), ("Audit", 40))), ("scan", _steps(("Analyse", 150)))),)


class Forge:
    def __init__(self, rng: Random, schedule: Schedule, repositories: int) -> None:
        self._rng = rng
        self._schedule = schedule
        self.repositories: dict[str, Repository] = {}
        self.by_id: dict[int, Repository] = {}
        self.on_step: list[Callable[[Run, Job, float], None]] = []
        """Called when a deploying job has rolled out its version."""
        self._ids = 9_000_000_000
        names = [s.name for s in SERVICES] + list(LIBRARIES)
        names += [
            f"{a}-{b}"
            for b in ("tools", "api", "worker", "proxy", "docs", "tests", "jobs", "schema", "ui", "batch", "spec")
            for a in names[:20]
        ]
        while len(names) < repositories:
            names.append(f"archive-{len(names)}")
        services = {s.name: s.language for s in SERVICES}
        for index, name in enumerate(names[:repositories]):
            self._add(
                index, name, services.get(name, rng.choice(("Python", "Go", "TypeScript", "HCL"))), name in services
            )
        listed = list(self.repositories.values())
        if len(listed) > 3:
            listed[-1].gone = True
            listed[-2].old_name = f"old-{listed[-2].name}"
            listed[1].private = True

    def _add(self, index: int, name: str, language: str, service: bool) -> None:
        base = 70_000_000 + index * 10
        flows = [Workflow(base + 1, "CI", ".github/workflows/ci.yml", _CI)]
        if service:
            flows.append(Workflow(base + 2, "Release", ".github/workflows/release.yml", _RELEASE, "production"))
            flows.append(Workflow(base + 3, "Roll back", ".github/workflows/rollback.yml", _ROLLBACK))
        flows.append(Workflow(base + 4, "Nightly", ".github/workflows/nightly.yml", _NIGHTLY))
        repository = Repository(500_000_000 + index, name, language, tuple(flows), [])
        self.repositories[name] = repository
        self.by_id[repository.id] = repository

    def find(self, name: str) -> Repository | None:
        return self.repositories.get(name)

    def _id(self) -> int:
        self._ids += self._rng.randint(3, 60)
        return self._ids

    def push(self, repository: Repository, at: float) -> Run:
        """Somebody pushes: CI runs, on the default branch or for a pull request."""
        rng = self._rng
        main = rng.random() < 0.45
        subject = rng.choice(SUBJECTS)
        branch = "main" if main else f"{rng.choice(PREFIXES)}/{subject.split(' — ')[0].replace(' ', '-')[:28]}"
        event = "push" if main else "pull_request"
        title = f"{rng.choice(PREFIXES)}: {subject}" + (f" (#{rng.randint(200, 4000)})" if main else "")
        fails = 0.04 + (0.75 if main and at < repository.broken_until else 0.0)
        actor = rng.choice(PEOPLE)
        return self.run(repository, "CI", at, event=event, branch=branch, title=title, actor=actor, fails=fails)

    def run(
        self,
        repository: Repository,
        workflow: str,
        at: float,
        *,
        event: str,
        branch: str = "main",
        title: str,
        actor: str,
        fails: float = 0.0,
        sha: str = "",
    ) -> Run:
        flow = next(w for w in repository.workflows if w.name == workflow)
        # GitHub counts the runs of each workflow.
        number = repository.numbers[flow.id] = repository.numbers.get(flow.id, repository.id % 400) + 1
        run = Run(
            id=self._id(),
            repository=repository,
            workflow=flow,
            number=number,
            event=event,
            branch=branch,
            sha=sha
            or hashlib.sha1(f"{repository.name}{flow.id}{number}{at}".encode(), usedforsecurity=False).hexdigest(),
            title=title,
            actor=actor,
            created=at,
            attempts=[],
        )
        self._attempt(run, at, actor, fails)
        repository.runs.append(run)
        del repository.runs[:-RUNS_KEPT]
        repository.version += 1
        return run

    def _attempt(self, run: Run, at: float, actor: str, fails: float) -> None:
        rng = self._rng
        attempt = Attempt(len(run.attempts) + 1, at, actor, [], [])
        run.attempts.append(attempt)
        begin, waves = at, run.workflow.jobs
        broken = -1
        # A wave's number decides which jobs can fail: tests, seldom the others.
        if rng.random() < fails:
            broken = min(1, len(waves) - 1)
        for index, wave in enumerate(waves):
            if index > 0 and 0 <= broken < index:
                attempt.jobs += [Job(self._id(), name, begin, begin, begin, "skipped", []) for name, _ in wave]
                continue
            if run.workflow.environment and index == len(waves) - 1:
                for name, _ in wave:
                    attempt.jobs.append(
                        Job(self._id(), name, begin, NEVER, NEVER, "success", [], environment=run.workflow.environment)
                    )
                continue
            unlucky = rng.randrange(len(wave)) if index == broken else -1
            for position, (name, steps) in enumerate(wave):
                attempt.jobs.append(self._job(name, steps, begin, failed=position == unlucky))
            begin = max(job.end for job in attempt.jobs)
        if broken >= 0 and len(run.attempts) < 2 and rng.random() < 0.35:
            self._schedule.at(attempt.end + rng.uniform(50, 240), lambda t: self._again(run, t))
        self._follow(run)

    def _again(self, run: Run, at: float) -> None:
        self._attempt(run, at, self._rng.choice(PEOPLE), 0.15)
        run.repository.version += 1

    def _job(self, name: str, steps: tuple[tuple[str, float], ...], created: float, *, failed: bool) -> Job:
        rng = self._rng
        begin = at = created + rng.uniform(2, 11)
        done: list[Step] = []
        # The longest step is the one that does the work, so it is the one that fails.
        heart = max(range(len(steps)), key=lambda i: steps[i][1])
        for i, (title, mean) in enumerate(steps):
            after = failed and i > heart
            took = 0.0 if after and i < len(steps) - 1 else max(1.0, mean * rng.uniform(0.75, 1.35))
            word = "failure" if failed and i == heart else "skipped" if after and i < len(steps) - 1 else "success"
            done.append(Step(title, at, at + took, word))
            at += took
        runner = f"GitHub Actions {rng.randint(1, 400)}"
        return Job(self._id(), name, created, begin, at, "failure" if failed else "success", done, runner)

    def approve(self, run: Run, at: float, who: str, comment: str = "") -> bool:
        """Let the waiting job go; False where nothing waits."""
        job = run.waiting(at)
        if job is None:
            return False
        steps = dict(run.workflow.jobs[-1])[job.name]
        planned = self._job(job.name, steps, at, failed=False)
        job.start, job.end, job.steps, job.runner = planned.start, planned.end, planned.steps, planned.runner
        run.attempt(at).reviews.append(Review(at, job.environment, who, comment, "approved"))
        run.repository.version += 1
        self._follow(run)
        return True

    def reject(self, run: Run, at: float, who: str, comment: str = "") -> bool:
        """End the waiting job without running it; False where nothing waits."""
        job = run.waiting(at)
        if job is None:
            return False
        job.start = job.end = at
        job.conclusion = "failure"
        run.attempt(at).reviews.append(Review(at, job.environment, who, comment, "rejected"))
        run.repository.version += 1
        return True

    def _follow(self, run: Run) -> None:
        for job in run.attempts[-1].jobs:
            roll_out = next((s for s in job.steps if s.name == "Roll out"), None)
            if roll_out and job.start != NEVER and job.created >= self._followed(run):
                self._schedule.at(roll_out.start, partial(self._step_done, run, job))

    def _step_done(self, run: Run, job: Job, at: float) -> None:
        for listen in self.on_step:
            listen(run, job, at)

    @staticmethod
    def _followed(run: Run) -> float:
        """Jobs created before the newest review have been followed already."""
        reviews = run.attempts[-1].reviews
        return max((j.created for j in run.attempts[-1].jobs), default=0.0) if reviews else 0.0
