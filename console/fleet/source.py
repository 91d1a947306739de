"""A Docker host as a feed: one sparse list, then the engine's events say what to look at again.

Events are hints and never facts: each leads to an inspect of what it names, so that a lost or repeated one does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

import msgspec

from console.errors import SourceError
from console.fleet import facts, logs, uses, wire
from console.fleet.client import Engine
from console.fleet.model import Container, Host, Image, Network, Volume
from console.fleet.stats import Watch
from console.settings.model import DockerHost
from console.world.feed import Context
from console.world.model import LogLine
from console.world.report import Report

R = TypeVar("R", bound=Container | Image | Network | Volume)

PING_S = 10.0
"""Between two pings: a hung engine leaves its stream of events open and quiet for ever."""
RELIST_S = 300.0
"""Between two full lists while all is well: an engine keeps only its last 256 events, so some may be lost."""
SETTLE_S = 0.2
"""Lists of images, networks and volumes wait for the last of a burst of events: a Compose project makes dozens."""
ENRICHING = 3
"""Inspects of the first list at once; one thread of the lane stays free for events."""
_LISTS = ("image", "network", "volume", "daemon")


class DockerFeed:
    """Feed and LogReader of one Docker host."""

    def __init__(self, host: DockerHost, context: Context) -> None:
        self.name = f"docker/{host.name}"
        self._host = host
        self._world = context.world
        self._clock = context.clock
        self._engine: Engine | None = None
        self._info = wire.Info()
        self._ids: dict[str, str] = {}
        """Record id to the engine's full id."""
        self._last_event: int | None = None
        self._touched: set[str] = set()
        """Full ids that an event named since the last list was asked for: the list may be older than they are."""
        self._urgent: dict[str, None] = {}
        self._pending: dict[str, None] = {}
        self._busy: set[str] = set()
        self._work = asyncio.Event()
        self._stale: set[str] = set()
        self._relist = asyncio.Event()
        self._notes: dict[str, str] = {}
        self._destroyed: set[str] = set()
        """Containers that went since the last whole list; an id never comes back."""
        self._watch = Watch(host.name, context.world, context.interest, context.clock)
        self._watch.full_id = lambda record_id: self._ids.get(record_id, record_id.partition("/")[2])

    # -- Feed ------------------------------------------------------------------------------------------------------

    async def run(self, report: Report) -> None:
        engine = await Engine.connect(self._host)
        self._engine = engine
        for left in (self._touched, self._urgent, self._pending, self._busy, self._stale, self._notes):
            left.clear()
        try:
            flowing = asyncio.Event()
            parts: list[Callable[[], Awaitable[None]]] = [
                lambda: self._follow_events(engine, flowing),
                lambda: self._lists(engine, report, flowing),
                lambda: self._pings(engine, report),
                lambda: self._watch.run(engine),
                engine.gone,
                *[lambda: self._inspects(engine, urgent_only=False)] * ENRICHING,
                lambda: self._inspects(engine, urgent_only=True),
            ]
            await _together(parts)
        finally:
            self._engine = None
            await engine.close()

    def forget(self) -> None:
        kinds: tuple[type[Container | Image | Network | Volume], ...] = (Container, Image, Network, Volume)
        for kind in kinds:
            for record in self._mine(kind):
                self._world.drop(kind.topic, record.id)
        self._world.drop(Host.topic, self._host.name)
        self._watch.forget()

    # -- LogReader -------------------------------------------------------------------------------------------------

    async def log(
        self, record_id: str, *, follow: bool, tail: int, since: float | None
    ) -> AsyncGenerator[list[LogLine], None]:
        engine = self._engine
        if engine is None:
            raise SourceError(
                f"Docker host {self._host.name} is not connected: its logs cannot be read",
                "See why with `quarterdeck doctor`.",
                kind="unreachable",
            )
        full = self._ids.get(record_id, record_id.partition("/")[2])
        batches = logs.read(engine, self._clock, full, follow=follow, tail=tail, since=since)
        async with aclosing(batches):
            async for batch in batches:
                yield batch

    # -- the parts of a run ----------------------------------------------------------------------------------------

    async def _follow_events(self, engine: Engine, flowing: asyncio.Event) -> None:
        async with aclosing(engine.events(self._last_event, flowing.set)) as events:
            async for event in events:
                self._last_event = event.time_nano or self._last_event
                self._heard(event)

    async def _lists(self, engine: Engine, report: Report, flowing: asyncio.Event) -> None:
        """Everything once; then what events have made stale, and everything again from time to time."""
        await flowing.wait()
        await self._list_containers(engine, first=True)
        self._stale.update(_LISTS)
        await self._list_stale(engine)
        self._ok(engine, report)
        again = asyncio.create_task(self._every(RELIST_S))
        try:
            while True:
                await self._relist.wait()
                self._relist.clear()
                await self._clock.sleep(SETTLE_S)
                if "container" in self._stale:
                    self._stale.discard("container")
                    await self._list_containers(engine)
                await self._list_stale(engine)
                self._ok(engine, report)
        finally:
            again.cancel()

    async def _every(self, seconds: float) -> None:
        while True:
            await self._clock.sleep(seconds)
            self._stale.update(("container", *_LISTS))
            self._relist.set()

    async def _pings(self, engine: Engine, report: Report) -> None:
        while True:
            await self._clock.sleep(PING_S)
            await engine.ping()
            if report.record.state in ("ok", "degraded"):
                self._ok(engine, report)

    async def _inspects(self, engine: Engine, *, urgent_only: bool) -> None:
        """Look at one container after the other: those that events named first, then those only listed so far."""
        while True:
            full = self._next(urgent_only=urgent_only)
            if full is None:
                self._work.clear()
                await self._work.wait()
                continue
            self._busy.add(full)
            try:
                await self._inspect(engine, full)
            finally:
                self._busy.discard(full)
                if full in self._urgent or full in self._pending:
                    self._work.set()

    # -- inside ----------------------------------------------------------------------------------------------------

    def _heard(self, event: wire.Event) -> None:
        actor = event.actor or wire.Actor()
        action = (event.action or "").partition(":")[0]
        match event.type:
            case "container" if actor.id:
                self._touched.add(actor.id)
                if action == "destroy":
                    self._gone(actor.id)
                elif action in _CHANGES:
                    self._look(actor.id)
            case "network" if action in ("connect", "disconnect"):
                if container := (actor.attributes or {}).get("container"):
                    self._touched.add(container)
                    self._look(container)
            case "image" | "network" | "daemon":
                self._stale.add(event.type)
                self._relist.set()
            case "volume" if action not in ("mount", "unmount"):
                self._stale.add("volume")
                self._relist.set()

    def _look(self, full: str) -> None:
        self._pending.pop(full, None)
        self._urgent[full] = None
        self._work.set()

    def _next(self, *, urgent_only: bool) -> str | None:
        """The next container nobody is busy with: events coalesce while one is looked at."""
        for waiting in (self._urgent,) if urgent_only else (self._urgent, self._pending):
            for full in waiting:
                if full not in self._busy:
                    del waiting[full]
                    return full
        return None

    async def _inspect(self, engine: Engine, full: str) -> None:
        try:
            seen = await engine.inspect(full)
        except SourceError as error:
            if error.kind not in ("timeout", "failed"):
                raise
            # An engine can hang on one container and serve the rest; whether it hangs as a whole the ping says.
            self._notes[full] = error.message
            return
        self._notes.pop(full, None)
        if seen is None:
            self._gone(full)
            return
        if full in self._destroyed:
            # It went while it was looked at: the answer is older than the event that took it away.
            return
        record = facts.inspected(self._host.name, seen)
        known = self._world.get(Container, record.id)
        self._ids[record.id] = full
        self._world.put(record)
        if known is None or (known.state, known.image_id, known.mounts) != (
            record.state,
            record.image_id,
            record.mounts,
        ):
            self._counted()

    def _gone(self, full: str) -> None:
        record_id = facts.record_id(self._host.name, full)
        self._destroyed.add(full)
        for left in (self._urgent, self._pending, self._notes):
            left.pop(full, None)
        self._ids.pop(record_id, None)
        if self._world.drop(Container.topic, record_id):
            self._counted()

    async def _list_containers(self, engine: Engine, *, first: bool = False) -> None:
        """The first list of a run has every container looked at once, a later one only what an event did not tell."""
        self._touched.clear()
        self._destroyed.clear()
        found = await engine.containers()
        host = self._host.name
        here = set()
        for one in found:
            record_id = facts.record_id(host, one.id)
            here.add(record_id)
            if one.id in self._touched:
                continue
            self._ids[record_id] = one.id
            changed = self._world.put(facts.listed(host, one, self._world.get(Container, record_id)))
            if first or changed:
                self._pending[one.id] = None
        touched = {facts.record_id(host, full) for full in self._touched}
        for record in self._mine(Container):
            if record.id not in here and record.id not in touched:
                self._gone(self._ids.get(record.id, record.id.partition("/")[2]))
        self._counted()
        self._work.set()

    async def _list_stale(self, engine: Engine) -> None:
        stale, self._stale = self._stale, set()
        host = self._host.name
        if "daemon" in stale or "image" in stale:
            self._info = await engine.info()
        if "image" in stale:
            images = [facts.image(host, one) for one in await engine.images()]
            used = uses.of(self._mine(Container))
            self._world.replace(Image.topic, uses.counted(images, used), scope=lambda r: r.host == host)
        if "network" in stale:
            networks = [facts.network(host, one) for one in await engine.networks()]
            self._world.replace(Network.topic, networks, scope=lambda r: r.host == host)
        if "volume" in stale:
            volumes = [facts.volume(host, one) for one in await engine.volumes()]
            used = uses.of(self._mine(Container))
            self._world.replace(Volume.topic, uses.counted(volumes, used), scope=lambda r: r.host == host)
        self._counted()

    def _counted(self) -> None:
        """What follows from the containers: the host's counts, and who uses which image and volume."""
        host = self._host.name
        mine = self._mine(Container)
        api = self._engine.api if self._engine is not None else ""
        base = facts.host_facts(host, facts.shown_url(self._host.url), self._host.environment, api, self._info)
        running = sum(c.state in ("running", "paused") for c in mine)
        self._world.put(msgspec.structs.replace(base, containers=len(mine), running=running))
        used = uses.of(mine)
        for image in uses.counted(self._mine(Image), used):
            self._world.put(image)
        for volume in uses.counted(self._mine(Volume), used):
            self._world.put(volume)
        self._watch.poke()

    def _mine(self, kind: type[R]) -> list[R]:
        return [record for record in self._world.all(kind) if record.host == self._host.name]

    def _ok(self, engine: Engine, report: Report) -> None:
        report.ok(0.0, detail=f"API {engine.api}", notes=tuple(sorted(self._notes.values())[:5]))


_CHANGES = frozenset(
    {"create", "start", "restart", "die", "oom", "pause", "unpause", "rename", "update", "health_status"}
)


async def _together(parts: list[Callable[[], Awaitable[None]]]) -> None:
    """Run all until one fails; raise its exception alone, which a TaskGroup would wrap."""
    tasks = [asyncio.ensure_future(part()) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
