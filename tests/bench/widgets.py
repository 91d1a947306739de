"""The table and the chart, headless: as ratios to what costs the same on any machine."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator

from console.ui.widgets.chart import BrailleChart, ChartLine
from tests.bench.figure import Figure, Options, median
from tests.bench.reference import loop_s
from tests.ui.widgets.bare import NOW, Bare, table, thing, things

NAME = "widgets"
SIZE = (200, 60)


def measure(options: Options) -> Iterator[Figure]:
    figures = asyncio.run(_measure(options.n(15, 3), options.n(5, 1)))
    yield from figures


async def _measure(n: int, fills: int) -> list[Figure]:
    where = f"headless, {SIZE[0]}x{SIZE[1]}"
    rows = things(100_000)
    shown = table()
    async with Bare(shown).run_test(size=SIZE) as pilot:

        async def fill() -> None:
            shown.set_rows([])
            await pilot.pause()
            began = time.process_time()
            shown.set_rows(rows)
            await pilot.pause()
            spent.append(time.process_time() - began)

        spent: list[float] = []
        loops = [await _pair(fill) for _ in range(fills)]
        ratio = median(spent) / median(loops)
        filled = Figure(
            key="table.fill_100k.ratio", title="table: fill 100,000 rows / loop of 100,000 turns", measured=ratio, n=fills,
            how=f"{where}; medians, interleaved", facts={"fill_ms": median(spent) * 1e3, "loop_ms": median(loops) * 1e3},
        )  # fmt: skip

        shown.set_rows(things(5_000))
        await pilot.pause()
        change, refresh = [], []
        for turn in range(n):
            changed = {
                f"t{k:06}": thing(k, cpu=float(turn + 1), memory=turn * 1_000_003) for k in range(turn % 50, 5_000, 50)
            }
            change.append(await _cpu(lambda changed=changed: shown.apply(changed), pilot.pause))
            refresh.append(await _cpu(shown.refresh, pilot.pause))
        updated = Figure(
            key="table.change_100.ratio", title="table: 100 of 5,000 rows changed / a bare refresh",
            measured=median([a / b for a, b in zip(change, refresh, strict=True)]), n=n, how=f"{where}; pairs, median",
            facts={"change_ms": median(change) * 1e3, "refresh_ms": median(refresh) * 1e3},
        )  # fmt: skip
    return [filled, updated, await _chart(n, where)]


async def _chart(n: int, where: str) -> Figure:
    chart = BrailleChart(title="requests")
    drawn, loops = [], []
    async with Bare(chart).run_test(size=SIZE) as pilot:
        for turn in range(n):
            lines = [
                ChartLine(f"web-{k}", [math.sin((i + turn) / 9 + k) * 50 + 60 for i in range(240)]) for k in range(8)
            ]
            drawn.append(
                await _cpu(
                    lambda lines=lines, turn=turn: chart.show(lines, start=NOW + turn, step_s=15.0, unit="per_second"),
                    pilot.pause,
                )
            )
            loops.append(loop_s())
    return Figure(
        key="chart.full.ratio", title="chart: full screen, 8 lines of 240 points / loop of 100,000 turns",
        measured=median([a / b for a, b in zip(drawn, loops, strict=True)]), n=n, how=f"{where}; pairs, median",
        facts={"chart_ms": median(drawn) * 1e3, "loop_ms": median(loops) * 1e3},
    )  # fmt: skip


async def _cpu(work: Callable[[], object], settle: Callable[[], Awaitable[object]]) -> float:
    """Seconds of CPU until what `work` asks for has been painted."""
    began = time.process_time()
    work()
    await settle()
    return time.process_time() - began


async def _pair(work: Callable[[], Awaitable[None]]) -> float:
    await work()
    return loop_s()
