"""The company as a whole: who pushes, what is released, what goes wrong and how it is mended. Pure.

One story carries the demo: a bad version is deployed, its errors rise, an alert fires, a container falls ill and another
is killed, somebody rolls back, all is clear. Between the stories ordinary work goes on.
"""

from __future__ import annotations

from functools import partial
from random import Random

from msgspec import Struct

from console.demo.alarms import EVALUATION_S, Alarms
from console.demo.forge import Forge
from console.demo.hosts import Fleet
from console.demo.names import PEOPLE, SERVICES, Service, host_names, version_text
from console.demo.runs import Job, Repository, Run
from console.demo.schedule import Schedule
from console.demo.signals import Outage, Signals, Trouble

HISTORY_S = 12 * 3600.0
"""How much of the past is simulated before the demo opens: what fills a list of runs."""
RECENT_S = 1_800.0
"""How much of the past has alerts judged and stories told."""
_STORY_SERVICES = ("checkout", "search", "cart", "billing")


class Release(Struct):
    """What a release run carries."""

    service: str
    version: tuple[int, int, int]
    bad: bool = False
    before: tuple[int, int, int] = (0, 0, 0)
    """What ran in production when it was rolled out there: where a roll-back goes."""


class Company:
    """`advance(now)` and then read: `forge`, `fleet`, `alarms`, `signals`.

    The same seed, sizes and start give the same company at the same time, however often it was advanced.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        start: float,
        repos: int = 24,
        hosts: int = 3,
        containers: int = 40,
        alerts: int | None = None,
    ) -> None:
        rng = Random(f"{seed}/company")
        self.seed = seed
        self.start = start
        self._rng = rng
        self._schedule = Schedule(start - HISTORY_S)
        self.signals = Signals(seed)
        self.fleet = Fleet(Random(f"{seed}/fleet"), self._schedule, host_names(hosts), containers, start - HISTORY_S)
        self.forge = Forge(Random(f"{seed}/forge"), self._schedule, repos)
        # A few alerts are always there; the rest of a number asked for are shards.
        self.alarms = Alarms(Random(f"{seed}/alarms"), self.signals, self.fleet, max(0, (alerts or 0) - 5), start)
        self.versions = {s.name: s.version for s in SERVICES}
        self._releases: dict[int, Release] = {}
        self._in_production = dict(self.versions)
        self.forge.on_step.append(self._rolled_out)
        self._plan()
        self._schedule.advance(start)

    @property
    def now(self) -> float:
        return self._schedule.now

    @property
    def version(self) -> int:
        return self._schedule.version

    def advance(self, now: float) -> None:
        self._schedule.advance(now)

    # The ordinary day

    def _plan(self) -> None:
        begin, start, rng = self._schedule.now, self.start, self._rng
        # The night before is quieter than the half hour that somebody watches.
        at = begin
        while at < start - RECENT_S:
            self._schedule.at(at, self._push)
            at += rng.expovariate(1 / 110)
        self._schedule.every(rng, 45, self._push, start=start - RECENT_S)
        self._schedule.every(rng, 300, self._nightly, start=start - RECENT_S)
        for index, repository in enumerate(self.forge.repositories.values()):
            # Every repository has something to show, also where there are hundreds of them.
            self._schedule.at(begin + index, partial(self._ci, repository))
        self._schedule.every(rng, 150, self._break_main, start=begin)
        self._schedule.every(rng, 95, self._health_blip, start=start - RECENT_S)
        self._schedule.every(rng, 420, self.fleet.run_once, start=start - RECENT_S)
        self._schedule.every(rng, 600, self._target_down, start=start - RECENT_S)
        self._schedule.every(rng, 500, self._replica_behind, start=start - RECENT_S)
        self._schedule.every(rng, 8, self.alarms.churn, start=start)
        self._schedule.at(start - RECENT_S, self._evaluate)
        self._schedule.at(start - RECENT_S + 60, self._story)
        self._schedule.at(start - 75, self._story)
        self._schedule.every(rng, 840, self._story, start=start + 500)

    def _evaluate(self, at: float) -> None:
        self.alarms.judge(at)
        self._schedule.at(at + EVALUATION_S, self._evaluate)

    def _repository(self) -> Repository:
        """The services are worked on most."""
        alive = [r for r in self.forge.repositories.values() if not (r.gone or r.archived)]
        busy = alive[:12] if self._rng.random() < 0.6 else alive
        return self._rng.choice(busy)

    def _push(self, at: float) -> None:
        if self.forge.repositories:
            self._ci(self._repository(), at)

    def _ci(self, repository: Repository, at: float) -> None:
        run = self.forge.push(repository, at)
        end = run.attempts[0].end
        if run.branch == "main" and run.status(end)[1] == "success" and repository.name in self.versions:
            self._schedule.at(end + 4, lambda t: self._release(repository.name, run, t))

    def _nightly(self, at: float) -> None:
        if self.forge.repositories:
            repository = self._repository()
            self.forge.run(repository, "Nightly", at, event="schedule", title="Nightly", actor="acme-bot", fails=0.1)

    def _break_main(self, at: float) -> None:
        """The default branch of one repository fails its tests for a while, then somebody mends it."""
        if self.forge.repositories and self._rng.random() < 0.1:
            self._repository().broken_until = at + self._rng.uniform(400, 1_500)

    def _release(self, service: str, built: Run, at: float, *, bad: bool = False) -> None:
        repository = self.forge.find(service)
        if repository is None or (not bad and self._in_trouble(service, at)):
            return
        major, minor, patch = self.versions[service]
        new = (major, minor, patch + 1)
        self.versions[service] = new
        title = f"Release {service} {version_text(new)}"
        run = self.forge.run(
            repository, "Release", at, event="workflow_run", title=title, actor=built.actor, sha=built.sha
        )
        self._releases[run.id] = Release(service, new, bad)
        asked = max(job.created for job in run.attempts[0].jobs)
        # Some approvals take hours: a few runs always wait.
        patience = 20.0 if bad else self._rng.choice((25.0, 25.0, 40.0, 60.0, 90.0, 150.0, 400.0, 5_400.0))
        who = self._rng.choice([p for p in PEOPLE if p != built.actor])
        self._schedule.at(asked + patience, lambda t: self._approve(run, t, who))

    def _approve(self, run: Run, at: float, who: str) -> None:
        release = self._releases[run.id]
        if release.version < self._in_production[release.service]:
            self.forge.reject(run, at, who, "A newer one is out")
        elif release.bad or not self._in_trouble(release.service, at):
            self.forge.approve(run, at, who, self._rng.choice(("", "LGTM", "Go.", "Staging looks good")))
        else:
            self._schedule.at(at + 120, lambda t: self._approve(run, t, who))

    def _in_trouble(self, service: str, at: float) -> bool:
        return any(t.service == service and t.start - 120 < at < t.until + 60 for t in self.signals.troubles)

    def _rolled_out(self, run: Run, job: Job, at: float) -> None:
        release = self._releases.get(run.id)
        if release is None:
            return
        environment = "staging" if job.name.endswith("staging") else "production"
        bad = release.bad and environment == "production"
        if environment == "production":
            release.before = self._in_production[release.service]
            self._in_production[release.service] = release.version
        done = self.fleet.deploy(release.service, environment, version_text(release.version), at, bad=bad)
        if bad:
            self._schedule.at((at + done) / 2, lambda t: self._goes_wrong(release, t))

    def _health_blip(self, at: float) -> None:
        """One check in a row fails, or three: the container is unhealthy for a moment."""
        every = [c for h in self.fleet.hosts.values() for c in h.containers.values() if c.health == "healthy"]
        if every:
            container = self._rng.choice(every)
            since = container.started
            self.fleet.set_health(container, "unhealthy", at)
            back = at + self._rng.uniform(12, 40)
            self._schedule.at(back, lambda t: self.fleet.set_health(container, "healthy", t, since=since))

    def _target_down(self, at: float) -> None:
        hosts = list(self.fleet.hosts)
        outage = Outage(f"{self._rng.choice(hosts)}:9100", at, at + self._rng.uniform(50, 140))
        self.signals.outages = [o for o in self.signals.outages if o.until > at - 86_400] + [outage]

    def _replica_behind(self, at: float) -> None:
        self.signals.lags = [*self.signals.lags[-50:], (at, at + self._rng.uniform(120, 260))]

    # The story

    def _story(self, at: float) -> None:
        """Somebody pushes a version that will fail in production only."""
        candidates = [s for s in _STORY_SERVICES if self.forge.find(s) and not self._in_trouble(s, at)]
        if not candidates or any(t.until > at for t in self.signals.troubles):
            return
        # The first stories are about checkout: it is the service that an operator knows at once.
        name = candidates[0] if at < self.start + 300 else self._rng.choice(candidates)
        repository = self.forge.repositories[name]
        author = self._rng.choice(PEOPLE)
        title = f"perf: one query less per request (#{self._rng.randint(200, 4000)})"
        run = self.forge.run(repository, "CI", at - 200, event="push", title=title, actor=author)
        self._release(name, run, at, bad=True)

    def _goes_wrong(self, release: Release, at: float) -> None:
        trouble = Trouble(release.service, at, errors=self._rng.uniform(0.09, 0.2), slowdown=self._rng.uniform(5, 9))
        self.signals.troubles = [t for t in self.signals.troubles if t.until > at - 7 * 86_400] + [trouble]
        sick = self.fleet.of_service(release.service, "production")
        if sick:
            ill, killed = sick[0], sick[-1]
            self._schedule.at(at + 35, lambda t: self._ill(ill.host, ill.name, t))
            for delay in (60, 115):
                self._schedule.at(at + delay, lambda t: self._oom(killed.host, killed.name, t))
        self._schedule.at(at + self._rng.uniform(160, 220), lambda t: self._roll_back(release, trouble, t))

    def _ill(self, host: str, name: str, at: float) -> None:
        self.fleet.set_health(self.fleet.hosts[host].containers[name], "unhealthy", at)

    def _oom(self, host: str, name: str, at: float) -> None:
        container = self.fleet.hosts[host].containers[name]
        if container.sick:
            self.fleet.kill_by_oom(container, at)

    def _roll_back(self, release: Release, trouble: Trouble, at: float) -> None:
        service = self.signals.service(release.service)
        who = self._on_call(service)
        repository = self.forge.repositories[service.name]
        title = f"Roll back {service.name} to {version_text(release.before)}"
        run = self.forge.run(repository, "Roll back", at, event="workflow_dispatch", title=title, actor=who)
        self._releases[run.id] = Release(service.name, release.before)
        rolled = next(s.start for s in run.attempts[0].jobs[0].steps if s.name == "Roll out")
        trouble.until = rolled + 15.0

    def _on_call(self, service: Service) -> str:
        return PEOPLE[sum(map(ord, service.team)) % len(PEOPLE)]
