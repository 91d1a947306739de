"""What a query is worth: known metric names and label sets stand for functions of time. Pure.

A name that the catalogue does not know has no series, as with a Prometheus that never scraped it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from console.demo.alarms import Alert
from console.demo.company import Company
from console.demo.docker_shapes import MEMORY, cpu_share, memory
from console.demo.hosts import CPUS, Container
from console.demo.names import SERVICES, host_environment
from console.demo.promql import Query
from console.demo.signals import Signals

Labels = dict[str, str]
Value = Callable[[float], float | None]
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


class Series(Struct, frozen=True):
    labels: Labels
    value: Value
    """None where there is no sample at that time."""


class Family(Struct, frozen=True):
    pattern: str
    """Found in the query's text."""
    members: str
    """http, node, disk, container, prometheus, store, shop, shard."""
    value: Callable[[Catalogue, re.Match[str], Labels], Value]
    adds_up: bool = False
    """An aggregation over several members is their sum."""


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


# The families


def _wander(low: float, high: float, *by: str) -> Callable[[Catalogue, re.Match[str], Labels], Value]:
    """A gauge between two bounds, another for each metric and each value of the labels in `by`."""

    def family(catalogue: Catalogue, match: re.Match[str], labels: Labels) -> Value:
        key = match[0] + "/".join(labels.get(b, "") for b in (by or ("instance", "name", "device", "queue", "country")))
        return lambda t: catalogue.signals.gauge(key, t, low, high)

    return family


def _flat(value: float) -> Callable[[Catalogue, re.Match[str], Labels], Value]:
    return lambda _catalogue, _match, _labels: lambda _t: value


def _http(what: str) -> Callable[[Catalogue, re.Match[str], Labels], Value]:
    def family(catalogue: Catalogue, match: re.Match[str], labels: Labels) -> Value:
        signals, service = catalogue.signals, labels["service"]
        match what:
            case "latency":
                q = float(match[1])
                return lambda t: signals.latency(service, q, t)
            case "mean":
                return lambda t: signals.latency(service, 0.6, t)
            case "ratio":
                return lambda t: signals.error_ratio(service, t)
            case "errors":
                return lambda t: signals.error_ratio(service, t) * signals.requests(service, t)
            case "flight":
                return lambda t: signals.requests(service, t) * signals.latency(service, 0.6, t)
        return lambda t: signals.requests(service, t)

    return family


def _cpu(catalogue: Catalogue, _match: re.Match[str], labels: Labels) -> Value:
    signals, instance = catalogue.signals, labels["instance"]
    return lambda t: min(0.99, signals.gauge(instance + "load", t, 0.6, 5.2) / CPUS + 0.12 * signals.day(t))


def _load(cores: float) -> Callable[[Catalogue, re.Match[str], Labels], Value]:
    def family(catalogue: Catalogue, _match: re.Match[str], labels: Labels) -> Value:
        return lambda t: catalogue.signals.gauge(labels["instance"] + "load", t, 0.6, 5.2) / cores

    return family


def _disk(catalogue: Catalogue, _match: re.Match[str], labels: Labels) -> Value:
    """us1 fills its /var: the alert says so."""
    signals, key = catalogue.signals, labels["instance"] + labels["mountpoint"]
    if key.startswith("us1") and labels["mountpoint"] == "/var":
        return lambda t: 0.865 + 0.03 * ((t % 86_400) / 86_400)
    level = signals.mean(key, 0.22, 0.71)
    return lambda t: level + 0.02 * ((t % 86_400) / 86_400)


def _container(what: str) -> Callable[[Catalogue, re.Match[str], Labels], Value]:
    def family(catalogue: Catalogue, _match: re.Match[str], labels: Labels) -> Value:
        signals = catalogue.signals
        container = catalogue.container(labels)
        if container is None:
            return lambda _t: None
        match what:
            case "cpu":
                return lambda t: cpu_share(signals, container) * (1.0 + 0.3 * signals.wave(container.name, t))
            case "limit":
                return lambda _t: float(container.memory_limit)
            case "share":
                return lambda t: memory(signals, container, t) / container.memory_limit
            case "starts":
                return lambda _t: 56.0 if container.restarts > 1000 else 0.0
        return lambda t: float(memory(signals, container, t))

    return family


def _lag(catalogue: Catalogue, _match: re.Match[str], _labels: Labels) -> Value:
    return catalogue.signals.replication_lag


def _day(low: float, high: float) -> Callable[[Catalogue, re.Match[str], Labels], Value]:
    """Something that customers do: it follows the day."""

    def family(catalogue: Catalogue, match: re.Match[str], labels: Labels) -> Value:
        signals, key = catalogue.signals, match[0] + labels.get("country", "")
        level = signals.mean(key, low, high)
        return lambda t: level * signals.day(t) * (1.0 + 0.07 * signals.wave(key, t) + 0.04 * signals.noise(key, t))

    return family


_KNOWN = re.compile(
    r"(?:http|node|container|process|go|prometheus|alertmanager|pg|redis|rabbitmq|shop|probe|net_conntrack)_\w+|up$"
)
FAMILIES = (
    Family(r"histogram_quantile\(\s*([\d.]+)", "http", _http("latency")),
    Family(r"http_request_duration_seconds_sum.*/", "http", _http("mean")),
    Family(r'http_requests_total\{[^}]*"5[^}]*\}[^/]*[^:]*/', "http", _http("ratio")),
    Family(r'http_requests_total\{[^}]*"5', "http", _http("errors"), adds_up=True),
    Family(r"http_requests_total|http_request_duration_seconds_count", "http", _http("rate"), adds_up=True),
    Family(r"http_requests_in_flight", "http", _http("flight"), adds_up=True),
    Family(r"node_load\d+\s*/", "node", _load(CPUS)),
    Family(r"node_load\d+", "node", _load(1)),
    Family(r"node_cpu_seconds_total", "node", _cpu),
    Family(r"node_memory_MemAvailable_bytes\s*/", "node", _wander(0.35, 0.78)),
    Family(r"node_memory_MemTotal_bytes", "node", _flat(float(MEMORY))),
    Family(r"node_memory_\w+", "node", _wander(4e9, 2.4e10)),
    Family(r"node_filesystem_(?:avail|free)_bytes[^/]*/", "disk", _disk),
    Family(r"node_filesystem_files_free", "disk", _wander(0.05, 0.4, "instance", "mountpoint")),
    Family(r"node_filesystem_\w+", "disk", _wander(2e10, 4e11, "instance", "mountpoint")),
    Family(r"node_disk_io_time\w+", "node", _wander(0.01, 0.35)),
    Family(r"node_network_\w+errs\w+|node_vmstat_oom\w+", "node", _flat(0.0)),
    Family(r"node_(?:network|disk)_\w+", "node", _wander(4e5, 3.4e7), adds_up=True),
    Family(r"node_timex_offset_seconds", "node", _wander(0.0001, 0.004)),
    Family(r"node_(?:boot_time|time)_seconds", "node", lambda c, _m, _l: lambda t: t if "boot" not in _m[0] else c.origin),
    Family(r"node_vmstat_pswp\w+", "node", _wander(0.0, 4.0)),
    Family(r"node_\w+", "node", _wander(1.0, 100.0)),
    Family(r"container_cpu_cfs_throttled\w+", "container", _wander(0.0, 0.12, "instance", "name")),
    Family(r"container_cpu_\w+", "container", _container("cpu"), adds_up=True),
    Family(r"container_memory_\w+.*/.*container_spec_memory_limit_bytes", "container", _container("share")),
    Family(r"container_spec_memory_limit_bytes", "container", _container("limit"), adds_up=True),
    Family(r"container_memory_\w+", "container", _container("memory"), adds_up=True),
    Family(r"(?:changes|increase)\(container_(?:start_time|restarts)\w+", "container", _container("starts")),
    Family(r"container_oom\w+", "container", _flat(0.0), adds_up=True),
    Family(r"container_(?:network|fs)_\w+", "container", _wander(2e3, 9e5, "instance", "name"), adds_up=True),
    Family(r"container_\w+", "container", _wander(1.0, 100.0, "instance", "name")),
    Family(r"prometheus_\w*(?:failures|dropped|errors|missed|skipped)\w*", "prometheus", _flat(0.0)),
    Family(r"prometheus_config_last_reload_successful", "prometheus", _flat(1.0)),
    Family(r"prometheus_tsdb_head_series", "prometheus", _wander(4.1e5, 4.9e5)),
    Family(r"prometheus_tsdb_head_samples\w+", "prometheus", _wander(2.6e4, 3.2e4)),
    Family(r"(?:prometheus|alertmanager|net_conntrack|probe)_\w*seconds\w*", "prometheus", _wander(0.002, 0.3)),
    Family(r"(?:prometheus|process|go)_\w*bytes\w*", "prometheus", _wander(1.1e9, 1.9e9)),
    Family(r"(?:prometheus|alertmanager|process|go|net_conntrack|probe)_\w+", "prometheus", _wander(1.0, 100.0)),
    Family(r"pg_replication_lag_seconds", "store", _lag),
    Family(r"pg_stat_database_blks_hit", "store", _wander(0.984, 0.9995)),
    Family(r"pg_stat_activity_count|pg_connections", "store", _wander(40.0, 180.0)),
    Family(r"pg_\w+bytes", "store", _wander(8e10, 9e10)),
    Family(r"pg_\w+", "store", _wander(100.0, 2_400.0)),
    Family(r"redis_memory\w+", "store", _wander(3e8, 8e8)),
    Family(r"redis_keyspace_hits\w+", "store", _wander(0.88, 0.99)),
    Family(r"redis_\w+", "store", _wander(900.0, 4_000.0)),
    Family(r"rabbitmq_\w+", "queue", _wander(0.0, 420.0)),
    Family(r"shop_conversion_ratio", "shop", _wander(0.018, 0.041)),
    Family(r"shop_\w+", "shop", _day(20.0, 160.0), adds_up=True),
)  # fmt: skip
