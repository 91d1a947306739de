"""A container dies: its row changes, the selection stays on its record, and the badge counts it."""

from __future__ import annotations

import msgspec

from console.fleet.model import Container
from tests.ui import worlds
from tests.ui.console import console


def named(name: str) -> Container:
    return next(r for r in worlds.fleet() if isinstance(r, Container) and r.name == name)


async def test_the_row_changes_and_the_selection_stays():
    async with console(worlds.calm()) as c:
        await c.press("3")
        table = c.screen.pane.table
        table.select(named("web-1").id)
        dying = msgspec.structs.replace(
            named("checkout-1"), state="exited", exit_code=1, health="none", finished_at=worlds.NOW
        )
        await c.put(dying)
        await c.sees("exit 1")
        assert "checkout-1" in c.line("exit 1")
        assert table.selected.name == "web-1"
        assert "Fleet ✖1" in c.line("QUARTERDECK")


async def test_a_container_that_is_gone_leaves_the_list_and_the_selection_falls_on_its_neighbour():
    async with console(worlds.calm()) as c:
        await c.press("3")
        table = c.screen.pane.table
        count = table.total_count
        chosen = table.selected
        c.port.drop(chosen)
        await c.until(lambda: table.total_count == count - 1)
        assert table.selected is not None
        assert table.selected.id != chosen.id


async def test_a_hidden_mode_catches_up_when_it_comes_back():
    async with console(worlds.calm()) as c:
        await c.press("3", "1")
        dying = msgspec.structs.replace(
            named("checkout-1"), state="exited", exit_code=1, health="none", finished_at=worlds.NOW
        )
        await c.put(dying)
        await c.sees("checkout-1 on eu1")
        await c.press("3")
        await c.sees("exit 1")


async def test_its_detail_stays_open_when_it_is_gone():
    async with console(worlds.afternoon()) as c:
        c.app.open_record("containers", worlds.CANARY)
        await c.sees("checkout-canary", "GET /healthz: 503")
        c.port.drop(next(r for r in worlds.fleet() if r.id == worlds.CANARY))
        await c.sees("gone", "GET /healthz: 503")
