"""What the plain details say of their record: crumbs, state and sections. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from console.alerts.model import Silence
from console.fleet.model import Host, Image, Network, Volume
from console.monitoring.model import Rule, Target, rule_word, target_word
from console.shape import source_word
from console.ui.columns.alerts import matchers
from console.ui.columns.monitoring import rule_state
from console.ui.facts import Fact, Section
from console.ui.freshness import freshness
from console.ui.shown import ago, clock, duration, number
from console.words import StateWord
from console.world.model import Notice, Source


class Page(NamedTuple):
    crumbs: tuple[str, ...]
    word: StateWord
    text: str
    sections: Sequence[Section]


def when(at: float | None, now: float) -> str:
    """Both ways: `3m ago, 14:02:11 UTC`."""
    if at is None:
        return ""
    return f"{ago(now - at)} ago, {clock(at, now=now)}" if at <= now else f"in {ago(at - now)}, {clock(at, now=now)}"


def pairs(values: dict[str, str]) -> tuple[Fact, ...]:
    return tuple(Fact(name, value) for name, value in sorted(values.items()))


def source(record: Source, now: float) -> Page:
    """What fails, since when, why, what to do, and when it is tried next."""
    word = source_word(record)
    trouble = Section(
        "What fails",
        (
            Fact("why", record.error, word),
            Fact("do", record.hint),
            Fact("since", when(record.since, now)),
            Fact("failed tries", f"{record.failures} in a row" if record.failures else ""),
            Fact("next try", when(record.retry_at, now)),
        ),
    )
    missing = Section("What it cannot give", tuple(Fact("", note) for note in record.notes))
    facts = Section(
        "Facts",
        (
            Fact("state", record.state, word),
            Fact("age", freshness(record, now)),
            Fact("from", when(record.data_at, now)),
            Fact("in this state", when(record.since, now) if not record.error else ""),
            Fact("detail", record.detail),
        ),
    )
    sections = [trouble] if record.error else []
    if record.notes:
        sections.append(missing)
    return Page(("Sources", record.id), word, record.state, [*sections, facts])


def notice(record: Notice, now: float) -> Page:
    words: dict[str, StateWord] = {"error": "failed", "warning": "warning", "info": "ok"}
    word = words[record.level]
    section = Section(
        "",
        (
            Fact("what", record.message, word if word != "ok" else None),
            Fact("do", record.hint),
            Fact("since", when(record.since, now)),
        ),
    )
    return Page(("Notices", record.id), word, record.level, [section])


def host(record: Host, now: float) -> Page:  # noqa: ARG001  # all pages are called alike
    section = Section(
        "",
        (
            Fact("address", record.url),
            Fact("environment", record.environment),
            Fact("engine", f"{record.engine}, API {record.api}" if record.engine else ""),
            Fact("system", " ".join(part for part in (record.os, record.architecture) if part)),
            Fact("cpus", str(record.cpus or "")),
            Fact("memory", number(record.memory, "bytes") if record.memory else ""),
            Fact("containers", f"{record.running} running of {record.containers}"),
            Fact("images", str(record.images)),
            Fact("swarm", record.swarm),
            Fact("rootless", "yes" if record.rootless else ""),
        ),
    )
    return Page(("Fleet", "hosts", record.name), "ok", record.environment or "host", [section])


def image(record: Image, now: float) -> Page:
    facts = (
        Fact("host", record.host),
        Fact("size", number(record.size, "bytes")),
        Fact("built", when(record.created_at, now)),
        Fact("containers", str(record.containers)),
    )
    tags = Section("Tags", tuple(Fact("", tag) for tag in record.tags))
    digests = Section("Digests", tuple(Fact("", digest) for digest in record.digests))
    return Page(("Fleet", "images", record.tags[0] if record.tags else record.id), "ok", "in use" if record.containers else "unused",
                [Section("", facts), tags, digests])  # fmt: skip


def network(record: Network, now: float) -> Page:  # noqa: ARG001  # as above
    facts = (
        Fact("host", record.host),
        Fact("driver", record.driver),
        Fact("scope", record.scope),
        Fact("reaches out", "no" if record.internal else "yes"),
    )
    return Page(("Fleet", "networks", record.name), "ok", record.driver or "network", [Section("", facts)])


def volume(record: Volume, now: float) -> Page:
    facts = (
        Fact("host", record.host),
        Fact("driver", record.driver),
        Fact("where", record.mountpoint),
        Fact("made", when(record.created_at, now)),
        Fact("containers", str(record.containers)),
    )
    return Page(
        ("Fleet", "volumes", record.name), "ok", "in use" if record.containers else "unused", [Section("", facts)]
    )


def rule(record: Rule, now: float) -> Page:
    word = rule_word(record)
    facts = Section(
        "",
        (
            Fact("error", record.error, "failed"),
            Fact("expression", record.query),
            Fact("waits", duration(record.for_s) if record.for_s else ""),
            Fact("active since", when(record.active_since, now)),
            Fact("firing", str(record.firing or "")),
            Fact("pending", str(record.pending or "")),
            Fact("group", record.group),
            Fact("file", record.file),
            Fact("prometheus", record.source),
        ),
    )
    return Page(("Alerts", "rules", record.name), word, rule_state(record),
                [facts, Section("Labels", pairs(record.labels)), Section("Annotations", pairs(record.annotations))])  # fmt: skip


def target(record: Target, now: float) -> Page:  # noqa: ARG001  # as above
    facts = Section(
        "",
        (
            Fact("why", record.error, "failed"),
            Fact("address", record.url),
            Fact("job", record.job),
            Fact("pool", record.pool),
            Fact("scraped every", duration(record.interval_s) if record.interval_s else ""),
            Fact("prometheus", record.source),
        ),
    )
    return Page(("Alerts", "targets", record.instance or record.url), target_word(record), record.health,
                [facts, Section("Labels", pairs(record.labels))])  # fmt: skip


def silence(record: Silence, now: float) -> Page:
    words: dict[str, StateWord] = {
        "active": "waiting",
        "pending": "queued",
        "expired": "cancelled",
        "unknown": "unknown",
    }
    facts = Section(
        "",
        (
            Fact("because", record.comment),
            Fact("by", record.created_by),
            Fact("begins", when(record.starts_at, now)),
            Fact("ends", when(record.ends_at, now)),
            Fact("cluster", record.cluster),
        ),
    )
    return Page(("Alerts", "silences", matchers(record)), words[record.state], record.state,
                [facts, Section("Silences", tuple(Fact("", str(matcher)) for matcher in record.matchers))])  # fmt: skip
