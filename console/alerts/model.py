"""Alertmanager in the world's words. Pure.

Source: Alertmanager's api/v2/openapi.yaml, 0.25 to 0.34.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from console.words import StateWord
from console.world.model import Record

AlertState = Literal["firing", "suppressed", "missing", "resolved"]


class Change(Struct, frozen=True, gc=False):
    """One step in an alert's history."""

    at: float
    state: AlertState
    why: str


class Alert(Record, frozen=True, kw_only=True, gc=False):
    """An alert of one cluster, duplicates of its members folded; the id is CLUSTER/FINGERPRINT."""

    topic: ClassVar[str] = "alerts"

    cluster: str
    fingerprint: str
    name: str = ""
    severity: str = ""
    """The label's own word; empty where there is none."""
    state: AlertState = "firing"
    since: float = 0.0
    """When this state began."""
    starts_at: float | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    generator_url: str = ""
    receivers: tuple[str, ...] = ()
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    """The members that report it."""
    why: str = ""
    """Why it has this state, where that is not plain: missing from 2 polls, confirmed absent by Prometheus."""
    flapping: bool = False
    history: tuple[Change, ...] = ()
    """Newest last, at most 50."""


class Group(Record, frozen=True, kw_only=True, gc=False):
    """A notification group; the id is CLUSTER/RECEIVER/hash of its labels."""

    topic: ClassVar[str] = "groups"

    cluster: str
    receiver: str
    labels: dict[str, str] = {}
    alerts: tuple[str, ...] = ()
    """Ids of its alerts."""


class Matcher(Struct, frozen=True):
    name: str
    value: str
    regex: bool = False
    equal: bool = True

    def __str__(self) -> str:
        operator = ("=~" if self.equal else "!~") if self.regex else ("=" if self.equal else "!=")
        return f'{self.name}{operator}"{self.value}"'


EXPIRED_SHOWN_S = 86_400.0
"""How long an expired silence stays to be seen."""


class Silence(Record, frozen=True, kw_only=True):
    """A silence; the id is CLUSTER/UUID."""

    topic: ClassVar[str] = "silences"

    cluster: str
    state: Literal["active", "pending", "expired", "unknown"] = "unknown"
    matchers: tuple[Matcher, ...] = ()
    starts_at: float | None = None
    ends_at: float | None = None
    created_by: str = ""
    comment: str = ""


class Receiver(Record, frozen=True, kw_only=True):
    topic: ClassVar[str] = "receivers"

    cluster: str
    name: str


class Cluster(Record, frozen=True, kw_only=True):
    """An Alertmanager cluster; the id is its name in the settings."""

    topic: ClassVar[str] = "clusters"

    version: str = ""
    status: str = ""
    """ready, settling, disabled."""
    peers: int = 0
    started_at: float | None = None
    members: dict[str, str] = {}
    """Each member's URL: ok, or what is wrong with it."""


def alert_word(alert: Alert) -> StateWord:
    match alert.state:
        case "suppressed":
            return "waiting"
        case "missing":
            return "stale"
        case "resolved":
            return "ok"
    return "failed" if alert.severity.lower() in ("critical", "page", "high", "error", "") else "warning"
