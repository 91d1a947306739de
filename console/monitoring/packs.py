"""Ready-made panels for what nearly everybody runs. Pure.

Names of metrics: node_exporter 1.x, cAdvisor 0.4x, Prometheus 2.x and 3.x, and the client libraries' HTTP conventions
(http_requests_total with `code` or `status`, http_request_duration_seconds as a histogram).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from console.monitoring.model import Panel


def _p(
    name: str,
    title: str,
    query: str,
    unit: str = "",
    *,
    warn: float | None = None,
    fail: float | None = None,
    below: bool = False,
    legend: str = "",
) -> Panel:
    return Panel(
        id=name, source="", title=title, query=query, unit=unit, warn=warn, fail=fail, below=below, legend=legend
    )


def _quantile(q: float) -> str:
    rate = "sum by (job, le) (rate(http_request_duration_seconds_bucket[5m]))"
    return f"histogram_quantile({q}, {rate})"


PACKS: dict[str, tuple[Panel, ...]] = {
    "node-exporter": (
        _p(
            "cpu",
            "CPU busy",
            '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])))',
            "percent",
            warn=80,
            fail=95,
            legend="{{instance}}",
        ),
        _p(
            "load",
            "Load a core",
            'node_load5 / on (instance) count by (instance) (node_cpu_seconds_total{mode="idle"})',
            "ratio",
            warn=1.5,
            fail=4,
            legend="{{instance}}",
        ),
        _p(
            "memory",
            "Memory in use",
            "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
            "percent",
            warn=85,
            fail=95,
            legend="{{instance}}",
        ),
        _p(
            "swap",
            "Swap traffic",
            "rate(node_vmstat_pswpin[5m]) + rate(node_vmstat_pswpout[5m])",
            "per_second",
            legend="{{instance}}",
        ),
        _p(
            "disk",
            "Disk in use",
            '100 * (1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660"}'
            ' / node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660"})',
            "percent",
            warn=80,
            fail=92,
            legend="{{instance}} {{mountpoint}}",
        ),
        _p(
            "inodes",
            "Inodes in use",
            '100 * (1 - node_filesystem_files_free{fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660"}'
            ' / (node_filesystem_files{fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660"} > 0))',
            "percent",
            warn=80,
            fail=95,
            legend="{{instance}} {{mountpoint}}",
        ),
        _p(
            "io",
            "Disk busy",
            "100 * rate(node_disk_io_time_seconds_total[5m])",
            "percent",
            warn=80,
            legend="{{instance}} {{device}}",
        ),
        _p(
            "network-in",
            "Network in",
            'sum by (instance) (rate(node_network_receive_bytes_total{device!~"lo|veth.*|br-.*|docker.*"}[5m]))',
            "bytes",
            legend="{{instance}}",
        ),
        _p(
            "network-out",
            "Network out",
            'sum by (instance) (rate(node_network_transmit_bytes_total{device!~"lo|veth.*|br-.*|docker.*"}[5m]))',
            "bytes",
            legend="{{instance}}",
        ),
        _p(
            "clock",
            "Clock offset",
            "abs(node_timex_offset_seconds)",
            "s",
            warn=0.05,
            fail=1,
            legend="{{instance}}",
        ),
    ),
    "cadvisor": (
        _p(
            "cpu",
            "Container CPU",
            '100 * sum by (instance, name) (rate(container_cpu_usage_seconds_total{name!=""}[5m]))',
            "percent",
            legend="{{name}}",
        ),
        _p(
            "throttled",
            "CPU throttled",
            '100 * sum by (instance, name) (rate(container_cpu_cfs_throttled_periods_total{name!=""}[5m]))'
            ' / sum by (instance, name) (rate(container_cpu_cfs_periods_total{name!=""}[5m]))',
            "percent",
            warn=25,
            fail=60,
            legend="{{name}}",
        ),
        _p(
            "memory",
            "Container memory",
            'sum by (instance, name) (container_memory_working_set_bytes{name!=""})',
            "bytes",
            legend="{{name}}",
        ),
        _p(
            "memory-limit",
            "Memory of its limit",
            '100 * sum by (instance, name) (container_memory_working_set_bytes{name!=""})'
            ' / (sum by (instance, name) (container_spec_memory_limit_bytes{name!=""}) > 0)',
            "percent",
            warn=85,
            fail=95,
            legend="{{name}}",
        ),
        _p(
            "network-in",
            "Container network in",
            'sum by (instance, name) (rate(container_network_receive_bytes_total{name!=""}[5m]))',
            "bytes",
            legend="{{name}}",
        ),
        _p(
            "network-out",
            "Container network out",
            'sum by (instance, name) (rate(container_network_transmit_bytes_total{name!=""}[5m]))',
            "bytes",
            legend="{{name}}",
        ),
        _p(
            "restarts",
            "Container starts in an hour",
            'sum by (instance, name) (changes(container_start_time_seconds{name!=""}[1h]))',
            "count",
            warn=1,
            fail=3,
            legend="{{name}}",
        ),
    ),
    "prometheus": (
        _p(
            "up",
            "Targets down",
            "count by (job) (up == 0) or 0 * count by (job) (up)",
            "count",
            fail=1,
            legend="{{job}}",
        ),
        _p(
            "rule-failures",
            "Rule evaluations failed",
            "sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total[5m]))",
            "per_second",
            fail=0.000001,
            legend="{{rule_group}}",
        ),
        _p("series", "Series in memory", "prometheus_tsdb_head_series", "count", legend="{{instance}}"),
        _p(
            "samples",
            "Samples taken in",
            "rate(prometheus_tsdb_head_samples_appended_total[5m])",
            "per_second",
            legend="{{instance}}",
        ),
        _p(
            "queries",
            "Query time p90",
            'max by (instance, slice) (prometheus_engine_query_duration_seconds{quantile="0.9"})',
            "s",
            warn=2,
            fail=10,
            legend="{{slice}}",
        ),
        _p(
            "notifications",
            "Notifications lost",
            "sum by (instance) (rate(prometheus_notifications_dropped_total[5m]))"
            " + sum by (instance) (rate(prometheus_notifications_errors_total[5m]))",
            "per_second",
            fail=0.000001,
            legend="{{instance}}",
        ),
        _p(
            "config",
            "Configuration loaded",
            "prometheus_config_last_reload_successful",
            "",
            fail=0,
            below=True,
            legend="{{instance}}",
        ),
        _p("memory", "Memory", 'process_resident_memory_bytes{job="prometheus"}', "bytes", legend="{{instance}}"),
    ),
    "http": (
        _p("rate", "Requests", "sum by (job) (rate(http_requests_total[5m]))", "per_second", legend="{{job}}"),
        _p(
            "errors",
            "Errors",
            '100 * (sum by (job) (rate(http_requests_total{code=~"5.."}[5m]))'
            ' or sum by (job) (rate(http_requests_total{status=~"5.."}[5m]))'
            " or 0 * sum by (job) (rate(http_requests_total[5m])))"
            " / sum by (job) (rate(http_requests_total[5m]))",
            "percent",
            warn=1,
            fail=5,
            legend="{{job}}",
        ),
        _p("p50", "Latency p50", _quantile(0.5), "s", legend="{{job}}"),
        _p("p95", "Latency p95", _quantile(0.95), "s", warn=0.5, fail=2, legend="{{job}}"),
        _p("p99", "Latency p99", _quantile(0.99), "s", warn=1, fail=5, legend="{{job}}"),
    ),
}
"""The panels of each pack; `panels` gives them their ids."""


def panels(source: str, packs: Iterable[str]) -> list[Panel]:
    """The panels of `packs` for one Prometheus; the id is SOURCE.PACK.NAME."""
    return [
        msgspec.structs.replace(panel, id=f"{source}.{pack}.{panel.id}", source=source, group=pack)
        for pack in packs
        for panel in PACKS.get(pack, ())
    ]
