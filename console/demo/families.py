"""What each metric of the demo is worth at a time: the families of names that the catalogue knows. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from console.demo.docker_shapes import MEMORY, cpu_share, memory
from console.demo.hosts import CPUS, Container
from console.demo.signals import Signals

Labels = dict[str, str]
Value = Callable[[float], float | None]


class Known(Protocol):
    """What a family asks the catalogue for."""

    signals: Signals
    origin: float

    def container(self, labels: Labels) -> Container | None: ...


class Family(Struct, frozen=True):
    pattern: str
    """Found in the query's text."""
    members: str
    """http, node, disk, container, prometheus, store, shop, shard."""
    value: Callable[[Known, re.Match[str], Labels], Value]
    adds_up: bool = False
    """An aggregation over several members is their sum."""


def _wander(low: float, high: float, *by: str) -> Callable[[Known, re.Match[str], Labels], Value]:
    """A gauge between two bounds, another for each metric and each value of the labels in `by`."""

    def family(catalogue: Known, match: re.Match[str], labels: Labels) -> Value:
        key = match[0] + "/".join(labels.get(b, "") for b in (by or ("instance", "name", "device", "queue", "country")))
        return lambda t: catalogue.signals.gauge(key, t, low, high)

    return family


def _flat(value: float) -> Callable[[Known, re.Match[str], Labels], Value]:
    return lambda _catalogue, _match, _labels: lambda _t: value


def _http(what: str) -> Callable[[Known, re.Match[str], Labels], Value]:
    def family(catalogue: Known, match: re.Match[str], labels: Labels) -> Value:
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


def _cpu(catalogue: Known, _match: re.Match[str], labels: Labels) -> Value:
    signals, instance = catalogue.signals, labels["instance"]
    return lambda t: min(0.99, signals.gauge(instance + "load", t, 0.6, 5.2) / CPUS + 0.12 * signals.day(t))


def _load(cores: float) -> Callable[[Known, re.Match[str], Labels], Value]:
    def family(catalogue: Known, _match: re.Match[str], labels: Labels) -> Value:
        return lambda t: catalogue.signals.gauge(labels["instance"] + "load", t, 0.6, 5.2) / cores

    return family


def _disk(catalogue: Known, _match: re.Match[str], labels: Labels) -> Value:
    """us1 fills its /var: the alert says so."""
    signals, key = catalogue.signals, labels["instance"] + labels["mountpoint"]
    if key.startswith("us1") and labels["mountpoint"] == "/var":
        return lambda t: 0.865 + 0.03 * ((t % 86_400) / 86_400)
    level = signals.mean(key, 0.22, 0.71)
    return lambda t: level + 0.02 * ((t % 86_400) / 86_400)


def _container(what: str) -> Callable[[Known, re.Match[str], Labels], Value]:
    def family(catalogue: Known, _match: re.Match[str], labels: Labels) -> Value:
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


def _lag(catalogue: Known, _match: re.Match[str], _labels: Labels) -> Value:
    return catalogue.signals.replication_lag


def _day(low: float, high: float) -> Callable[[Known, re.Match[str], Labels], Value]:
    """Something that customers do: it follows the day."""

    def family(catalogue: Known, match: re.Match[str], labels: Labels) -> Value:
        signals, key = catalogue.signals, match[0] + labels.get("country", "")
        level = signals.mean(key, low, high)
        return lambda t: level * signals.day(t) * (1.0 + 0.07 * signals.wave(key, t) + 0.04 * signals.noise(key, t))

    return family


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
