"""What goes to the terminal while time passes: the ages that moved, cell by cell, and nothing else."""

from __future__ import annotations

import pytest
from textual._compositor import CompositorUpdate
from textual.app import App

from console.alerts.model import Alert
from console.fleet.model import Container
from console.pipelines.model import Run
from console.world.model import Source
from tests.ui import worlds
from tests.ui.console import console

A_CELL = 45
"""Bytes at most of one age: to its place, its looks, its text, and back."""


@pytest.fixture
def written(monkeypatch):
    """What would have been written, batch by batch."""
    found: list[str] = []
    display = App._display

    def keep(app, screen, renderable):
        if isinstance(renderable, CompositorUpdate) and not app._batch_count:
            found.append(renderable.render_segments(app.console))
        display(app, screen, renderable)

    monkeypatch.setattr(App, "_display", keep)
    return found


def quiet_world() -> list:
    """Nothing under way, nothing stale: all that moves is a minute."""
    kinds = (Container, Alert)
    calm = [r for r in worlds.afternoon() if isinstance(r, kinds) or (isinstance(r, Source) and r.state == "ok")]
    return [worlds.AGENT, *calm, *(r for r in worlds.pipelines() if isinstance(r, Run) and r.status == "completed")]


async def ticks(c, written, count):
    """The bytes of each of the next ticks, ten seconds apart."""
    found = []
    for _ in range(count):
        written.clear()
        await c.clock.advance(10)
        c.app.tick()
        await c.pilot.pause(0.02)
        found.append(sum(map(len, written)))
    return found


@pytest.mark.parametrize("mode", ["1", "2", "3", "5"])
async def test_between_two_minutes_nothing_is_written(mode, written):
    async with console(quiet_world()) as c:
        await c.press(mode)
        await c.until(lambda: c.app._pause is None)
        await c.pilot.pause(0.1)
        found = await ticks(c, written, 4)
        # The failed run of the overview ended 13:58 ago: that one age moves.
        assert found[0] <= (A_CELL if mode == "1" else 0)
        assert found[1:] == [0, 0, 0]


async def test_a_minute_writes_the_ages_that_moved_and_no_more(written):
    async with console(quiet_world()) as c:
        await c.press("5")
        await c.until(lambda: c.app._pause is None)
        await c.pilot.pause(0.1)
        moving = [a for a in worlds.alerts() if isinstance(a, Alert) and worlds.NOW - a.since < 3600]
        found = await ticks(c, written, 12)
        assert found[:5] == [0] * 5
        assert 0 < found[5] <= A_CELL * len(moving)
        assert found[6:11] == [0] * 5, "what is drawn once is not drawn again"
        assert found[11] == found[5]


async def test_what_is_written_draws_the_same_picture_as_all_of_it(written):
    async with console(quiet_world()) as c:
        await c.press("5")
        await c.until(lambda: c.app._pause is None)
        await c.pilot.pause(0.1)
        line = c.line("CheckoutErrorRate")
        await ticks(c, written, 6)
        assert c.line("CheckoutErrorRate") == line.replace("12m", "13m")
        assert any("13m" in text and "CheckoutErrorRate" not in text for text in written)
