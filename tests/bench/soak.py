"""Memory of agent and screen while very much changes, for as long as `--soak` says: does it stay?"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from tests.bench import process
from tests.bench.figure import Figure, Options, slope
from tests.bench.place import Place

NAME = "soak"
RATE = 500
"""Changes a second: ten times a busy company's 50 (1,000 containers, 60 panels each 5 s, alerts that come and go)."""
SAMPLE_S = 5.0
MODES = "2345"
MODE_S = 15.0
TEN_MINUTES_S = 600.0


def measure(options: Options) -> Iterator[Figure]:
    samples: list[tuple[float, float, float]] = []
    with Place(environment={"BENCH_RATE": str(RATE)}) as place:
        agent = place.agent("tests.bench.rooms", "busy")
        with place.screen() as terminal:
            terminal.wait(lambda painted: "3 hosts" in painted)
            began = time.monotonic()
            cpu = process.Window(agent), process.Window(terminal.pid)
            modes, next_mode = itertools.cycle(MODES + "1"), began + MODE_S
            first = place.cursor()
            while (elapsed := time.monotonic() - began) < options.soak_s:
                samples.append((elapsed, process.rss_mb(agent), process.rss_mb(terminal.pid)))
                if time.monotonic() >= next_mode:
                    terminal.press(next(modes))
                    next_mode += MODE_S
                time.sleep(min(SAMPLE_S, options.soak_s / 20))
            changes = (place.cursor() - first) / (time.monotonic() - began)
            shares = [window.percent() for window in cpu]
            written = terminal.bytes
    half = [s for s in samples if s[0] >= options.soak_s / 2]
    long_enough = options.soak_s >= TEN_MINUTES_S
    how = f"{options.soak_s:g} s at {changes:.0f} changes a second, a mode every {MODE_S:g} s; least squares over the second half"
    for who, at, share in (("agent", 1, shares[0]), ("screen", 2, shares[1])):
        yield Figure(
            key=f"{who}.soak.slope", title=f"soak: memory of the {who} grows, in 10 min",
            measured=slope([(s[0], s[at]) for s in half]) * TEN_MINUTES_S, unit="MB",
            goal=2 if long_enough else None, below=True, n=len(half),
            how=how if long_enough else f"{how}; too short for a verdict, use --soak 600",
            facts={"first_mb": samples[0][at], "last_mb": samples[-1][at], "most_mb": max(s[at] for s in samples),
                   "cpu_percent": share, "changes_a_second": changes, "pty_bytes_a_second": written / options.soak_s},
        )  # fmt: skip
