"""Figures of the Docker source, measured on a real engine: python -m tests.fleet.figures [SECONDS]

list_ms, list_cpu_ms    one sparse list of the containers, median of 30
first_ms                from the start of a run until every container is in the world
looked_at_ms            and until every one has been inspected once
idle_cpu_percent        of one core, for the feed while nothing happens
death_p50_ms, _p99_ms   from the engine's own time of a death to the record in the world, inspect included
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from console.clock import SystemClock
from console.fleet.client import Engine
from console.fleet.model import Container
from console.fleet.source import DockerFeed
from console.settings.model import DockerHost
from console.world.feed import Context
from console.world.interest import Interest
from console.world.report import Report
from console.world.world import World
from tests.stack.docker import PART, connect


async def measure(containers: int = 100, idle_s: float = 60.0) -> dict[str, float]:
    """On an engine of its own with so many containers, each of which dies in the end."""
    folder = Path(tempfile.mkdtemp(prefix="qd-"))
    engine = PART.start(folder, alone=True)
    hand = connect(folder)
    try:
        ids = [await asyncio.to_thread(_make, hand, engine["image"]) for _ in range(containers)]
        return await _figures(engine["url"], hand, ids, idle_s)
    finally:
        hand.close()
        PART.stop(folder, engine)
        shutil.rmtree(folder, ignore_errors=True)


async def _figures(url: str, hand, ids: list[str], idle_s: float) -> dict[str, float]:
    figures: dict[str, float] = {"containers": len(ids)}
    host, clock = DockerHost(name="a", url=url), SystemClock()
    client = await Engine.connect(host)
    took, spent = [], []
    for _ in range(30):
        began, cpu = time.perf_counter(), time.process_time()
        await client.containers()
        took.append(time.perf_counter() - began)
        spent.append(time.process_time() - cpu)
    await client.close()
    figures |= {"list_ms": 1e3 * median(took), "list_cpu_ms": 1e3 * median(spent)}

    world = World(clock)
    feed = DockerFeed(host, Context(world, Interest(), clock, None, None))
    died: dict[str, float] = {}
    late: dict[str, float] = {}
    heard = feed._heard

    def hear(event):
        if event.action == "die":
            died[f"a/{event.actor.id[:12]}"] = event.time_nano / 1e9
        heard(event)

    def see(record, topic, record_id):
        if topic == "containers" and record is not None and record.state == "exited" and record_id in died:
            late.setdefault(record_id, time.time() - died[record_id])

    feed._heard = hear
    world.listen(see)
    began = time.perf_counter()
    run = asyncio.create_task(feed.run(Report(world, clock, feed.name)))
    try:
        await _until(lambda: len(world.all(Container)) == len(ids))
        figures["first_ms"] = 1e3 * (time.perf_counter() - began)
        await _until(lambda: all(c.started_at for c in world.all(Container)))
        figures["looked_at_ms"] = 1e3 * (time.perf_counter() - began)
        await asyncio.sleep(1)
        cpu, cursor = time.process_time(), world.cursor
        await asyncio.sleep(idle_s)
        figures["idle_cpu_percent"] = 100 * (time.process_time() - cpu) / idle_s
        figures["idle_changes"] = float(world.cursor != cursor)
        for full in ids:
            await asyncio.to_thread(hand.kill, full)
        await _until(lambda: len(late) == len(ids))
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    ordered = sorted(late.values())
    figures["death_p50_ms"] = 1e3 * ordered[len(ordered) // 2]
    figures["death_p99_ms"] = 1e3 * ordered[int(0.99 * (len(ordered) - 1))]
    return figures


def _make(hand, image: str) -> str:
    # Without a network: a hundred interfaces take half a minute and say nothing about us.
    config = hand.create_host_config(network_mode="none")
    made = hand.create_container(image, ["sleep", "100000"], host_config=config)["Id"]
    hand.start(made)
    return made


async def _until(condition) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


if __name__ == "__main__":
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    for name, value in asyncio.run(measure(idle_s=seconds)).items():
        print(f"{name:20} {value:10.3f}")
