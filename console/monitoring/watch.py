"""Asks for what is looked at: a task for each series, one query in flight each, never faster than the scrape interval."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from console.errors import SourceError
from console.monitoring.answer import Answer
from console.monitoring.client import Client, QueryError
from console.monitoring.lanes import GRACE_S, Lanes
from console.monitoring.model import Line, Panel, Series, align, names, period_s, step_of
from console.text import clean
from console.world.feed import Context

KEPT_S = 60.0
"""How long the samples of a panel stay when nobody looks any more: who comes back within a minute sees them at once."""

Wanted = Mapping[str, tuple[Panel, float]]


class Watch:
    def __init__(
        self,
        context: Context,
        client: Client,
        lanes: Lanes,
        wanted: Callable[[], Wanted],
        *,
        interval_s: Callable[[], float],
        now: Callable[[], float],
        asked: dict[str, float],
        slow: set[str],
    ) -> None:
        """`now` is the server's time. `asked` and `slow` outlive this watch: when (monotonic) a series was asked last,
        and which were slow then.
        """
        self._context = context
        self._client = client
        self._lanes = lanes
        self._wanted = wanted
        self._interval_s = interval_s
        self._now = now
        self._asked = asked
        self._slow = slow
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asking: set[str] = set()
        self._left: dict[str, float] = {}
        """When (monotonic) nobody looked at a series any more."""
        self._someone_left = asyncio.Event()

    async def run(self, source: str, looked: asyncio.Event) -> None:
        """Follow `wanted()`, looked at again each time `looked` is set. Raises SourceError when the server fails."""
        for series in self._context.world.all(Series):
            if series.source == source:
                self._leave(series.id)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._drop_left())
            while True:
                looked.clear()
                wanted = self._wanted()
                for series_id in [i for i in self._tasks if i not in wanted]:
                    # A query under way goes on to its end, so that flicking through panels starts none anew.
                    if series_id not in self._asking:
                        self._tasks.pop(series_id).cancel()
                        self._leave(series_id)
                for series_id, (panel, range_s) in wanted.items():
                    self._left.pop(series_id, None)
                    if series_id not in self._tasks:
                        self._tasks[series_id] = group.create_task(self._follow(series_id, panel, range_s))
                await looked.wait()

    async def _follow(self, series_id: str, panel: Panel, range_s: float) -> None:
        clock = self._context.clock
        while True:
            step_s = step_of(panel, range_s, self._interval_s())
            due = self._asked.get(series_id, float("-inf")) + period_s(step_s, self._interval_s(), panel.kind)
            if (wait := due - clock.monotonic()) > 0:
                await clock.sleep(wait)
            await self._lanes.run(
                lambda: self._ask(series_id, panel, range_s, step_s),  # noqa: B023  # awaited before the next turn
                slow=series_id in self._slow,
            )
            if series_id not in self._wanted():
                del self._tasks[series_id]
                self._leave(series_id)
                return

    async def _ask(self, series_id: str, panel: Panel, range_s: float, step_s: int) -> None:
        clock = self._context.clock
        self._asked[series_id] = clock.monotonic()
        self._asking.add(series_id)
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._slow.add(series_id)
        try:
            if panel.kind == "instant":
                answer = await self._client.query(panel.query, self._now())
            else:
                start, end = align(self._now(), range_s, step_s)
                answer = await self._client.query_range(panel.query, start, end, step_s)
            if loop.time() - began < GRACE_S:
                self._slow.discard(series_id)
            self._put(series_id, panel, answer)
        except QueryError as error:
            if error.kind != "timeout":
                self._slow.discard(series_id)
            self._put_error(series_id, panel, error)
        finally:
            self._asking.discard(series_id)

    def _put(self, series_id: str, panel: Panel, answer: Answer) -> None:
        named = names(panel.legend, [line.labels for line in answer.lines], panel.title)
        lines = tuple(
            Line(clean(name, 200), line.labels, line.points) for name, line in zip(named, answer.lines, strict=True)
        )
        old = self._context.world.get(Series, series_id)
        new = Series(
            id=series_id,
            panel=panel.id,
            source=panel.source,
            start=answer.start,
            step_s=answer.step_s,
            lines=lines,
            dropped=answer.dropped,
            warnings=answer.warnings,
            at=self._context.clock.now(),
        )
        if old is not None:
            # A single value that stays the same is no news, whenever it was asked for.
            start = new.start if panel.kind == "instant" else old.start
            if msgspec.structs.replace(old, at=new.at, start=start) == new:
                return
        self._context.world.put(new)

    def _put_error(self, series_id: str, panel: Panel, error: SourceError) -> None:
        # The last samples stay: a graph with its error says more than an empty one.
        old = self._context.world.get(Series, series_id) or Series(id=series_id, panel=panel.id, source=panel.source)
        self._context.world.put(msgspec.structs.replace(old, error=clean(error.message, 500), hint=error.hint))

    # -- when nobody looks any more ----------------------------------------------------------------------------

    def _leave(self, series_id: str) -> None:
        self._left[series_id] = self._context.clock.monotonic()
        self._someone_left.set()

    async def _drop_left(self) -> None:
        clock = self._context.clock
        while True:
            if not self._left:
                self._someone_left.clear()
                await self._someone_left.wait()
                continue
            # No sooner than it might be asked again, or who comes back would find nothing and wait.
            kept_s = max(KEPT_S, self._interval_s())
            await clock.sleep(max(0.1, min(self._left.values()) + kept_s - clock.monotonic()))
            for series_id in [i for i, at in self._left.items() if clock.monotonic() - at >= kept_s]:
                del self._left[series_id]
                self._asked.pop(series_id, None)
                self._slow.discard(series_id)
                self._context.world.drop(Series.topic, series_id)
