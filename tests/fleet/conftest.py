"""A feed of one Docker host in a world of its own, and containers that are gone after the test."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.fleet.model import Container
from console.fleet.source import DockerFeed
from console.settings.model import DockerHost, Seconds
from console.world.feed import Context
from console.world.interest import Interest
from console.world.report import Report
from console.world.world import World
from tests.clock import FakeClock
from tests.stack import have
from tests.stack.docker import connect


@dataclass
class Kit:
    """A world with one Docker feed in it."""

    host: DockerHost
    clock: SystemClock | FakeClock
    world: World = field(init=False)
    interest: Interest = field(default_factory=Interest)
    feed: DockerFeed = field(init=False)
    report: Report = field(init=False)

    def __post_init__(self):
        self.world = World(self.clock)
        self.feed = DockerFeed(self.host, Context(self.world, self.interest, self.clock, None, None))
        self.report = Report(self.world, self.clock, self.feed.name)

    @contextlib.asynccontextmanager
    async def running(self):
        """The feed's run under way; yields its task once the first list is in the world."""
        self.report = Report(self.world, self.clock, self.feed.name)
        task = asyncio.create_task(self.feed.run(self.report))
        try:
            await self.until(lambda: self.report.record.state == "ok" or task.done())
            if task.done():
                task.result()
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, condition, within_s: float = 20.0):
        """Return what `condition()` says as soon as it says anything; look again at every change of the world."""
        async with asyncio.timeout(within_s):
            while not (found := condition()):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.world.changed(self.world.cursor), 0.2)
            return found

    def container(self, full_id: str) -> Container | None:
        return self.world.get(Container, f"{self.host.name}/{full_id[:12]}")

    async def fails(self):
        """The error that a run ends with."""
        task = asyncio.create_task(self.feed.run(self.report))
        done, _ = await asyncio.wait([task], timeout=30)
        if not done:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            pytest.fail("the run did not end")
        error = task.exception()
        assert error is not None
        return error


def kit(url: str, *, clock=None, timeout_s: float = 10, **host) -> Kit:
    return Kit(DockerHost(name="a", url=url, timeout=Seconds(timeout_s), **host), clock or SystemClock())


class Hand:
    """The tests' own hand on an engine: makes containers and removes them."""

    def __init__(self, folder: Path) -> None:
        self.api = connect(folder)
        self._made: list[str] = []

    async def make(self, *command: str, start: bool = True, limits: dict | None = None, **more) -> str:
        return await asyncio.to_thread(self._make, command, start, limits, more)

    def _make(self, command, start, limits, more) -> str:
        name = f"t-{uuid.uuid4().hex[:10]}"
        config = self.api.create_host_config(**(limits or {}))
        made = self.api.create_container("quarterdeck-test:1", list(command), name=name, host_config=config, **more)
        self._made.append(made["Id"])
        if start:
            self.api.start(made["Id"])
        return made["Id"]

    async def do(self, what: str, *args, **more):
        return await asyncio.to_thread(getattr(self.api, what), *args, **more)

    def close(self) -> None:
        from docker.errors import NotFound

        for container in self._made:
            with contextlib.suppress(NotFound):
                self.api.remove_container(container, force=True, v=True)
        self.api.close()


@pytest.fixture
def docker():
    return have("docker")


@pytest.fixture
def hand(docker):
    hand = Hand(Path(docker["url"].removeprefix("unix://")).parent)
    yield hand
    hand.close()
