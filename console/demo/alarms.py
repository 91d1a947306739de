"""The company's alert rules and what becomes of them: pending, firing, resolved; silenced and inhibited. Pure.

Rules are judged on the same signals that the charts show, every 15 s, so an alert never says what a chart does not.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import deque
from collections.abc import Callable
from random import Random

from msgspec import Struct

from console.demo.hosts import CPUS, Fleet
from console.demo.names import SERVICES, host_environment
from console.demo.signals import Signals

EVALUATION_S = 15.0
RESEND_S = 60.0
"""Prometheus tells Alertmanager again after a minute; that moves `updatedAt` and `endsAt`."""
LEASE_S = 240.0
"""`endsAt` of a firing alert is a lease of four resend intervals."""

Judge = Callable[[float], float]


class Rule(Struct, frozen=True):
    group: str
    name: str
    query: str
    for_s: float
    severity: str
    summary: str
    receiver: str = "on-call"


class Alert(Struct):
    """One instance of a rule; times are seconds since 1970."""

    rule: Rule
    labels: dict[str, str]
    annotations: dict[str, str]
    fingerprint: str
    active_at: float
    fired_at: float = 0.0
    """0 while it is pending."""
    value: float = 0.0

    def updated(self, now: float) -> float:
        return self.fired_at + max(0.0, now - self.fired_at) // RESEND_S * RESEND_S


class Matcher(Struct, frozen=True):
    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True

    def matches(self, labels: dict[str, str]) -> bool:
        """An absent label is an empty one. Raises re.error for a bad expression."""
        own = labels.get(self.name, "")
        same = re.fullmatch(self.value, own) is not None if self.is_regex else own == self.value
        return same == self.is_equal


class Silence(Struct):
    id: str
    matchers: tuple[Matcher, ...]
    starts: float
    ends: float
    by: str
    comment: str
    updated: float

    def state(self, now: float) -> str:
        return "pending" if now < self.starts else "active" if now < self.ends else "expired"


RULES = (
    Rule("services", "HighErrorRate", 'sum by (service) (rate(http_requests_total{code=~"5.."}[1m])) / sum by (service) (rate(http_requests_total[1m])) > 0.05', 30, "critical", "{service} fails {percent} of its requests"),
    Rule("services", "HighLatency", "histogram_quantile(0.95, sum by (service, le) (rate(http_request_duration_seconds_bucket[1m]))) > 1", 30, "warning", "{service} answers in {value} s at p95"),
    Rule("containers", "ContainerUnhealthy", "container_health_status != 1", 15, "warning", "{name} on {host} fails its health check", "chat"),
    Rule("containers", "ContainerRestarting", "increase(container_restarts_total[10m]) > 3", 300, "warning", "{name} on {host} cannot start", "chat"),
    Rule("hosts", "HostDiskFilling", "node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.15", 600, "warning", "/var on {instance} is {percent} full", "chat"),
    Rule("hosts", "TargetDown", "up == 0", 30, "critical", "{instance} of {job} does not answer Prometheus"),
    Rule("hosts", "HostLoadHigh", 'node_load1 / count without (cpu, mode) (node_cpu_seconds_total{mode="idle"}) > 0.5', 120, "warning", "{instance} has a load of {value}", "chat"),
    Rule("platform", "CertificateExpiry", "probe_ssl_earliest_cert_expiry - time() < 14 * 86400", 3600, "warning", "The certificate of {instance} ends in {value} days", "chat"),
    Rule("platform", "PostgresReplicationLag", "pg_replication_lag_seconds > 30", 60, "warning", "The replica is {value} s behind", "chat"),
    Rule("platform", "BackupTooOld", "time() - backup_last_success_timestamp_seconds > 93600", 60, "info", "The newest backup of {instance} is {value} h old", "chat"),
    Rule("shards", "ShardLagging", "shard_lag_seconds > 60", 60, "warning", "Shard {shard} is {value} s behind", "chat"),
    Rule("meta", "Watchdog", "vector(1)", 0, "none", "Alerting works: this alert always fires", "watchdog"),
)  # fmt: skip
_BY_NAME = {rule.name: rule for rule in RULES}
RECEIVERS = ("on-call", "chat", "watchdog")


def fingerprint(labels: dict[str, str]) -> str:
    """64 bits of the label set, as Alertmanager has them."""
    joined = "\xff".join(f"{k}\xff{v}" for k, v in sorted(labels.items()))
    return hashlib.blake2b(joined.encode(), digest_size=8).hexdigest()


class Alarms:
    def __init__(self, rng: Random, signals: Signals, fleet: Fleet, shards: int, start: float) -> None:
        self._rng = rng
        self._signals = signals
        self._fleet = fleet
        self.alerts: dict[str, Alert] = {}
        """By fingerprint; pending ones too."""
        self.silences: dict[str, Silence] = {}
        self.past: deque[tuple[Alert, float]] = deque(maxlen=200)
        """Alerts that ended, and when: what a chart of ALERTS shows of yesterday."""
        self.version = 0
        """Rises when an alert or a silence comes, changes or goes."""
        self._shards = shards
        self._shards_ever = 0
        for _ in range(shards):
            self._shard(start - rng.uniform(300, 90_000))
        self._standing(start)

    def _standing(self, start: float) -> None:
        self.put("Watchdog", {}, start - 8 * 86_400, 1.0)
        self.put(
            "HostDiskFilling",
            {"instance": f"{list(self._fleet.hosts)[-1]}:9100", "mountpoint": "/var", "job": "node"},
            start - 7_300,
            0.88,
        )
        self.put("CertificateExpiry", {"instance": "shop.acme.example:443", "job": "probe"}, start - 2 * 86_400, 11.0)
        self.put("CertificateExpiry", {"instance": "status.acme.example:443", "job": "probe"}, start - 86_400, 13.0)
        self.put("BackupTooOld", {"instance": "warehouse", "job": "backup"}, start - 5_400, 27.5)
        day = 86_400.0
        for matchers, begins, ends, who, comment in (
            ((Matcher("alertname", "CertificateExpiry"),), start - day, start + day, "mira", "Renewal is booked for tomorrow, OPS-1182"),
            ((Matcher("service", "search|recommend", is_regex=True), Matcher("severity", "warning")), start + 3 * 3600, start + 5 * 3600, "tomas", "Index rebuild tonight"),
            ((Matcher("instance", "eu2:9100"), Matcher("alertname", "HostLoadHigh")), start - 9 * 3600, start - 7 * 3600, "ana", "Load test <script>alert(1)</script>"),
        ):  # fmt: skip
            silence = Silence(self._uuid(), matchers, begins, ends, who, comment, begins)
            self.silences[silence.id] = silence

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def _shard(self, at: float) -> None:
        # The factor shares no divisor with a million, so that no number comes twice.
        self._shards_ever += 1
        n = self._shards_ever * 7_919 % 1_000_000
        service = SERVICES[n % len(SERVICES)].name
        self.put(
            "ShardLagging",
            {"shard": f"s{n:06}", "service": service, "job": "shards", "team": SERVICES[n % len(SERVICES)].team},
            at,
            float(60 + n % 500),
        )

    def put(self, rule_name: str, labels: dict[str, str], at: float, value: float) -> Alert:
        """An alert that fires since `at`."""
        alert = self._alert(_BY_NAME[rule_name], labels, at, value)
        alert.fired_at = at
        self.alerts[alert.fingerprint] = alert
        self.version += 1
        return alert

    def _alert(self, rule: Rule, labels: dict[str, str], at: float, value: float) -> Alert:
        full = {"alertname": rule.name, "severity": rule.severity, "cluster": "acme-eu", **labels}
        words = {"service": "", "name": "", "host": "", "instance": "", "job": "", "shard": "", **full}
        summary = rule.summary.format(**words, value=f"{value:.3g}", percent=f"{value * 100:.1f} %")
        annotations = {
            "summary": summary,
            "description": f"{summary} for more than {rule.for_s:g} s.",
            "runbook_url": f"https://runbooks.acme.example/{rule.name}",
        }
        return Alert(rule, full, annotations, fingerprint(full), at, value=value)

    def judge(self, at: float) -> None:
        """One evaluation of every rule."""
        found: dict[str, tuple[Rule, dict[str, str], float]] = {}

        def say(rule: str, value: float, /, **labels: str) -> None:
            key = fingerprint({"alertname": rule, **labels})
            found[key] = (_BY_NAME[rule], labels, value)

        signals = self._signals
        for service in SERVICES:
            own = {"service": service.name, "team": service.team, "environment": "production"}
            if signals.trouble(service.name, at) is None:
                continue
            if (errors := signals.error_ratio(service.name, at)) > 0.05:
                say("HighErrorRate", errors, **own)
            if (p95 := signals.latency(service.name, 0.95, at)) > 1.0:
                say("HighLatency", p95, **own)
        for host in self._fleet.hosts.values():
            for c in host.containers.values():
                labels = {
                    "name": c.name,
                    "host": host.name,
                    "service": c.service,
                    "environment": host_environment(host.name),
                }
                if c.health == "unhealthy" and c.state == "running":
                    say("ContainerUnhealthy", 0.0, **labels)
                elif c.restarts > 1000:
                    say("ContainerRestarting", 9.0, **labels)
            instance = f"{host.name}:9100"
            if (load := signals.gauge(instance + "load", at, 0.6, 5.2)) > 0.5 * CPUS:
                say("HostLoadHigh", load, instance=instance, job="node")
        for outage in signals.outages:
            if outage.start <= at < outage.until:
                say("TargetDown", 0.0, instance=outage.instance, job="node")
        if (lag := signals.replication_lag(at)) > 30:
            say("PostgresReplicationLag", lag, instance="postgres-2:9187", job="postgres", team="platform")
        self._apply(found, at)

    def _apply(self, found: dict[str, tuple[Rule, dict[str, str], float]], at: float) -> None:
        seen = set()
        for rule, labels, value in found.values():
            alert = self._alert(rule, labels, at, value)
            seen.add(alert.fingerprint)
            known = self.alerts.get(alert.fingerprint)
            if known is None:
                self.alerts[alert.fingerprint] = known = alert
                self.version += 1
            known.value = value
            if not known.fired_at and at - known.active_at >= rule.for_s:
                known.fired_at = at
                known.annotations = alert.annotations
                self.version += 1
        standing = ("Watchdog", "HostDiskFilling", "CertificateExpiry", "BackupTooOld", "ShardLagging")
        for key in [k for k, a in self.alerts.items() if k not in seen and a.rule.name not in standing]:
            self.past.append((self.alerts.pop(key), at))
            self.version += 1

    def churn(self, at: float) -> None:
        """One shard catches up and another falls behind."""
        shards = [k for k, a in self.alerts.items() if a.rule.name == "ShardLagging"] if self._shards else []
        if shards:
            del self.alerts[self._rng.choice(shards)]
            self._shard(at)

    def firing(self) -> list[Alert]:
        return [alert for alert in self.alerts.values() if alert.fired_at]

    def silenced_by(self, alert: Alert, active: list[Silence]) -> list[str]:
        return [s.id for s in active if all(m.matches(alert.labels) for m in s.matchers)]

    def active_silences(self, now: float) -> list[Silence]:
        return [s for s in self.silences.values() if s.state(now) == "active"]

    def inhibitors(self) -> dict[str, str]:
        """Service to the critical alert that inhibits its warnings: the one inhibition rule of the company."""
        critical = (a for a in self.firing() if a.rule.severity == "critical")
        return {a.labels["service"]: a.fingerprint for a in critical if "service" in a.labels}

    def silence(self, silence: Silence, now: float) -> str:
        """Create, or edit the one with its id; returns the id that holds now. Raises KeyError for an unknown id."""
        if silence.id:
            known = self.silences[silence.id]
            if known.state(now) != "expired" and known.matchers == silence.matchers:
                known.starts, known.ends, known.comment, known.by = (
                    silence.starts,
                    silence.ends,
                    silence.comment,
                    silence.by,
                )
                known.updated = now
                self.version += 1
                return known.id
            # Other matchers make another silence, and end the old one.
            self.expire(known.id, now)
        silence.id = self._uuid()
        self.silences[silence.id] = silence
        self.version += 1
        return silence.id

    def expire(self, silence_id: str, now: float) -> None:
        """Raises KeyError for an unknown id."""
        silence = self.silences[silence_id]
        silence.ends = min(silence.ends, now)
        silence.starts = min(silence.starts, silence.ends)
        silence.updated = now
        self.version += 1
