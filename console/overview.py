"""Is it all right, and what is wrong: one answer for the verb, and for whoever asks a script. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Protocol, TypeVar

from msgspec import Struct

from console.alerts.model import Alert
from console.fleet.model import Container
from console.monitoring.model import Rule, Target
from console.pipelines.model import Repository, Run
from console.shape import source_word, word
from console.words import SEVERITY, StateWord
from console.world.model import Agent, Notice, Record, Source, age_s

R = TypeVar("R", bound=Record)
DAY_S = 86_400.0
QUIET = frozenset({"none", "info", "low"})
"""Severities that need nobody now: a watchdog that always fires, a note (R31: info and low are SEV5)."""


class Holder(Protocol):
    """Anything that has the world's records: the world or a replica of it."""

    def all(self, kind: type[R]) -> list[R]: ...


class Wrong(Struct, frozen=True):
    """Something that needs a person."""

    word: StateWord
    topic: str
    id: str
    what: str
    why: str
    since: float | None = None


class Count(Struct, frozen=True):
    topic: str
    words: tuple[tuple[StateWord, int], ...]


class Freshness(Struct, frozen=True):
    id: str
    word: StateWord
    text: str
    age_s: float | None


class Overview(Struct, frozen=True):
    organisation: str
    mode: str
    version: str
    demo: bool
    wrong: tuple[Wrong, ...]
    """Worst first, then newest first."""
    counts: tuple[Count, ...]
    sources: tuple[Freshness, ...]


def overview(world: Holder, now: float) -> Overview:
    agent = next(iter(world.all(Agent)), None)
    return Overview(
        agent.organisation if agent else "",
        agent.mode if agent else "",
        agent.version if agent else "",
        bool(agent and agent.demo),
        wrong(world, now),
        tuple(_count(kind, world.all(kind)) for kind in (Run, Container, Alert, Target, Rule) if world.all(kind)),
        tuple(freshness(s, now) for s in sorted(world.all(Source), key=lambda s: s.id)),
    )


def wrong(world: Holder, now: float) -> tuple[Wrong, ...]:
    """Everything that needs a person, worst first and newest first within that."""
    found = [
        Wrong("failed" if n.level == "error" else "warning", n.topic, n.id, n.message, n.hint, n.since)
        for n in world.all(Notice)
        if n.level != "info"
    ]
    found += [
        Wrong(source_word(s), s.topic, s.id, s.id, s.error or "; ".join(s.notes), s.since)
        for s in world.all(Source)
        if s.state in ("failed", "degraded")
    ]
    found += [_alert(a) for a in world.all(Alert) if a.state == "firing" and a.severity.lower() not in QUIET]
    for container in world.all(Container):
        if word(container) == "failed":
            why = (
                f"{container.state}{' (out of memory)' if container.oom_killed else ''}"
                if container.state != "running"
                else "unhealthy"
            )
            found.append(
                Wrong(
                    "failed",
                    container.topic,
                    container.id,
                    f"{container.host}/{container.name}",
                    why,
                    container.finished_at or container.started_at,
                )
            )
    for run in newest_runs(world.all(Run)):
        if word(run) == "failed" and now - (run.updated_at or 0.0) < DAY_S:
            found.append(
                Wrong(
                    "failed",
                    run.topic,
                    run.id,
                    f"{run.repository} {run.workflow} #{run.number}",
                    f"{run.conclusion} on {run.branch}",
                    run.updated_at,
                )
            )
    found += [
        Wrong("failed", t.topic, t.id, f"target {t.job} {t.instance}", t.error, None)
        for t in world.all(Target)
        if t.health == "down"
    ]
    found += [
        Wrong("failed", r.topic, r.id, f"rule {r.name}", r.error, None) for r in world.all(Rule) if r.health == "err"
    ]
    found += [Wrong("warning", r.topic, r.id, r.id, r.problem, None) for r in world.all(Repository) if r.problem]
    return tuple(sorted(found, key=lambda w: (SEVERITY[w.word], -(w.since or 0.0), w.id)))


def newest_runs(runs: list[Run]) -> list[Run]:
    """The newest run of each workflow on each branch: an older failure that was mended since is history."""
    newest: dict[tuple[str, int, str], Run] = {}
    for run in runs:
        key = (run.repository, run.workflow_id, run.branch)
        if key not in newest or run.run_id > newest[key].run_id:
            newest[key] = run
    return list(newest.values())


def _alert(alert: Alert) -> Wrong:
    what = f"{alert.severity + ' ' if alert.severity else ''}{alert.name}"
    why = alert.annotations.get("summary") or alert.annotations.get("description") or alert.labels.get("instance", "")
    return Wrong(word(alert) or "failed", alert.topic, alert.id, what, why, alert.starts_at)


def _count(kind: type[R], records: list[R]) -> Count:
    words = Counter(w for r in records if (w := word(r)) is not None)
    return Count(kind.topic, tuple(sorted(words.items(), key=lambda item: SEVERITY[item[0]])))


def freshness(source: Source, now: float) -> Freshness:
    age = age_s(source, now)
    if source.state in ("ok", "degraded") and source.data_at is None:
        text = "live" if source.fresh_s == 0 else f"at most {source.fresh_s:.0f} s old"
    elif age is None:
        text = source.error or source.state
    else:
        text = f"{age:.0f} s old: {source.error or source.state}"
    if source.notes:
        text += f"; {len(source.notes)} {'thing' if len(source.notes) == 1 else 'things'} it cannot give: {source.notes[0]}"
    return Freshness(source.id, source_word(source), f"{text}  {source.detail}".rstrip(), age)
