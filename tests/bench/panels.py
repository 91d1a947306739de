"""An agent asked for panels by a screen, against a Prometheus of its own: its CPU."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from console.client.stream import AgentPort
from console.clock import SystemClock
from tests.bench import process
from tests.bench.figure import CannotMeasureError, Figure, Options
from tests.bench.place import Place
from tests.stack import prometheus
from tests.stack.part import StartError, end

NAME = "panels"
EVERY_S = 5
LINES = (1, 1, 1, 4, 4, 16)
"""Lines of a panel, in turn: single figures, quantiles or hosts, an instance each."""
POINTS = 240


def measure(options: Options) -> Iterator[Figure]:
    if reason := prometheus.PART.missing():
        raise CannotMeasureError(reason)
    with server() as url:
        yield from asked(url, 60, goal=4.0, options=options)
        yield from asked(url, 500, goal=None, options=options)


def asked(url: str, count: int, *, goal: float | None, options: Options) -> Iterator[Figure]:
    window_s = options.window_s()
    with Place(settings(url, count)) as place:
        pid = place.agent()
        place.until(lambda records: len(records("panels")) == count)
        port = AgentPort(place.socket, SystemClock(), topics=frozenset({"sources"}))
        port.start(lambda _: None)
        try:
            port.look(("series", f"p{n}") for n in range(count))
            place.until(lambda records: len(records("series")) == count, 90.0)
            before, cpu = queries(url), process.Window(pid)
            time.sleep(window_s)
            percent, done = cpu.percent(), queries(url) - before
        finally:
            port.close()
        answered = place.records("series")
        points = sum(len(line["points"]) for one in answered for line in one["lines"])  # type: ignore[attr-defined]
        broken = sum(bool(one.get("error")) for one in answered)
    yield Figure(
        key=f"agent.panels_{count}.cpu", title=f"agent: CPU, {count} panels looked at, each asked every {EVERY_S} s",
        measured=percent, unit="%", goal=goal, below=goal is not None, n=round(done),
        how=f"{window_s:g} s against a real Prometheus; 1, 4 or 16 lines of {POINTS} points a panel; n is the queries",
        facts={"queries_a_second": done / window_s, "points": points, "errors": broken},
    )  # fmt: skip


def settings(url: str, count: int) -> str:
    panels = [
        {
            "name": f"p{n}",
            "title": f"Panel {n}",
            "query": query(n, LINES[n % len(LINES)]),
            "range": EVERY_S * POINTS,
            "step": EVERY_S,
        }
        for n in range(count)
    ]
    return json.dumps({"organisation": "bench", "prometheus": [{"url": url}], "panels": panels})


def query(number: int, lines: int) -> str:
    """A query that has every point at once, however young the server is."""
    each = (
        f'label_replace(vector(1) * (time() % {60 + number} + {line}), "instance", "10.0.0.{line}:9100", "", "")'
        for line in range(lines)
    )
    return " or ".join(each)


def queries(url: str) -> float:
    """Queries that the server has answered, from its own page of metrics."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as response:
        rows = response.read().decode().splitlines()
    return sum(
        float(row.split()[-1])
        for row in rows
        if row.startswith("prometheus_http_requests_total") and 'handler="/api/v1/query' in row
    )


@contextlib.contextmanager
def server() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="qd-bench-prometheus-"))
    try:
        url, pid = prometheus.launch(folder, rules="groups: []\n")
    except (StartError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotMeasureError(f"no Prometheus: {error}") from error
    try:
        yield url
    finally:
        end(pid)
        shutil.rmtree(folder, ignore_errors=True)
