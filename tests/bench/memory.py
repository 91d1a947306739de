"""What screen and agent hold with the demo company, after every mode has been shown."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import process
from tests.bench.figure import CannotMeasureError, Figure, Options
from tests.bench.place import ROOT, Place

NAME = "memory"
MODES = "23451"


def measure(options: Options) -> Iterator[Figure]:
    with demo() as company, Place(Path(str(company["settings"])).read_text(), company["environment"]) as place:
        pid = place.agent()
        place.until(lambda records: {s["state"] for s in records("sources")} <= {"ok", "degraded"}, 120.0)
        with place.screen() as terminal:
            terminal.wait(lambda painted: "Fleet 3 hosts" in painted)
            for mode in MODES:
                terminal.press(mode)
                time.sleep(options.window_s(4.0, 1.0))
            time.sleep(options.window_s(30.0, 2.0))
            held = {"screen": process.rss_mb(terminal.pid), "agent": process.rss_mb(pid)}
        records = sum(
            len(place.records(t)) for t in ("containers", "runs", "jobs", "panels", "series", "alerts", "images")
        )
    how = "resident memory (VmRSS) with the demo company, all five modes shown once"
    for who, goal in (("screen", 80), ("agent", 150)):
        yield Figure(
            key=f"{who}.memory", title=f"memory of the {who}", measured=held[who], unit="MB", goal=goal, n=1, how=how,
            facts={"records": records},
        )  # fmt: skip


@contextmanager
def demo() -> Iterator[dict[str, object]]:
    """The demo company's servers, in a process of their own; what they say of themselves."""
    servers = subprocess.Popen(
        [sys.executable, "-m", "console.demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        line = servers.stdout.readline() if servers.stdout else b""
        if not line:
            said = servers.stderr.read().decode(errors="replace").strip().splitlines() if servers.stderr else []
            raise CannotMeasureError(f"the demo company does not start: {said[-1] if said else 'it says nothing'}")
        yield json.loads(line)
    finally:
        servers.terminate()
        servers.wait(10)
        for pipe in (servers.stdout, servers.stderr):
            if pipe:
                pipe.close()
