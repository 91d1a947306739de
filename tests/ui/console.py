"""A running console on a fake port, for stories: what a test would otherwise repeat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from textual.pilot import Pilot

from console.settings.model import Ui
from console.ui.app import QuarterdeckApp
from console.ui.screens.base import ConsoleScreen
from console.world.model import Record
from tests.clock import FakeClock
from tests.ui import worlds
from tests.ui.port import FakePort

DEADLINE_S = 5.0


@dataclass
class Console:
    app: QuarterdeckApp
    port: FakePort
    pilot: Pilot[None]
    clock: FakeClock

    @property
    def screen(self) -> ConsoleScreen:
        assert isinstance(self.app.screen, ConsoleScreen), self.app.screen
        return self.app.screen

    def text(self) -> str:
        """The picture as plain lines."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    def line(self, word: str) -> str:
        """The first line of the picture with `word` in it."""
        return next((line for line in self.text().splitlines() if word in line), "")

    async def until(self, true: Callable[[], bool], what: str = "") -> None:
        """Wait for a condition, with a deadline that is only met when something is wrong."""
        loop = asyncio.get_running_loop()
        end = loop.time() + DEADLINE_S
        while not true():
            assert loop.time() < end, f"{what or 'it'} did not come true; the screen shows:\n{self.text()}"
            await self.pilot.pause(0.01)

    async def sees(self, *words: str) -> None:
        await self.until(lambda: all(word in self.text() for word in words), f"{words} on the screen")

    async def no_longer_sees(self, word: str) -> None:
        await self.until(lambda: word not in self.text(), f"{word!r} gone from the screen")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def put(self, *records: Record) -> None:
        """Records arrive, and the screen has applied them."""
        before = self.app.deck.version
        self.port.put(*records, at=self.clock.now())
        await self.until(lambda: self.app.deck.version > before, "the batch")
        await self.pilot.pause()


@asynccontextmanager
async def console(
    records: Iterable[Record] | None = None,
    *,
    size: tuple[int, int] = (120, 40),
    ui: Ui | None = None,
    demo: bool = False,
) -> AsyncIterator[Console]:
    """The console, with `records` arrived (none where it is None)."""
    port, clock = FakePort(), FakeClock(worlds.NOW)
    app = QuarterdeckApp(port, clock=clock, ui=ui or Ui(glyphs="unicode"), demo=demo)
    async with app.run_test(size=size, notifications=True) as pilot:
        one = Console(app, port, pilot, clock)
        await one.until(port.started.is_set, "the start of the port")
        if records is not None:
            port.snapshot(records, at=clock.now())
            await one.until(lambda: app.deck.version > 0, "the snapshot")
            await pilot.pause()
        yield one
        port.closed += 1
