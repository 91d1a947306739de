"""While nothing changes nothing is drawn; ages in sight tick slowly; many changes are one repaint."""

from __future__ import annotations

import msgspec

from console.client.replica import Batch, Link
from console.fleet.model import Container
from console.ui.app import APPLY_EVERY_S
from tests.ui import worlds
from tests.ui.console import console


async def test_no_timer_runs_where_nothing_in_sight_grows_older():
    async with console([worlds.AGENT, *worlds.panels()]) as c:
        await c.until(lambda: c.app._pause is None, "the end of the pause after a batch")
        assert c.app._ticker is None
        await c.press("4")
        assert c.app._ticker is None


async def test_ages_in_sight_tick_and_stop_ticking_when_they_are_out_of_sight():
    async with console([worlds.AGENT, *worlds.fleet(), *worlds.panels()]) as c:
        await c.press("3")
        assert c.app._ticker is not None
        await c.press("4")
        await c.until(lambda: c.app._ticker is None)


async def test_a_tick_repaints_only_rows_whose_text_moved():
    fleet = [r for r in worlds.fleet() if isinstance(r, Container) and r.state == "running"]
    async with console([worlds.AGENT, *fleet]) as c:
        await c.press("3")
        table = c.screen.pane.table
        await c.sees("12m")
        built = table.strips_built
        await c.clock.advance(10)
        c.app.tick()
        await c.pilot.pause()
        assert table.strips_built == built, "12m is still 12m, 8d is still 8d"
        await c.clock.advance(50)
        c.app.tick()
        await c.sees("13m")
        assert table.strips_built == built + 1


async def test_a_batch_that_changes_nothing_draws_nothing():
    async with console(worlds.afternoon()) as c:
        await c.press("3")
        table, version = c.screen.pane.table, c.app.deck.version
        await c.until(lambda: c.app._pause is None)
        built = table.strips_built
        c.port.put(*worlds.fleet(), at=worlds.NOW)
        await c.until(lambda: not c.app._inbox)
        await c.pilot.pause()
        assert (c.app.deck.version, table.strips_built) == (version, built)


async def test_a_burst_is_applied_in_one_go():
    async with console(worlds.afternoon()) as c:
        await c.until(lambda: c.app._pause is None)
        version = c.app.deck.version
        first = next(r for r in worlds.fleet() if isinstance(r, Container))
        for restarts in range(1, 51):
            changed = msgspec.structs.replace(first, restarts=restarts)
            c.port.deliver(Batch(Link("live", worlds.NOW), records=[("containers", first.id, changed)]))
        await c.until(lambda: c.app.deck.replica.get(Container, first.id).restarts == 50)
        assert c.app.deck.version - version <= 3, f"at most one every {APPLY_EVERY_S} s"


async def test_the_keys_line_is_not_drawn_anew_by_a_batch():
    async with console(worlds.afternoon()) as c:
        await c.press("3")
        content = c.screen._keys._content
        await c.put(msgspec.structs.replace(next(r for r in worlds.fleet() if isinstance(r, Container)), restarts=9))
        assert c.screen._keys._content is content
