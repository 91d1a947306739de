"""What needs a person now, worked out from single records. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from msgspec import Struct

from console.alerts.model import Alert, alert_word
from console.fleet.model import Container, container_word
from console.monitoring.model import Rule, Target
from console.pipelines.model import Run, run_word
from console.shown import duration
from console.words import SEVERITY, StateWord
from console.world.model import Notice, Record, Source

R = TypeVar("R", bound=Record)

ASKING: tuple[type[Record], ...] = (Notice, Source, Alert, Container, Target, Rule)
"""The kinds of record that ask by themselves; runs ask together."""
RECENT_S = 24 * 3600.0
"""A run that failed longer ago than a day was seen by somebody or matters to nobody."""


QUIET = frozenset({"none", "info", "low"})
"""Severities that need nobody now: a watchdog that always fires, a note (R31: info and low are SEV5)."""


class Need(Struct, frozen=True):
    """One thing that wants looking at. Opening it opens its record."""

    topic: str
    record_id: str
    word: StateWord
    kind: str
    """What it is, in one word: run, container, alert, source."""
    what: str
    why: str
    since: float | None
    """When it began, seconds since 1970; None where nobody knows."""

    @property
    def id(self) -> str:
        return f"{self.topic}:{self.record_id}"

    @property
    def rank(self) -> tuple[int, float]:
        """Worst first, then newest first."""
        return (SEVERITY[self.word], -(self.since or 0.0))


def need_of(record: Record) -> Need | None:
    """What a record asks of a person by itself; None where nothing. Runs depend on each other: see `runs_needing`."""
    match record:
        case Notice() if record.level != "info":
            word: StateWord = "failed" if record.level == "error" else "warning"
            return Need("notices", record.id, word, "notice", record.message, record.hint, record.since)
        case Source() if record.state == "failed":
            return Need("sources", record.id, "failed", "source", record.id, record.error, record.since)
        case Source() if record.state == "degraded":
            why = record.error or "; ".join(record.notes)
            return Need("sources", record.id, "warning", "source", record.id, why, record.since)
        case Alert() if record.state in ("firing", "missing") and record.severity.lower() not in QUIET:
            why = record.why if record.state == "missing" else summary(record)
            return Need("alerts", record.id, alert_word(record), "alert", record.name, why, record.since)
        case Container() if container_word(record) == "failed":
            where = f"{record.name} on {record.host}"
            at = record.finished_at if record.state in ("exited", "dead") else record.started_at
            return Need("containers", record.id, "failed", "container", where, container_trouble(record), at)
        case Target() if record.health == "down":
            what = record.instance or record.url
            return Need("targets", record.id, "failed", "target", what, record.error or "cannot be scraped", None)
        case Rule() if record.health == "err":
            return Need("rules", record.id, "failed", "rule", record.name, record.error or "cannot be evaluated", None)
    return None


class Holder(Protocol):
    """Anything that has the world's records: the world itself, or a replica of it."""

    def all(self, kind: type[R]) -> list[R]: ...


def needs(world: Holder, now: float) -> list[Need]:
    """Everything that needs a person, worst first and newest first within that."""
    found = [need for kind in ASKING for record in world.all(kind) if (need := need_of(record)) is not None]
    return sorted(found + runs_needing(world.all(Run), now), key=lambda need: (*need.rank, need.id))


def runs_needing(runs: Iterable[Run], now: float) -> list[Need]:
    """The newest run of each workflow and branch, where it failed within a day or waits for somebody."""
    newest: dict[tuple[str, object, str], Run] = {}
    for run in runs:
        line = (run.repository, run.workflow_id or run.workflow, run.branch)
        other = newest.get(line)
        if other is None or (run.created_at or 0.0, run.run_id) > (other.created_at or 0.0, other.run_id):
            newest[line] = run
    found = []
    for run in newest.values():
        word = run_word(run.status, run.conclusion)
        at = run.updated_at or run.created_at
        recent = at is None or now - at < RECENT_S
        if word == "waiting" or (word == "failed" and recent):
            name = run.repository.rpartition("/")[2]
            why = run.title if word == "failed" else f"waits for a person: {run.title}"
            found.append(Need("runs", run.id, word, "run", f"{name} {run.workflow} {run.branch}", why, at))
    return found


def summary(alert: Alert) -> str:
    """The one line that says what an alert is about."""
    for name in ("summary", "description", "message"):
        if text := alert.annotations.get(name):
            return text
    return ", ".join(f"{k}={v}" for k, v in alert.labels.items() if k not in ("alertname", "severity"))


def container_trouble(container: Container) -> str:
    """Why a container is not well, in a few words."""
    if container.state == "running":
        return container.health_log or container.health
    if container.oom_killed:
        return "killed: out of memory"
    if container.state == "restarting":
        return f"restarting, {container.restarts} times so far"
    ran = ""
    if container.started_at is not None and container.finished_at is not None:
        ran = f" after {duration(container.finished_at - container.started_at)}"
    return (
        f"{container.state} with code {container.exit_code}{ran}"
        if container.exit_code is not None
        else container.state
    )
