"""An agent with 100 containers and nobody looking: its CPU."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench import engine, process
from tests.bench.figure import CannotMeasureError, Figure, Options
from tests.bench.place import Place

NAME = "quiet-agent"


def measure(options: Options) -> Iterator[Figure]:
    window_s = options.window_s()
    with Place() as place:
        pid = place.agent("tests.bench.rooms", "quiet")
        yield figure("made_up", "100 containers of a made-up room", pid, window_s, 100)
    count = options.n(100, 5)
    try:
        with engine.engine() as docker:
            docker.run(count)
            with Place(docker.settings()) as place:
                pid = place.agent()
                place.until(lambda records: len(records("containers")) >= count)
                yield figure("real", f"{count} containers of a real engine", pid, window_s, count)
    except CannotMeasureError as error:
        yield Figure(
            key="agent.quiet.real.cpu",
            title="quiet agent: CPU, 100 containers of a real engine",
            goal=2,
            unit="%",
            below=True,
            missing=str(error),
        )


def figure(key: str, what: str, pid: int, window_s: float, n: int) -> Figure:
    time.sleep(3.0)
    cpu = process.Window(pid)
    time.sleep(window_s)
    return Figure(
        key=f"agent.quiet.{key}.cpu", title=f"quiet agent: CPU, {what}", measured=cpu.percent(), unit="%", goal=2, below=True,
        n=n, how=f"{window_s:g} s, nobody connected; n is the containers", facts={"rss_mb": process.rss_mb(pid)},
    )  # fmt: skip
