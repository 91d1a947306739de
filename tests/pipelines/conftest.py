"""A world, a clock and a GitHub in memory, and a feed between them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from console.errors import SourceError
from console.pipelines.limits import Governor
from console.pipelines.source import GitHubFeed
from console.settings.model import GitHub
from console.world.feed import Context
from console.world.interest import Interest
from console.world.model import Source
from console.world.report import Report
from console.world.world import World
from tests.clock import FakeClock
from tests.pipelines.github import FakeGitHub
from tests.pipelines.simulation import Shelf, Token


@dataclass
class Bench:
    clock: FakeClock
    github: FakeGitHub
    world: World
    interest: Interest = field(default_factory=Interest)
    shelf: Shelf = field(default_factory=Shelf)
    governor: Governor = field(default_factory=Governor)
    token: str = "ghp_one"
    secrets: list[str] = field(default_factory=list)

    @property
    def context(self) -> Context:
        async def secret(name: str) -> str:
            self.secrets.append(name)
            return self.token

        return Context(self.world, self.interest, self.clock, lambda _: self.shelf, secret)

    def feed(self, *repositories: str, transport: httpx.AsyncBaseTransport | None = None, **settings) -> GitHubFeed:
        async def token(_: GitHub) -> Token:
            return Token(self.token)

        return GitHubFeed(
            GitHub(name="github", repositories=repositories or tuple(self.github.repos), **settings),
            self.context,
            token=token,
            transport=transport or self.github,
            governor=self.governor,
            chance=lambda: 0.5,
        )

    @contextlib.asynccontextmanager
    async def running(
        self, feed: GitHubFeed, seconds: float = 5.0, *, fails: bool = False
    ) -> AsyncIterator[asyncio.Task[None]]:
        """The feed at work for `seconds`; it is ended at the end. What it raised is the test's to look at if `fails`."""
        task = asyncio.create_task(feed.run(Report(self.world, self.clock, feed.name)))
        try:
            await self.clock.advance(seconds)
            yield task
        finally:
            if not task.done():
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError, *([SourceError] if fails else [])):
                await task

    def source(self) -> Source:
        record = self.world.get(Source, "github/github")
        assert record is not None
        return record

    def all(self, topic: str) -> dict[str, object]:
        return dict(self.world._live.get(topic, {}))


@pytest.fixture
def bench() -> Bench:
    clock = FakeClock()
    return Bench(clock, FakeGitHub(clock), World(clock))
