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
        self.errors: Counter[tuple[str, str]] = Counter()
        """Failed tries by (source, kind of error)."""

    def apply(self, wanted: list[Wanted]) -> None:
        """Run exactly these. A feed with an equal key goes on undisturbed; one no longer wanted takes its facts along."""
        names = {w.name for w in wanted}
        for name in [n for n in self._running if n not in names]:
            self._end(name, forget=True)
        for want in wanted:
            running = self._running.get(want.name)
            if running is not None and running[0].key == want.key:
                continue
            if running is not None:
                self._end(want.name, forget=False)
            feed = want.make(self._context)
            task = asyncio.create_task(self._supervise(feed), name=f"feed {want.name}")
            self._running[want.name] = (want, feed, task)

    def reader(self, name: str) -> LogReader | None:
        """The feed of that name, where it can read logs."""
        running = self._running.get(name)
        return running[1] if running is not None and hasattr(running[1], "log") else None  # type: ignore[return-value]  # checked

    @property
    def names(self) -> list[str]:
        return list(self._running)

    async def close(self) -> None:
        """End every feed. The facts stay in the world."""
        tasks = [task for _, _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._running.clear()

    def _end(self, name: str, *, forget: bool) -> None:
        _, feed, task = self._running.pop(name)
        task.cancel()
        if forget:
            feed.forget()
            self._context.world.drop(Source.topic, name)

    async def _supervise(self, feed: Feed) -> None:
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
