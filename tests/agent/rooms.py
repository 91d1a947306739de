"""A room for tests: feeds that do what a test tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

from console.errors import SourceError
from console.fleet.model import Container
from console.settings.model import Settings
from console.world.feed import Context, Wanted
from console.world.model import LogLine
from console.world.report import Report


def container(name: str, host: str = "eu1", **facts: object) -> Container:
    return Container(id=f"{host}/{name}", host=host, name=name, image="acme/web:1", **facts)  # type: ignore[arg-type]


class TestFeed:
    """docker/NAME that puts one container for each name in its image list and then waits."""

    __test__: ClassVar[bool] = False

    def __init__(self, name: str, context: Context, behave: Callable[[TestFeed, Report], object] | None = None) -> None:
        self.name = name
        self.context = context
        self.behave = behave
        self.runs = 0
        self.reading = 0
        """How many read the silent log now."""

    async def run(self, report: Report) -> None:
        self.runs += 1
        if self.behave is not None:
            result = self.behave(self, report)
            if asyncio.iscoroutine(result):
                await result
                return
        host = self.name.partition("/")[2]
        self.context.world.replace("containers", [container("web-1", host)], scope=lambda c: c.host == host)
        report.ok(0.0)
        await asyncio.Event().wait()

    def note_looks(self) -> None:
        """Show what is looked at as the labels of a container."""
        looks = dict.fromkeys(self.context.interest.wanted("stats"), "")
        self.context.world.put(container("looks", labels=looks))

    def forget(self) -> None:
        host = self.name.partition("/")[2]
        self.context.world.replace("containers", [], scope=lambda c: c.host == host)

    async def log(
        self, record_id: str, *, follow: bool, tail: int, since: float | None
    ) -> AsyncIterator[list[LogLine]]:
        if record_id.endswith("/silent"):
            self.reading += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.reading -= 1
                self.context.world.put(container("read", labels={"reading": str(self.reading)}))
        if record_id.endswith("/gone"):
            raise SourceError("There is no such container.", "List them.", kind="missing")
        yield [LogLine(1.0, "stdout", f"line {n}") for n in range(tail or 3)]
        if follow:
            await asyncio.Event().wait()


def wanted(settings: Settings) -> list[Wanted]:
    return [Wanted(f"docker/{h.name}", h, lambda c, n=h.name: TestFeed(f"docker/{n}", c)) for h in settings.docker]
