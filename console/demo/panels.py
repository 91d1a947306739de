"""The demo's panels, as an operator of such a company would write them. Pure."""

from __future__ import annotations

from console.demo.names import SERVICES
from console.settings.model import Panel, Seconds

_RATE = "sum by (service) (rate(http_requests_total[1m]))"
_ERRORS = '100 * sum by (service) (rate(http_requests_total{code=~"5.."}[1m])) / sum by (service) (rate(http_requests_total[1m]))'
_BUCKETS = "sum by (service, le) (rate(http_request_duration_seconds_bucket[1m]))"

_ROWS: tuple[tuple[str, str, str, str, str, float | None, float | None, str], ...] = (
    # group, name, title, query, unit, warn, fail, legend
    ("Shop", "orders", "Orders a minute", "sum(rate(shop_orders_total[1m])) * 60", "count", None, None, ""),
    ("Shop", "orders-country", "Orders by country", "sum by (country) (rate(shop_orders_by_country_total[5m])) * 60", "count", None, None, "{{country}}"),
    ("Shop", "sign-ins", "Sign-ins a minute", "sum(rate(shop_sign_ins_total[1m])) * 60", "count", None, None, ""),
    ("Shop", "conversion", "Conversion by country", "shop_conversion_ratio", "ratio", None, None, "{{country}}"),
    ("Shop", "basket", "Items put into baskets", "sum(rate(shop_basket_items[5m]))", "per_second", None, None, ""),
    ("Shop", "vouchers", "Vouchers redeemed", "sum(rate(voucher_redemptions_total[5m]))", "per_second", None, None, ""),
    ("Services", "requests-all", "Requests, all services", "sum(rate(http_requests_total[1m]))", "per_second", None, None, ""),
    ("Services", "requests", "Requests by service", _RATE, "per_second", None, None, "{{service}}"),
    ("Services", "errors", "Errors by service", _ERRORS, "percent", 1, 5, "{{service}}"),
    ("Services", "p50", "Latency p50", f"histogram_quantile(0.5, {_BUCKETS})", "s", None, None, "{{service}}"),
    ("Services", "p95", "Latency p95", f"histogram_quantile(0.95, {_BUCKETS})", "s", 0.5, 1, "{{service}}"),
    ("Services", "p99", "Latency p99", f"histogram_quantile(0.99, {_BUCKETS})", "s", 1, 2.5, "{{service}}"),
    ("Services", "in-flight", "Requests in flight", "sum by (service) (http_requests_in_flight)", "count", None, None, "{{service}}"),
    ("Hosts", "host-cpu", "CPU busy", '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])))', "percent", 80, 95, "{{instance}}"),
    ("Hosts", "host-load", "Load a core", 'node_load1 / on (instance) count by (instance) (node_cpu_seconds_total{mode="idle"})', "ratio", 1, 2, "{{instance}}"),
    ("Hosts", "host-memory", "Memory in use", "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)", "percent", 85, 95, "{{instance}}"),
    ("Hosts", "host-disk", "Disk in use", "100 * (1 - node_filesystem_avail_bytes / node_filesystem_size_bytes)", "percent", 80, 92, "{{instance}} {{mountpoint}}"),
    ("Hosts", "host-inodes", "Inodes in use", "100 * (1 - node_filesystem_files_free / node_filesystem_files)", "percent", 80, 95, "{{instance}} {{mountpoint}}"),
    ("Hosts", "host-io", "Disk busy", "100 * rate(node_disk_io_time_seconds_total[5m])", "percent", 80, None, "{{instance}}"),
    ("Hosts", "host-in", "Network in", "sum by (instance) (rate(node_network_receive_bytes_total[5m]))", "bytes", None, None, "{{instance}}"),
    ("Hosts", "host-out", "Network out", "sum by (instance) (rate(node_network_transmit_bytes_total[5m]))", "bytes", None, None, "{{instance}}"),
    ("Hosts", "host-clock", "Clock offset", "abs(node_timex_offset_seconds)", "s", 0.05, 1, "{{instance}}"),
    ("Containers", "container-cpu", "CPU by host", "100 * sum by (instance) (rate(container_cpu_usage_seconds_total[5m]))", "percent", None, None, "{{instance}}"),
    ("Containers", "container-memory", "Memory by host", "sum by (instance) (container_memory_working_set_bytes)", "bytes", None, None, "{{instance}}"),
    ("Containers", "checkout-memory", "Memory of its limit, checkout", '100 * container_memory_working_set_bytes{service="checkout"} / container_spec_memory_limit_bytes{service="checkout"}', "percent", 85, 95, "{{instance}} {{name}}"),
    ("Containers", "restarts", "Restarts in an hour", 'changes(container_start_time_seconds{service="warehouse"}[1h])', "count", 3, 10, "{{name}}"),
    ("Data", "pg-connections", "PostgreSQL connections", "sum by (datname) (pg_stat_activity_count)", "count", 160, 190, "{{datname}}"),
    ("Data", "pg-lag", "Replication lag", "pg_replication_lag_seconds", "s", 10, 30, "{{instance}}"),
    ("Data", "pg-hit", "PostgreSQL cache hits", "100 * pg_stat_database_blks_hit / (pg_stat_database_blks_hit + pg_stat_database_blks_read)", "percent", None, None, "{{datname}}"),
    ("Data", "pg-commits", "PostgreSQL commits", "rate(pg_stat_database_xact_commit[5m])", "per_second", None, None, "{{datname}}"),
    ("Data", "redis-memory", "Redis memory", "redis_memory_used_bytes", "bytes", None, None, "{{instance}}"),
    ("Data", "redis-hits", "Redis hits", "100 * redis_keyspace_hits_ratio", "percent", None, None, "{{instance}}"),
    ("Data", "queues", "Messages in queues", "sum by (queue) (rabbitmq_queue_messages)", "count", 1_000, 5_000, "{{queue}}"),
    ("Monitoring", "targets-down", "Targets down", "count by (job) (up == 0) or 0 * count by (job) (up)", "count", None, 1, "{{job}}"),
    ("Monitoring", "series", "Series in memory", "prometheus_tsdb_head_series", "count", None, None, "{{instance}}"),
    ("Monitoring", "firing", "Alerts firing", 'count by (severity) (ALERTS{alertstate="firing"})', "count", None, None, "{{severity}}"),
)  # fmt: skip
_EACH = (
    ("requests", "requests", 'sum(rate(http_requests_total{{service="{0}"}}[1m]))', "per_second", None, None),
    ("errors", "errors", '100 * sum(rate(http_requests_total{{service="{0}",code=~"5.."}}[1m])) / sum(rate(http_requests_total{{service="{0}"}}[1m]))', "percent", 1.0, 5.0),
    ("p95", "latency p95", 'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{{service="{0}"}}[1m])))', "s", 0.5, 1.0),
    ("p99", "latency p99", 'histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{{service="{0}"}}[1m])))', "s", 1.0, 2.5),
    ("flight", "in flight", 'sum(http_requests_in_flight{{service="{0}"}})', "count", None, None),
)  # fmt: skip
PARTIAL_ANSWER = "shop_conversion_ratio"
"""The query whose answer carries a warning: a part of the data could not be read."""
NOT_A_COUNTER = "shop_basket_items"
"""The metric about which Prometheus remarks that it is no counter."""


def panels(count: int) -> tuple[Panel, ...]:
    """`count` panels: those of the whole company first, then every service's own, then longer ranges of those."""
    rows = [
        Panel(name=name, title=title, query=query, group=group, unit=unit, warn=warn, fail=fail, legend=legend, kind="instant" if name == "firing" else "range")
        for group, name, title, query, unit, warn, fail, legend in _ROWS
    ]  # fmt: skip
    for hours in (1, 6, 24, 48, 12, 3, 2, 4, 8, 36):
        for suffix, title, query, unit, warn, fail in _EACH:
            for service in SERVICES:
                tail = "" if hours == 1 else f"-{hours}h"
                rows.append(
                    Panel(
                        name=f"{service.name}-{suffix}{tail}",
                        title=f"{service.name} {title}" + (f", {hours} h" if tail else ""),
                        query=query.format(service.name),
                        group=service.name,
                        unit=unit,
                        warn=warn,
                        fail=fail,
                        range=Seconds(hours * 3600),
                    )
                )
        if len(rows) >= count:
            break
    return tuple(rows[:count])
