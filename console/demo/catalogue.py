"""What a query is worth: known metric names and label sets stand for functions of time. Pure.

A name that the catalogue does not know has no series, as with a Prometheus that never scraped it.
"""

from __future__ import annotations

import re

from msgspec import Struct

from console.demo.alarms import Alert
from console.demo.company import Company
from console.demo.families import FAMILIES, Labels, Value
from console.demo.hosts import Container
from console.demo.names import SERVICES, host_environment
from console.demo.promql import Query
from console.demo.signals import Signals

_FINER = frozenset(
    [
        "mode",
        "code",
        "status",
        "method",
        "handler",
        "le",
        "quantile",
        "device",
        "fstype",
        "mountpoint",
        "alertstate",
        "slice",
    ]
)
"""Labels that real series have and these do not: a matcher on one of them chooses all."""
_DISKS = (("/", "/dev/nvme0n1p1"), ("/var", "/dev/nvme0n1p2"))


_KNOWN = re.compile(
    r"(?:http|node|container|process|go|prometheus|alertmanager|pg|redis|rabbitmq|shop|probe|net_conntrack)_\w+|up$"
)


class Series(Struct, frozen=True):
    labels: Labels
    value: Value
    """None where there is no sample at that time."""


class Catalogue:
    def __init__(self, company: Company) -> None:
        self._company = company
        self.signals: Signals = company.signals
        self.origin = company.start - 40 * 86_400.0
        """When the machines were switched on."""

    def find(self, query: Query) -> list[Series]:
        text = query.text
        if query.metrics and query.metrics[0] in ("ALERTS", "ALERTS_FOR_STATE"):
            return self._aggregated(
                query, [(labels, value) for labels, value in self._alerts(query.metrics[0])], adds_up=True
            )
        if query.metrics and query.metrics[0] in ("up", "scrape_duration_seconds", "scrape_samples_scraped"):
            return self._up(query)
        if not any(_KNOWN.match(metric) for metric in query.metrics):
            return []
        percent = 100.0 if re.search(r"\b100\s*\*|\*\s*100\b", text) else 1.0
        for family in FAMILIES:
            if match := re.search(family.pattern, text):
                members = [
                    (labels, _scaled(family.value(self, match, labels), percent))
                    for labels in self.members(family.members)
                ]
                return self._aggregated(
                    query, members, adds_up=family.adds_up and query.aggregation in ("sum", "count", "topk")
                )
        return []

    def _aggregated(self, query: Query, members: list[tuple[Labels, Value]], *, adds_up: bool) -> list[Series]:
        chosen = [
            (labels, value)
            for labels, value in members
            if all(m.matches(labels) for m in query.matchers if m.name in labels or m.name not in _FINER)
        ]
        name = {"__name__": query.metrics[0]} if query.is_selector or query.window_s else {}
        if not query.aggregation and query.by is None:
            return [Series({**name, **labels}, value) for labels, value in chosen]
        groups: dict[tuple[tuple[str, str], ...], list[Value]] = {}
        for labels, value in chosen:
            kept = (
                {k: v for k, v in labels.items() if k not in query.without}
                if query.by is None
                else {k: labels[k] for k in query.by if k in labels}
            )
            groups.setdefault(tuple(sorted(kept.items())), []).append(value)
        return [Series(dict(key), _sum(values) if adds_up else _mean(values)) for key, values in groups.items()]

    # What there is

    def members(self, kind: str) -> list[Labels]:
        hosts = list(self._company.fleet.hosts.values())
        match kind:
            case "http":
                return [{"job": s.name, "service": s.name, "team": s.team, "environment": "production", "instance": f"{s.name}:{s.port}"} for s in SERVICES]  # fmt: skip
            case "node":
                return [
                    {"job": "node", "instance": f"{h.name}:9100", "environment": host_environment(h.name)}
                    for h in hosts
                ]
            case "disk":
                return [
                    {**node, "mountpoint": m, "device": d, "fstype": "ext4"}
                    for node in self.members("node")
                    for m, d in _DISKS
                ]
            case "container":
                return [
                    {"job": "cadvisor", "instance": f"{h.name}:8090", "name": c.name, "image": c.image, "id": f"/docker/{c.id}", "service": c.service}
                    for h in hosts for c in list(h.containers.values())[:60] if c.state in ("running", "restarting")
                ]  # fmt: skip
            case "prometheus":
                return [{"job": "prometheus", "instance": "localhost:9090"}]
            case "store":
                return [{"job": "postgres", "instance": "postgres-1:9187", "datname": "shop"}]
            case "queue":
                return [
                    {"job": "rabbitmq", "instance": "rabbitmq:15692", "queue": q}
                    for q in ("mails", "orders", "search-index")
                ]
        return [{"job": "shop", "instance": "shop-exporter:9200", "country": country} for country in ("de", "fr", "us")]

    def container(self, labels: Labels) -> Container | None:
        host = self._company.fleet.hosts.get(labels["instance"].partition(":")[0])
        return host.containers.get(labels["name"]) if host else None

    def targets(self) -> list[Labels]:
        """Every scrape target's labels."""
        cadvisors = [
            {**node, "job": "cadvisor", "instance": node["instance"].replace(":9100", ":8090")}
            for node in self.members("node")
        ]
        services = [{k: v for k, v in labels.items() if k != "service"} for labels in self.members("http")]
        others = [{"job": j, "instance": i} for j, i in (("prometheus", "localhost:9090"), ("alertmanager", "localhost:9093"), ("postgres", "postgres-1:9187"), ("rabbitmq", "rabbitmq:15692"), ("shop", "shop-exporter:9200"))]  # fmt: skip
        return [*self.members("node"), *cadvisors, *services, *others]

    def _up(self, query: Query) -> list[Series]:
        def value(labels: Labels) -> Value:
            instance = labels["instance"]
            if query.metrics[0] != "up":
                low, high = (0.004, 0.06) if "duration" in query.metrics[0] else (400.0, 3_000.0)
                return lambda t: self.signals.gauge(instance + query.metrics[0], t, low, high)
            if re.search(r"up[^=]*(?:\{[^}]*\})?\s*==\s*0", query.text):
                down: Value = lambda t: 0.0 if self.signals.up(instance, t) else 1.0  # noqa: E731  # one of two shapes
                lone: Value = lambda t: None if self.signals.up(instance, t) else 0.0  # noqa: E731  # as above
                return down if query.aggregation else lone
            if query.aggregation == "count":
                return lambda _t: 1.0
            return lambda t: 1.0 if self.signals.up(instance, t) else 0.0

        members = [(labels, value(labels)) for labels in self.targets()]
        return self._aggregated(query, members, adds_up=query.aggregation in ("sum", "count"))

    def _alerts(self, metric: str) -> list[tuple[Labels, Value]]:
        alarms = self._company.alarms
        found: list[tuple[Labels, Value]] = []
        for alert, ended in [*alarms.past, *((a, float("inf")) for a in alarms.alerts.values())]:
            for state, begun, until in _spans(alert, ended):
                labels = {**alert.labels} if metric != "ALERTS" else {**alert.labels, "alertstate": state}
                level = alert.active_at if metric != "ALERTS" else 1.0
                found.append((labels, lambda t, a=begun, b=until, v=level: v if a <= t < b else None))  # type: ignore[misc]  # the loop's variables are bound now
        return found


def _spans(alert: Alert, ended: float) -> list[tuple[str, float, float]]:
    firing = [("firing", alert.fired_at, ended)] if alert.fired_at else []
    pending_until = alert.fired_at or ended
    return [("pending", alert.active_at, pending_until), *firing] if pending_until > alert.active_at else firing


def _scaled(value: Value, factor: float) -> Value:
    if factor == 1.0:
        return value

    def scaled(t: float) -> float | None:
        found = value(t)
        return None if found is None else found * factor

    return scaled


def _sum(values: list[Value]) -> Value:
    def total(t: float) -> float | None:
        found = [v for v in (value(t) for value in values) if v is not None]
        return sum(found) if found else None

    return values[0] if len(values) == 1 else total


def _mean(values: list[Value]) -> Value:
    def mean(t: float) -> float | None:
        found = [v for v in (value(t) for value in values) if v is not None]
        return sum(found) / len(found) if found else None

    return values[0] if len(values) == 1 else mean
