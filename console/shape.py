"""A record as an operator filters and reads it: its own fields, and the ones worked out at `now`. Pure."""

from __future__ import annotations

import msgspec

from console.alerts.model import Alert, Silence, alert_word
from console.fleet.model import Container, Image, Volume, container_word
from console.monitoring.model import Rule, Target, rule_word, target_word
from console.pipelines.model import Job, Repository, Run, Workflow, run_word, seconds_taken
from console.words import StateWord
from console.world.model import Record, Source

_SOURCE_WORDS: dict[str, StateWord] = {
    "starting": "queued",
    "ok": "ok",
    "degraded": "warning",
    "failed": "stale",
    "off": "cancelled",
}


def word(record: Record) -> StateWord | None:
    """The screen's word for the state of a record; None for a record that has no state."""
    match record:
        case Container():
            return container_word(record)
        case Run() | Job():
            return run_word(record.status, record.conclusion)
        case Alert():
            return alert_word(record)
        case Rule():
            return rule_word(record)
        case Target():
            return target_word(record)
        case Repository():
            return "failed" if record.problem else "ok"
        case Silence():
            return {"active": "waiting", "pending": "queued", "expired": "cancelled"}.get(record.state, "unknown")  # type: ignore[return-value]  # literals
        case Source():
            return source_word(record)
    return None


def source_word(source: Source) -> StateWord:
    """A source that failed and has facts is stale; one that never had any has failed."""
    if source.state == "failed" and source.data_at is None:
        return "failed"
    return _SOURCE_WORDS[source.state]


def fields(record: Record, now: float) -> dict[str, object]:
    """Every field of `record` by name, and `word`, `age` (s since it began), `took` (s) where they mean something."""
    shape: dict[str, object] = msgspec.structs.asdict(record)
    if (state := word(record)) is not None:
        shape["word"] = state
        # One name for all that a person may call a state: exited, failed, unhealthy; failure, completed; firing.
        shape["state"] = tuple(dict.fromkeys(filter(None, (label(record), state, *_own_states(record)))))
    began = _began(record)
    if began is not None:
        shape["age"] = max(0.0, now - began)
    match record:
        case Run() | Job() | Workflow():
            shape["repo"] = record.repository
    match record:
        case Run():
            ended = record.updated_at if record.status == "completed" else None
            shape["took"] = seconds_taken(record.started_at, ended, now)
        case Job():
            shape["took"] = seconds_taken(record.started_at, record.completed_at, now)
        case Container() if record.state == "running":
            shape["up"] = seconds_taken(record.started_at, None, now)
    return shape


def label(record: Record) -> str:
    """The state as a person reads it beside its glyph: the record's own word where it has one, else the common one."""
    match record:
        case Container() if record.state == "running" and record.health in ("unhealthy", "starting"):
            return record.health
        case Container() | Alert() | Silence() | Source():
            return record.state
        case Rule():
            return "in error" if record.health == "err" else record.state or record.health
        case Target():
            return record.health
    return word(record) or ""


def _own_states(record: Record) -> tuple[str, ...]:
    match record:
        case Run() | Job():
            return (record.status, record.conclusion)
        case Container():
            return (record.state, record.health)
        case Alert() | Rule() | Silence() | Source():
            return (record.state,)
        case Target():
            return (record.health,)
    return ()


WORKED_OUT = frozenset({"word", "state", "repo", "age", "took", "up"})
"""Names that `fields` adds to a record's own, where they mean something for it."""


def field_names(kind: type[Record]) -> frozenset[str]:
    """Every name that a filter on records of `kind` may use."""
    return frozenset(f.name for f in msgspec.structs.fields(kind)) | WORKED_OUT


def _began(record: Record) -> float | None:
    match record:
        case Run() | Container() | Image() | Volume():
            return record.created_at
        case Job() | Silence():
            return record.started_at if isinstance(record, Job) else record.starts_at
        case Alert():
            return record.starts_at
        case Rule():
            return record.active_since
        case Source():
            return record.since
    return None
