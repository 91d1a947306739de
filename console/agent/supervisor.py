"""Every feed in a task of its own: none can block another, and one that fails is tried again, later each time."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable

from console.errors import ConsoleError, SourceError
from console.world.feed import Context, Feed, LogReader, Wanted
from console.world.model import Source, backoff_s
from console.world.report import Report

log = logging.getLogger("quarterdeck.supervisor")


END_S = 1.5
"""How long a feed may take to close what it has open; the agent itself has 5 s to end."""


class Supervisor:
    def __init__(
        self,
        context: Context,
        *,
        jitter: Callable[[], float] = random.random,
        data_at: Callable[[str], float | None] = lambda _: None,
    ) -> None:
        self._context = context
        self._jitter = jitter
        self._data_at = data_at
        self._running: dict[str, tuple[Wanted, Feed, asyncio.Task[None]]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self.errors: Counter[tuple[str, str]] = Counter()
        """Failed tries by (source, kind of error)."""

    def apply(self, wanted: list[Wanted]) -> None:
        """Run exactly these. A feed with an equal key goes on undisturbed; one no longer wanted takes its facts along."""
        names = {w.name for w in wanted}
        for name in [n for n in self._running if n not in names]:
            _, feed, task = self._running.pop(name)
            self._leave(asyncio.create_task(self._forget(feed, task), name=f"forget {name}"))
        for want in wanted:
            old = self._running.get(want.name)
            if old is not None and old[0].key == want.key:
                continue
            try:
                feed = want.make(self._context)
            except Exception as error:
                # One source that cannot even be made stops no other.
                log.exception("source cannot be made", extra={"source": want.name})
                Report(self._context.world, self._context.clock, want.name).failed(error, 0.0)
                continue
            before = old[2] if old is not None else None
            task = asyncio.create_task(self._supervise(feed, before), name=f"feed {want.name}")
            self._running[want.name] = (want, feed, task)

    def reader(self, name: str) -> LogReader | None:
        """The feed of that name, where it can read logs."""
        running = self._running.get(name)
        return running[1] if running is not None and hasattr(running[1], "log") else None  # type: ignore[return-value]  # checked

    @property
    def names(self) -> list[str]:
        return list(self._running)

    async def close(self) -> None:
        """End every feed, within END_S. The facts stay in the world."""
        tasks = [*(task for _, _, task in self._running.values()), *self._leaving]
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=END_S)
            for task in late:
                log.warning("a source did not end in time", extra={"source": task.get_name()})
        self._running.clear()

    def _leave(self, task: asyncio.Task[None]) -> None:
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _forget(self, feed: Feed, task: asyncio.Task[None]) -> None:
        """End a feed whole before its facts go: what it still has under way would put them back."""
        task.cancel()
        await asyncio.wait({task}, timeout=END_S)
        feed.forget()
        self._context.world.drop(Source.topic, feed.name)

    async def _supervise(self, feed: Feed, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            before.cancel()
            await asyncio.wait({before}, timeout=END_S)
        report = Report(self._context.world, self._context.clock, feed.name, data_at=self._data_at(feed.name))
        while True:
            try:
                await feed.run(report)
            except ConsoleError as error:
                failure: Exception = error
                log.warning("source failed", extra={"source": feed.name, "error": error.message})
            except Exception as error:
                # A mistake of ours in one feed must stop no other; the log has its trace.
                failure = error
                log.exception("source broke", extra={"source": feed.name})
            else:
                failure = SourceError("The source ended by itself.", kind="protocol")
            kind = failure.kind if isinstance(failure, SourceError) else type(failure).__name__
            self.errors[feed.name, kind] += 1
            asked = failure.retry_after_s if isinstance(failure, SourceError) else None
            wait = max(backoff_s(report.record.failures + 1, self._jitter()), asked or 0.0)
            report.failed(failure, wait)
            await self._context.clock.sleep(wait)
