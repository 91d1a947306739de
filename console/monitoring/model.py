"""Prometheus in the world's words. Pure.

Source: prometheus.io/docs/prometheus/latest/querying/api. Sample values are floats; NaN and infinities are null on the
wire, since JSON has none.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from console.words import StateWord
from console.world.model import Record


class Panel(Record, frozen=True, kw_only=True):
    """A panel as the settings or a pack give it; the id is its name there."""

    topic: ClassVar[str] = "panels"

    source: str
    """The settings' name of the Prometheus."""
    title: str
    query: str
    unit: str = ""
    """s, ms, bytes, percent (0-100), ratio (0-1), per_second, count, or any short word."""
    group: str = ""
    kind: Literal["range", "instant"] = "range"
    range_s: float = 3600.0
    step_s: float = 0.0
    """0: chosen from the range and the scrape interval."""
    warn: float | None = None
    fail: float | None = None
    below: bool = False
    """Thresholds are lower bounds."""
    legend: str = ""
    """{{label}} templates, as in Grafana."""


class Line(Struct, frozen=True):
    """One line of a panel."""

    name: str
    """The legend, already filled in."""
    labels: dict[str, str]
    points: tuple[float | None, ...]
    """One for each step from start to end; None where there is no sample."""


class Series(Record, frozen=True, kw_only=True):
    """A panel's newest answer; kept while somebody looks. The id is PANEL, or PANEL@SECONDS for a range of its own."""

    topic: ClassVar[str] = "series"

    panel: str
    start: float = 0.0
    step_s: float = 0.0
    lines: tuple[Line, ...] = ()
    dropped: int = 0
    """Lines beyond the limit that are not kept."""
    warnings: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""
    at: float = 0.0
    """When it was answered; moves only with new samples."""


class Rule(Record, frozen=True, kw_only=True):
    """An alerting or recording rule; the id is SOURCE/FILE/GROUP/NAME/INDEX."""

    topic: ClassVar[str] = "rules"

    source: str
    group: str
    file: str = ""
    name: str = ""
    kind: Literal["alerting", "recording"] = "alerting"
    query: str = ""
    health: str = "unknown"
    """ok, err, unknown."""
    error: str = ""
    state: str = ""
    """inactive, pending, firing."""
    for_s: float = 0.0
    pending: int = 0
    firing: int = 0
    active_since: float | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Target(Record, frozen=True, kw_only=True):
    """A scrape target; the id is SOURCE/POOL/URL."""

    topic: ClassVar[str] = "targets"

    source: str
    pool: str
    job: str = ""
    instance: str = ""
    url: str = ""
    health: str = "unknown"
    """up, down, unknown."""
    error: str = ""
    interval_s: float = 0.0
    labels: dict[str, str] = {}


def rule_word(rule: Rule) -> StateWord:
    if rule.health == "err":
        return "failed"
    if rule.health == "unknown":
        return "unknown"
    return {"firing": "failed", "pending": "warning"}.get(rule.state, "ok")  # type: ignore[return-value]  # literals


def target_word(target: Target) -> StateWord:
    return {"up": "ok", "down": "failed"}.get(target.health, "unknown")  # type: ignore[return-value]  # literals


def level(value: float | None, warn: float | None, fail: float | None, *, below: bool) -> StateWord:
    """Where a value stands between its thresholds."""
    if value is None:
        return "unknown"
    for bound, word in ((fail, "failed"), (warn, "warning")):
        if bound is not None and (value <= bound if below else value >= bound):
            return word  # type: ignore[return-value]  # literals
    return "ok"
