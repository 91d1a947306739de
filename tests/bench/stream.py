"""A client at 500 changes a second: CPU of reading, decoding and keeping the copy, and of the agent that sends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from console.fleet.model import Container
from console.world.model import Line, Page
from console.world.world import PAGE_RECORDS
from tests.bench import process
from tests.bench.figure import CannotMeasureError, Figure, Options, median
from tests.bench.place import ROOT, Place
from tests.bench.reference import loop_s
from tests.bench.rooms import container

NAME = "stream"
RATE = 500


def measure(options: Options) -> Iterator[Figure]:
    window_s = options.window_s()
    yield page(options.n(41, 5))
    with Place(environment={"BENCH_RATE": str(RATE)}) as place:
        agent = place.agent("tests.bench.rooms", "busy")
        alone = share(agent, window_s)
        client = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.stream"], cwd=ROOT, env=place.environment, stdout=subprocess.PIPE
        )
        try:
            if client.stdout is None or client.stdout.readline() != b"live\n":
                raise CannotMeasureError("the client reached no agent")
            first = place.cursor()
            began = time.monotonic()
            windows = process.Window(client.pid), process.Window(agent)
            time.sleep(window_s)
            reading, sending = (window.percent() for window in windows)
            changes = (place.cursor() - first) / (time.monotonic() - began)
        finally:
            client.kill()
            client.wait()
            if client.stdout:
                client.stdout.close()
    how = f"{window_s:g} s at {changes:.0f} changes a second, the real agent, our own client with its copy of the world"
    yield Figure(
        key="stream.client.cpu",
        title=f"client: CPU at {RATE} changes a second",
        measured=reading,
        unit="%",
        n=1,
        how=how,
    )
    yield Figure(
        key="stream.agent.cpu", title="agent: CPU of one more client then", measured=sending - alone, unit="%", n=1, how=how,
        facts={"with_client": sending, "alone": alone},
    )  # fmt: skip


def page(n: int) -> Figure:
    """One page of a snapshot as the reading thread takes it: its line, then each record in it."""
    since = time.time()
    encode = msgspec.json.encode
    lines = tuple(
        Line(Container.topic, one.id, seq, msgspec.Raw(encode(one)))
        for seq, one in enumerate(container(number, since) for number in range(PAGE_RECORDS))
    )
    data = encode(Page("snapshot", "e.1", since, lines))
    ours, loops = [], []
    for _ in range(n):
        loops.append(loop_s())
        began = time.process_time()
        for line in msgspec.json.decode(data, type=Page).records:
            msgspec.json.decode(line.body, type=Container)
        ours.append(time.process_time() - began)
    return Figure(
        key="stream.page.ratio", title="client: decode a page of 250 containers / loop of 100,000 turns",
        measured=median([a / b for a, b in zip(ours, loops, strict=True)]), n=n, how="interleaved pairs, median",
        facts={"page_ms": median(ours) * 1e3, "loop_ms": median(loops) * 1e3, "bytes": len(data)},
    )  # fmt: skip


def share(pid: int, window_s: float) -> float:
    time.sleep(2.0)
    window = process.Window(pid)
    time.sleep(window_s)
    return window.percent()


def read() -> None:
    """What a screen does below its widgets."""
    from console.client.replica import Replica
    from console.client.stream import AgentPort
    from console.clock import SystemClock

    replica, port = Replica(), AgentPort(Path(os.environ["QUARTERDECK_SOCKET"]), SystemClock())
    told: list[bool] = []

    def take(batch) -> None:
        replica.apply(batch)
        if batch.link.state == "live" and not told:
            told.append(True)
            print("live", flush=True)

    port.start(take)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    read()
