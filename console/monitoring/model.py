"""Prometheus in the world's words. Pure.

Source: prometheus.io/docs/prometheus/latest/querying/api. Sample values are floats; NaN and infinities are null on the
wire, since JSON has none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
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
    source: str = ""
    """The settings' name of the Prometheus."""
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


class ActiveAlert(Struct, frozen=True):
    """One alert that a rule has pending or firing."""

    state: str
    """pending, firing."""
    labels: dict[str, str]
    active_since: float | None = None


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
    alerts: tuple[ActiveAlert, ...] = ()
    """The first 200 of them, firing ones first."""


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


POINTS = 240
"""Steps a graph has at most: a screen of 200 columns shows 400 braille dots, and two dots a point still make a line."""
DEFAULT_INTERVAL_S = 15.0
"""Where a server does not say how often it scrapes: the interval of Prometheus's own example configuration."""


def step_of(panel: Panel, range_s: float, interval_s: float) -> int:
    """Whole seconds between two points: never finer than the scrape interval, at most `POINTS` of them.

    Prometheus itself refuses more than 11,000 points a line.
    """
    return max(1, math.ceil(max(panel.step_s, interval_s, range_s / POINTS)))


def align(now: float, range_s: float, step_s: int) -> tuple[float, float]:
    """Start and end of a graph that ends at `now`, both multiples of the step: a point once drawn never moves."""
    end = math.floor(now / step_s) * step_s
    return float(end - math.ceil(range_s / step_s) * step_s), float(end)


def period_s(step_s: int, interval_s: float, kind: Literal["range", "instant"]) -> float:
    """How often a panel is asked: never faster than the scrape interval (R45), nor than a new point can appear."""
    return max(interval_s, float(step_s)) if kind == "range" else max(interval_s, 1.0)


def fill(samples: Sequence[tuple[float, float]], start: float, end: float, step_s: float) -> tuple[float | None, ...]:
    """Samples at their steps from start to end; None where there is none, or where it is no finite number."""
    points: list[float | None] = [None] * (round((end - start) / step_s) + 1)
    if not samples:
        return tuple(points)
    values = [value for _, value in samples]
    # Nearly every line has one sample a step without a gap: it is put in as a whole, at a tenth of the price.
    if math.isfinite(samples[0][0]) and math.isfinite(samples[-1][0]) and math.isfinite(sum(values)):
        first, final = round((samples[0][0] - start) / step_s), round((samples[-1][0] - start) / step_s)
        if first >= 0 and final < len(points) and final - first + 1 == len(samples):
            points[first : final + 1] = values
            return tuple(points)
    for at, value in samples:
        index = round((at - start) / step_s) if math.isfinite(at) else -1
        if 0 <= index < len(points) and math.isfinite(value):
            points[index] = value
    return tuple(points)


def downsample(points: Sequence[float | None], most: int) -> tuple[float | None, ...]:
    """At most `most` points that keep every peak: each stands for the value furthest from its neighbours' mean."""
    if most < 1 or len(points) <= most:
        return tuple(points)
    known = [p for p in points if p is not None]
    middle = math.fsum(known) / len(known) if known else 0.0
    kept: list[float | None] = []
    for index in range(most):
        part = points[index * len(points) // most : (index + 1) * len(points) // most]
        kept.append(max((p for p in part if p is not None), key=lambda p: abs(p - middle), default=None))
    return tuple(kept)


_FIELD = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


def legend(template: str, labels: Mapping[str, str]) -> str:
    """`template` with each {{label}} filled in; a label that a line lacks is empty."""
    return " ".join(_FIELD.sub(lambda m: labels.get(m[1], ""), template).split())


def names(template: str, lines: Sequence[Mapping[str, str]], title: str) -> tuple[str, ...]:
    """A name for each line. Without a template: the labels in which the lines differ, or the title where none does."""
    if template:
        return tuple(legend(template, labels) or title for labels in lines)
    keys = sorted({key for labels in lines for key in labels if key != "__name__"})
    telling = [key for key in keys if len({labels.get(key, "") for labels in lines}) > 1]
    if not telling:
        metrics = {labels.get("__name__", "") for labels in lines}
        return tuple(labels.get("__name__", title) if len(metrics) > 1 else title for labels in lines)
    if len(telling) == 1:
        return tuple(labels.get(telling[0], "") or "(none)" for labels in lines)
    return tuple(" ".join(f"{key}={labels[key]}" for key in telling if labels.get(key)) or title for labels in lines)


def last(points: Sequence[float | None]) -> float | None:
    """The newest sample there is."""
    return next((p for p in reversed(points) if p is not None), None)


_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0}


def seconds(text: str) -> float:
    """A duration as Prometheus writes it (1m30s) in seconds; 0 for what is none."""
    parts = list(_PART.finditer(text))
    if "".join(p[0] for p in parts) != text:
        return 0.0
    return sum(float(p[1]) * _UNITS[p[2]] for p in parts)


def usual_interval_s(intervals: Iterable[float]) -> float:
    """The interval that most targets have, the longer of two; 0 where none says."""
    counts: dict[float, int] = {}
    for interval in intervals:
        if interval > 0:
            counts[interval] = counts.get(interval, 0) + 1
    return max(counts, key=lambda interval: (counts[interval], interval), default=0.0)


def look(series_id: str) -> tuple[str, float | None]:
    """The panel of a series id, and the range in seconds where it names one of its own: 10 s to a year."""
    panel, at, tail = series_id.rpartition("@")
    if at and tail.isdecimal() and len(tail) < 10:
        return panel, min(max(float(tail), 10.0), 31_536_000.0)
    return series_id, None


def level(value: float | None, warn: float | None, fail: float | None, *, below: bool) -> StateWord:
    """Where a value stands between its thresholds."""
    if value is None:
        return "unknown"
    for bound, word in ((fail, "failed"), (warn, "warning")):
        if bound is not None and (value <= bound if below else value >= bound):
            return word  # type: ignore[return-value]  # literals
    return "ok"
