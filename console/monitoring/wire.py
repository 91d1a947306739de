"""What Prometheus says, as it says it. Nearly everything may be absent.

Source: prometheus.io/docs/prometheus/latest/querying/api; Thanos, Mimir and VictoriaMetrics answer parts of it.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct, field

from console import peer

T = TypeVar("T")


class Envelope(Struct):
    status: str = ""
    data: msgspec.Raw = msgspec.Raw()
    error: str = ""
    error_type: str = field(default="", name="errorType")
    warnings: list[str] | None = None
    infos: list[str] | None = None


class QueryData(Struct):
    result: msgspec.Raw
    result_type: str = field(default="matrix", name="resultType")


Sample = tuple[float, str]
"""Seconds since 1970 and the value as text: "1", "NaN", "+Inf"."""


class MatrixLine(Struct):
    """A line whose samples are read as numbers at once: half the price, but +Inf cannot be read so."""

    metric: dict[str, str] = {}
    values: list[tuple[float, float]] = []
    histograms: msgspec.Raw = msgspec.Raw()


class TextLine(Struct):
    """The same line with its samples as they are written."""

    metric: dict[str, str] = {}
    values: list[Sample] = []
    histograms: msgspec.Raw = msgspec.Raw()


class VectorLine(Struct):
    metric: dict[str, str] = {}
    value: Sample | None = None
    histogram: msgspec.Raw = msgspec.Raw()


class ScalarData(Struct):
    result: Sample


class ActiveAlert(Struct):
    labels: dict[str, str] = {}
    state: str = ""
    active_at: str = field(default="", name="activeAt")


class Rule(Struct):
    name: str = ""
    type: str = "alerting"
    query: str = ""
    duration: float = 0.0
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    alerts: list[ActiveAlert] | None = None
    health: str = "unknown"
    last_error: str = field(default="", name="lastError")
    state: str = ""


class RuleGroup(Struct):
    name: str = ""
    file: str = ""
    rules: list[Rule] | None = None


class RulesData(Struct):
    groups: list[RuleGroup] | None = None


class Target(Struct, rename="camel"):
    labels: dict[str, str] | None = None
    scrape_pool: str = ""
    scrape_url: str = ""
    last_error: str = ""
    health: str = "unknown"
    scrape_interval: str = ""


class TargetsData(Struct):
    active_targets: list[Target] | None = field(default=None, name="activeTargets")


class AlertsData(Struct):
    alerts: list[ActiveAlert] | None = None


class BuildInfo(Struct):
    version: str = ""


class ConfigData(Struct):
    yaml: str = ""


def decode(body: bytes | msgspec.Raw, kind: type[T], what: str) -> T:
    """`body` as a `kind`. Raises SourceError (protocol) that says where it differs."""
    return peer.decode(body, kind, what, "a Prometheus")
