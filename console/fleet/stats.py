"""What containers use, streamed only while somebody looks (R45): 100 streams at once load an engine heavily."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import aclosing

from msgspec import Struct

from console.clock import Clock
from console.errors import SourceError
from console.fleet import wire
from console.fleet.client import Engine
from console.fleet.facts import INT_LIMIT
from console.fleet.model import Container, Stats
from console.moment import moment
from console.world.interest import Interest
from console.world.world import World

_log = logging.getLogger(__name__)

STREAMS = 8
"""Containers of one host that are measured at once."""
KEPT = 120
"""Samples kept: two minutes of the engine's one a second."""
AGAIN_S = 5.0
"""Before a stream that broke is tried again."""


class Use(Struct, frozen=True):
    """One sample, as far as it stands for itself."""

    at: float
    cpu_ns: int = 0
    """CPU time since the container's start."""
    memory: int = 0
    limit: int = 0
    rx: int = 0
    tx: int = 0
    read: int = 0
    written: int = 0
    pids: int = 0


class Point(Struct, frozen=True):
    """What happened between two samples."""

    at: float
    cpu: float
    memory: int
    rx: int
    tx: int
    read: int
    written: int


def use(sample: wire.Sample, now: float) -> Use | None:
    """Pure. None for the empty sample that an engine sends of a container that has stopped."""
    cpu = (sample.cpu_stats or wire.Cpu()).cpu_usage or wire.CpuUsage()
    memory = sample.memory_stats or wire.Memory()
    if cpu.total_usage is None or memory.usage is None:
        return None
    detail = memory.stats or {}
    # The page cache that can be had back at once, as `docker stats` leaves it out: cgroup v2, then v1.
    cache = detail.get("inactive_file", detail.get("total_inactive_file", 0))
    blocks = (sample.blkio_stats or wire.BlockUse()).io_service_bytes_recursive or []
    networks = (sample.networks or {}).values()
    return Use(
        at=moment(sample.read) or now,
        cpu_ns=_bounded(cpu.total_usage),
        memory=_bounded(memory.usage - cache if cache < memory.usage else memory.usage),
        # Without a limit the engine gives the machine's memory, and some kernels 2^63.
        limit=_bounded(memory.limit),
        rx=_bounded(sum(n.rx_bytes or 0 for n in networks)),
        tx=_bounded(sum(n.tx_bytes or 0 for n in networks)),
        read=_bounded(sum(b.value or 0 for b in blocks if (b.op or "").lower() == "read")),
        written=_bounded(sum(b.value or 0 for b in blocks if (b.op or "").lower() == "write")),
        pids=_bounded((sample.pids_stats or wire.Pids()).current),
    )


def point(old: Use, new: Use) -> Point | None:
    """Rates between two samples. Pure. None where no time passed between them."""
    seconds = new.at - old.at
    if not 0 < seconds < 3600:
        return None
    return Point(
        at=new.at,
        cpu=round(_since(old.cpu_ns, new.cpu_ns) / seconds / 1e7, 2),
        memory=new.memory,
        rx=int(_since(old.rx, new.rx) / seconds),
        tx=int(_since(old.tx, new.tx) / seconds),
        read=int(_since(old.read, new.read) / seconds),
        written=int(_since(old.written, new.written) / seconds),
    )


def record(container: str, points: deque[Point], last: Use) -> Stats:
    return Stats(
        id=container,
        at=tuple(p.at for p in points),
        cpu=tuple(p.cpu for p in points),
        memory=tuple(p.memory for p in points),
        memory_limit=last.limit,
        network_rx=tuple(p.rx for p in points),
        network_tx=tuple(p.tx for p in points),
        block_read=tuple(p.read for p in points),
        block_write=tuple(p.written for p in points),
        pids=last.pids,
    )


class Watch:
    """Streams the stats of the containers of one host that somebody looks at."""

    def __init__(self, host: str, world: World, interest: Interest, clock: Clock) -> None:
        self._prefix = f"{host}/"
        self._world = world
        self._interest = interest
        self._clock = clock
        self._changed = asyncio.Event()
        self._streams: dict[str, asyncio.Task[None]] = {}
        self._kept: set[str] = set()
        self.full_id: Callable[[str], str] = lambda record_id: record_id.partition("/")[2]
        interest.listen(self.poke)

    def poke(self) -> None:
        """Somebody looks at something else, or a container began or ceased to run."""
        self._changed.set()

    async def run(self, engine: Engine) -> None:
        """Until cancelled. A stream that fails is tried again; the failure of the host is noticed elsewhere."""
        try:
            while True:
                self._changed.clear()
                self._adjust(engine)
                await self._changed.wait()
        finally:
            tasks = list(self._streams.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._streams.clear()

    def forget(self) -> None:
        for container in list(self._kept):
            self._drop(container)

    def _adjust(self, engine: Engine) -> None:
        looked = {i for i in self._interest.wanted("stats") if i.startswith(self._prefix)}
        for container in self._kept - looked:
            self._drop(container)
        for container in [c for c in self._streams if c not in looked or not self._runs(c)]:
            self._streams.pop(container).cancel()
        running = sorted(c for c in looked if c not in self._streams and self._runs(c))
        for container in running[: STREAMS - len(self._streams)]:
            task = asyncio.create_task(self._follow(engine, container), name=f"stats {container}")
            self._streams[container] = task
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        for container in [c for c, t in self._streams.items() if t is task]:
            del self._streams[container]
            self.poke()

    def _runs(self, container: str) -> bool:
        known = self._world.get(Container, container)
        return known is not None and known.state in ("running", "paused")

    def _drop(self, container: str) -> None:
        self._kept.discard(container)
        self._world.drop(Stats.topic, container)

    async def _follow(self, engine: Engine, container: str) -> None:
        points: deque[Point] = deque(maxlen=KEPT)
        last: Use | None = None
        try:
            async with aclosing(engine.stats(self.full_id(container))) as samples:
                async for sample in samples:
                    new = use(sample, self._clock.now())
                    if new is None:
                        continue
                    if last is not None and (step := point(last, new)) is not None:
                        points.append(step)
                        self._kept.add(container)
                        self._world.put(record(container, points, new))
                    last = new
        except SourceError as error:
            # The host's own failure is told by its ping; a container's ends with it. Both come round to here again.
            _log.debug("stats of %s ended: %s", container, error.message)
        await self._clock.sleep(AGAIN_S)


def _since(was: int, now: int) -> int:
    """A counter that went back is a restart: what it counts since then is all there is."""
    return now - was if now >= was else now


def _bounded(value: int | None) -> int:
    return 0 if value is None else max(0, min(value, INT_LIMIT))
