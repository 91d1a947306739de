"""Hand-written worlds: an ordinary afternoon at a small company, and one where every text is hostile."""

from __future__ import annotations

import math

from console.alerts.model import Alert, Change, Cluster, Matcher, Silence
from console.fleet.model import Container, Host, Image, Mount, Network, Port, Stats, Volume
from console.monitoring.model import Line, Panel, Rule, Series, Target
from console.pipelines.model import Job, Repository, Run, Step
from console.world.model import Agent, Notice, Record, Source

NOW = 1_790_000_000.0
"""Where the tests' clock stands: 2026-09-21 13:33:20 UTC."""

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

AGENT = Agent(
    id="self", version="0.1.0", mode="personal", organisation="acme", started_at=NOW - 2 * HOUR, pid=4711, host="ops1",
    refuses=("escalation ladder", "schedules", "triggers", "automatic promotion", "response automation",
             "approval by a second person"),
)  # fmt: skip


def sources() -> list[Record]:
    return [
        Source(id="docker/eu1", kind="docker", state="ok", since=NOW - HOUR, detail="API 1.41"),
        Source(id="docker/eu2", kind="docker", state="ok", since=NOW - HOUR, detail="API 1.43"),
        Source(id="docker/us1", kind="docker", state="ok", since=NOW - HOUR, detail="API 1.43"),
        Source(id="github/github", kind="github", state="ok", fresh_s=15, since=NOW - HOUR, detail="61% budget"),
        Source(id="prometheus/main", kind="prometheus", state="ok", fresh_s=15, since=NOW - HOUR),
        Source(
            id="alertmanager/main", kind="alertmanager", state="failed", since=NOW - 42, data_at=NOW - 42, failures=4,
            error="http://10.0.4.7:9093 gave no answer within 5 s", error_kind="timeout",
            hint="Is the Alertmanager up, and may this host reach 10.0.4.7 on port 9093?", retry_at=NOW + 8,
        ),
    ]  # fmt: skip


_SERVICES = (
    ("checkout", "acme/checkout:1.8.4", 3),
    ("search", "acme/search:4.2.0", 2),
    ("web", "acme/web:88.0", 4),
    ("billing", "acme/billing:2.0.6", 2),
    ("postgres", "postgres:16.4", 1),
    ("redis", "redis:7.4-alpine", 1),
    ("edge", "haproxy:3.0", 2),
)
_HOSTS = ("eu1", "eu2", "us1")


def fleet() -> list[Record]:
    records: list[Record] = [
        Host(id=name, name=name, url=f"ssh://deploy@{name}.acme.example", environment=environment, engine="27.3.1",
             api="1.43", os="Debian GNU/Linux 12", architecture="x86_64", cpus=16, memory=64 << 30,
             containers=6, running=5, images=14, swarm="inactive")
        for name, environment in (("eu1", "production"), ("eu2", "production"), ("us1", "staging"))
    ]  # fmt: skip
    n = 0
    for service, image, count in _SERVICES:
        for i in range(count):
            host = _HOSTS[n % 3]
            records.append(
                Container(
                    id=f"{host}/{n:012x}", host=host, name=f"{service}-{i + 1}", image=image, state="running",
                    health="healthy" if service in ("checkout", "web", "search") else "none", project="shop",
                    service=service, created_at=NOW - 9 * DAY, started_at=NOW - 9 * DAY + n * HOUR,
                    ports=(Port(8080, 18080 + n, "0.0.0.0"),) if service in ("web", "edge") else (),
                    networks=("shop_default",), restart_policy="unless-stopped", command="/app/server --port 8080",
                    memory_limit=512 << 20, mounts=(Mount("volume", "shop_data", "/data"),),
                    labels={"com.docker.compose.project": "shop", "com.docker.compose.service": service},
                )
            )  # fmt: skip
            n += 1
    records += [
        Container(
            id="eu2/c0ffee000002", host="eu2", name="checkout-canary", image="acme/checkout:1.9.0", state="running",
            health="unhealthy", project="shop", service="checkout", created_at=NOW - 14 * MINUTE,
            started_at=NOW - 12 * MINUTE, restarts=3, health_log="GET /healthz: 503 Service Unavailable",
            memory_limit=512 << 20, networks=("shop_default",), restart_policy="unless-stopped",
        ),
        Container(
            id="us1/dead00000001", host="us1", name="report-nightly", image="acme/report:0.9.1", state="exited",
            exit_code=137, oom_killed=True, created_at=NOW - 5 * HOUR, started_at=NOW - 5 * HOUR,
            finished_at=NOW - 47 * MINUTE, project="batch", service="report", memory_limit=256 << 20,
        ),
        Container(
            id="us1/dead00000002", host="us1", name="migrate-4410", image="acme/billing:2.0.7", state="exited",
            exit_code=0, created_at=NOW - 3 * HOUR, started_at=NOW - 3 * HOUR, finished_at=NOW - 3 * HOUR + 41,
        ),
        Image(id="eu1/aaaa00000001", host="eu1", tags=("acme/checkout:1.8.4",), size=312 << 20, created_at=NOW - 9 * DAY,
              containers=3),
        Image(id="eu2/aaaa00000002", host="eu2", tags=("acme/checkout:1.9.0",), size=318 << 20, created_at=NOW - HOUR,
              containers=1),
        Image(id="us1/aaaa00000003", host="us1", size=1210 << 20, created_at=NOW - 40 * DAY),
        Network(id="eu1/n1", host="eu1", name="shop_default", driver="bridge", scope="local"),
        Volume(id="eu1/shop_data", host="eu1", name="shop_data", driver="local", mountpoint="/var/lib/docker/volumes/shop_data",
               created_at=NOW - 90 * DAY, containers=3),
    ]  # fmt: skip
    return records


CANARY = "eu2/c0ffee000002"


def stats(container_id: str = CANARY) -> Stats:
    at = tuple(NOW - 120 + 2 * i for i in range(61))
    return Stats(
        id=container_id,
        at=at,
        cpu=tuple(38 + 30 * math.sin(i / 7) + i * 0.3 for i in range(61)),
        memory=tuple((180 << 20) + i * (4 << 20) for i in range(61)),
        memory_limit=512 << 20,
        pids=23,
    )


_RUNS = (
    # repository, number, workflow, title, branch, actor, event, status, conclusion, started, took
    ("acme/web", 8812, "CI", "cart: retry on 409", "main", "li", "push", "in_progress", "", 372, None),
    ("acme/checkout", 5120, "CI", "Round totals half-even", "main", "ana", "push", "completed", "failure", 18 * 60, 242),
    ("acme/checkout", 5119, "deploy", "checkout 1.9.0", "main", "ana", "workflow_dispatch", "waiting", "", 31 * 60, None),
    ("acme/search", 2207, "CI", "Index: skip tombstones when merging segments", "feat/tombstones", "bo", "pull_request",
     "completed", "success", 44 * 60, 391),
    ("acme/search", 2206, "nightly", "nightly", "main", "github-actions[bot]", "schedule", "completed", "success", 6 * 3600, 1804),
    ("acme/billing", 990, "CI", "Bump psycopg from 3.2.1 to 3.2.3", "dependabot/pip/psycopg-3.2.3", "dependabot[bot]",
     "pull_request", "completed", "cancelled", 2 * 3600, 61),
    ("acme/infra", 313, "plan", "eu2: add volume", "eu2-volume", "kim", "pull_request", "queued", "", None, None),
    ("acme/web", 8811, "CI", "cart: extract totals", "main", "li", "push", "completed", "success", 3 * 3600, 512),
)  # fmt: skip


def pipelines() -> list[Record]:
    records: list[Record] = [
        Repository(id=name, source="github", full_name=name, url=f"https://github.com/{name}", default_branch="main")
        for name in ("acme/web", "acme/checkout", "acme/search", "acme/billing", "acme/infra")
    ]
    for i, (repo, number, workflow, title, branch, actor, event, status, conclusion, ago, took) in enumerate(_RUNS):
        started = NOW - ago if ago is not None else None
        created = started if started is not None else NOW - 25
        records.append(
            Run(
                id=f"{repo}/{9000 + i}", repository=repo, run_id=9000 + i, number=number, workflow=workflow, title=title,
                branch=branch, actor=actor, event=event, status=status, conclusion=conclusion, created_at=created,
                started_at=started, updated_at=(started + took) if started and took else created,
                sha="3f2c1ab9d0e1", url=f"https://github.com/{repo}/actions/runs/{9000 + i}",
            )
        )  # fmt: skip
    return records


FAILED_RUN = "acme/checkout/9001"
RUNNING_RUN = "acme/web/9000"


def jobs(run: str = FAILED_RUN) -> list[Record]:
    repo, _, run_id = run.rpartition("/")
    start = NOW - 18 * MINUTE

    def step(number: int, name: str, at: float, took: float, conclusion: str = "success") -> Step:
        return Step(number, name, "completed", conclusion, start + at, start + at + took)

    def job(n: int, name: str, conclusion: str, took: float, *steps: Step) -> Job:
        return Job(
            id=f"{repo}/{n}", repository=repo, run=run, run_id=int(run_id), job_id=n, name=name, status="completed",
            conclusion=conclusion, started_at=start, completed_at=start + took, runner="ubuntu-24.04-4", steps=steps,
            url=f"https://github.com/{repo}/actions/runs/{run_id}/job/{n}",
        )  # fmt: skip

    return [
        job(101, "lint", "success", 41, step(1, "Set up job", 0, 3), step(2, "ruff", 3, 38)),
        job(
            102, "test (3.12, postgres)", "failure", 242,
            step(1, "Set up job", 0, 3), step(2, "Install", 3, 41), step(3, "Run pytest", 44, 191, "failure"),
            step(4, "Post job", 235, 1),
        ),
        job(103, "test (3.11, sqlite)", "success", 220, step(1, "Set up job", 0, 2), step(2, "Run pytest", 45, 170)),
        Job(id=f"{repo}/104", repository=repo, run=run, run_id=int(run_id), job_id=104, name="build", status="completed",
            conclusion="skipped"),
    ]  # fmt: skip


def live_jobs(run: str = RUNNING_RUN) -> list[Record]:
    repo, _, run_id = run.rpartition("/")
    start = NOW - 372
    return [
        Job(
            id=f"{repo}/201", repository=repo, run=run, run_id=int(run_id), job_id=201, name="unit (1)",
            status="in_progress", started_at=start, runner="ubuntu-24.04-2",
            steps=(
                Step(1, "Set up job", "completed", "success", start, start + 4),
                Step(2, "Run vitest", "in_progress", "", start + 4, None),
                Step(3, "Upload coverage", "queued"),
            ),
        ),
    ]  # fmt: skip


_PANELS = (
    ("requests", "Requests", "per_second", "http", 1400.0, 300.0, None, None),
    ("errors", "Error rate", "percent", "http", 0.4, 0.3, 1.0, 5.0),
    ("p95", "Latency p95", "ms", "http", 312.0, 60.0, 500.0, 1000.0),
    ("p50", "Latency p50", "ms", "http", 82.0, 9.0, 250.0, 500.0),
    ("cpu", "CPU in use", "percent", "nodes", 46.0, 22.0, 80.0, 95.0),
    ("memory", "Memory in use", "bytes", "nodes", 38e9, 4e9, None, None),
    ("disk", "Disk free", "percent", "nodes", 31.0, 2.0, 20.0, 10.0),
    ("connections", "Postgres connections", "count", "database", 188.0, 24.0, 180.0, 195.0),
)


def panels() -> list[Record]:
    return [
        Panel(id=name, source="main", title=title, query=f"sum(rate({name}_total[5m]))", unit=unit, group=group, warn=warn,
              fail=fail, below=name == "disk")
        for name, title, unit, group, _, _, warn, fail in _PANELS
    ]  # fmt: skip


def series(seconds: int | None = None) -> list[Record]:
    step = (seconds or 3600) / 120
    records: list[Record] = []
    for k, (name, _, _, _, base, swing, _, _) in enumerate(_PANELS):
        lines = tuple(
            Line(
                host, {"instance": host},
                tuple(base + swing * math.sin(i / (9 + k) + j * 1.3) + swing * 0.2 * math.sin(i * 1.7 + j)
                      for i in range(121)),
            )
            for j, host in enumerate(("eu1", "eu2") if name in ("cpu", "memory") else ("shop",))
        )  # fmt: skip
        error = name == "connections"
        records.append(
            Series(
                id=f"{name}@{seconds}" if seconds else name, panel=name, start=NOW - (seconds or 3600), step_s=step,
                lines=() if error else lines, at=NOW,
                error="parse error: unexpected end of input" if error else "",
                hint="Mend the query in the settings." if error else "",
            )
        )  # fmt: skip
    return records


def monitoring() -> list[Record]:
    return [
        *panels(),
        Rule(id="main/shop.yml/checkout/CheckoutErrorRate/0", source="main", group="checkout", file="shop.yml",
             name="CheckoutErrorRate", state="firing", health="ok", for_s=120, firing=1, active_since=NOW - 12 * MINUTE,
             query='rate(http_requests_total{code=~"5.."}[5m]) > 0.01', labels={"severity": "critical"}),
        Rule(id="main/node.yml/node/DiskFull/0", source="main", group="node", file="node.yml", name="DiskFull", health="err",
             error='parse error: unknown function "predict_liner"', query="predict_liner(node_filesystem_free[4h], 3600)"),
        Rule(id="main/node.yml/node/HighLoad/1", source="main", group="node", file="node.yml", name="HighLoad", health="ok",
             state="inactive", for_s=600, query="node_load5 > 32"),
        Target(id="main/node/http://us1:9100/metrics", source="main", pool="node", job="node", instance="us1:9100",
               url="http://us1:9100/metrics", health="down", error="connect: connection refused", interval_s=15),
        Target(id="main/node/http://eu1:9100/metrics", source="main", pool="node", job="node", instance="eu1:9100",
               url="http://eu1:9100/metrics", health="up", interval_s=15),
    ]  # fmt: skip


def alerts() -> list[Record]:
    def alert(fingerprint: str, name: str, severity: str, since: float, summary: str, **more: object) -> Alert:
        labels = {"alertname": name, "severity": severity, "service": "checkout", "cluster": "eu"}
        return Alert(
            id=f"main/{fingerprint}", cluster="main", fingerprint=fingerprint, name=name, severity=severity,
            since=NOW - since, starts_at=NOW - since, labels=labels, annotations={"summary": summary},
            receivers=("sre-pager",), members=("am-1", "am-2"), **more,
        )  # fmt: skip

    return [
        Cluster(id="main", version="0.27.0", status="ready", peers=2, started_at=NOW - 30 * DAY),
        alert(
            "f1", "CheckoutErrorRate", "critical", 12 * MINUTE, "checkout: 4.1 % of requests fail",
            history=(
                Change(NOW - 40 * MINUTE, "firing", "reported by am-1, am-2"),
                Change(NOW - 31 * MINUTE, "resolved", "Alertmanager and Prometheus agree"),
                Change(NOW - 12 * MINUTE, "firing", "reported by am-1, am-2"),
            ),
            generator_url="http://prometheus.acme.example/graph?g0.expr=checkout",
        ),
        alert("f2", "PostgresConnections", "warning", 47 * MINUTE, "postgres-1 has 94 % of its connections in use"),
        alert("f3", "TargetDown", "warning", 3 * HOUR, "us1:9100 cannot be scraped"),
        alert(
            "f4", "CertificateExpiry", "warning", 2 * DAY, "edge certificate ends in 13 days", state="suppressed",
            silenced_by=("s1",),
        ),
        alert("f5", "QueueDepth", "critical", 3 * MINUTE, "mail queue above 10,000", state="missing",
              why="missing from 2 polls; not yet confirmed absent"),
        Silence(id="main/s1", cluster="main", state="active", matchers=(Matcher("alertname", "CertificateExpiry"),),
                starts_at=NOW - DAY, ends_at=NOW + 6 * DAY, created_by="kim", comment="renewal is booked for Thursday"),
        Silence(id="main/s2", cluster="main", state="expired", matchers=(Matcher("service", "search.*", regex=True),),
                starts_at=NOW - 3 * DAY, ends_at=NOW - DAY, created_by="ana", comment="load test"),
    ]  # fmt: skip


def notices() -> list[Record]:
    return [
        Notice(
            id="settings", level="error", message="quarterdeck.yaml, line 14: panels[2].query: expected `str`, got `int`",
            hint="The last good settings stay in use. Run: quarterdeck config check", since=NOW - 4 * MINUTE,
        ),
    ]  # fmt: skip


def afternoon() -> list[Record]:
    """An ordinary afternoon: one thing broken in each place."""
    return [AGENT, *sources(), *fleet(), *pipelines(), *monitoring(), *alerts(), *notices()]


def calm() -> list[Record]:
    """Nothing is wrong."""
    fine = [
        Source(id="docker/eu1", kind="docker", state="ok", since=NOW - HOUR),
        Source(id="github/github", kind="github", state="ok", fresh_s=15, since=NOW - HOUR),
    ]
    return [
        AGENT,
        *fine,
        *(r for r in fleet() if isinstance(r, Host) or (isinstance(r, Container) and r.health == "healthy")),
    ]


HOSTILE = "[bold red]\x1b[2J\x1b]0;owned\x07 [/] 你好 👩‍👩‍👧 \u202eevil \u200b [@click=app.quit]x[/] \\[ $ok"
"""Markup, escapes, wide and joined characters, a bidirectional override: what a peer may put into a name."""


def hostile() -> list[Record]:
    """Texts as a careless source would let them through; a screen must not trust the door before it either."""
    return [
        AGENT,
        Source(id="docker/eu1", kind="docker", state="failed", since=NOW - 5, error=HOSTILE, hint=HOSTILE, error_kind="protocol"),
        Notice(id="n", level="warning", message=HOSTILE, hint=HOSTILE, since=NOW - 9),
        Container(id="eu1/h", host="eu1", name=HOSTILE, image=HOSTILE, state="exited", exit_code=1, project=HOSTILE,
                  service=HOSTILE, labels={HOSTILE: HOSTILE}, command=HOSTILE, health_log=HOSTILE, finished_at=NOW - 4),
        Run(id="a/b/1", repository="a/b", run_id=1, number=1, workflow=HOSTILE, title=HOSTILE, branch=HOSTILE, actor=HOSTILE,
            status="completed", conclusion="failure", created_at=NOW - 60, started_at=NOW - 60, updated_at=NOW - 30),
        Job(id="a/b/2", repository="a/b", run="a/b/1", run_id=1, job_id=2, name=HOSTILE, status="completed",
            conclusion="failure", started_at=NOW - 60, completed_at=NOW - 30,
            steps=(Step(1, HOSTILE, "completed", "failure", NOW - 60, NOW - 30),)),
        Panel(id="p", source="main", title=HOSTILE, query=HOSTILE, unit=HOSTILE, group=HOSTILE),
        Series(id="p", panel="p", start=NOW - 60, step_s=30, lines=(Line(HOSTILE, {}, (1.0, 2.0, None)),), warnings=(HOSTILE,)),
        Alert(id="m/1", cluster="m", fingerprint="1", name=HOSTILE, severity="critical", since=NOW - 60,
              labels={"alertname": HOSTILE}, annotations={"summary": HOSTILE, HOSTILE: HOSTILE}),
    ]  # fmt: skip
