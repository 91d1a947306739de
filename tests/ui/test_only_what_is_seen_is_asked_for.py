"""R45: panels are looked at only while they are in sight, a container's stats only while its detail is open."""

from __future__ import annotations

from console.monitoring.model import Panel
from tests.ui import worlds
from tests.ui.console import console


def many(count: int) -> list[Panel]:
    return [Panel(id=f"p{i:03}", source="main", title=f"Panel {i}", query="up") for i in range(count)]


async def test_the_overview_looks_at_its_strip_and_other_modes_at_nothing():
    async with console([worlds.AGENT, *many(60)]) as c:
        assert c.port.looked == {("series", f"p{i:03}") for i in range(4)}
        await c.press("3")
        await c.until(lambda: c.port.looked == frozenset())


async def test_metrics_looks_at_the_page_in_sight_and_moves_with_it():
    async with console([worlds.AGENT, *many(60)], size=(80, 24)) as c:
        await c.press("4")
        await c.until(lambda: len(c.port.looked) > 0)
        first = c.port.looked
        assert len(first) < 10
        assert ("series", "p000") in first
        await c.press("pagedown")
        await c.until(lambda: c.port.looked != first)
        assert ("series", "p000") not in c.port.looked
        await c.press("1", "3")
        await c.until(lambda: c.port.looked == frozenset())


async def test_a_group_of_its_own():
    async with console(worlds.afternoon()) as c:
        await c.press("4", "right_square_bracket", "right_square_bracket")
        await c.until(lambda: c.port.looked == {("series", "cpu"), ("series", "memory"), ("series", "disk")})


async def test_a_panel_is_looked_at_over_its_own_range():
    async with console(worlds.afternoon()) as c:
        c.app.open_record("panels", "p95")
        await c.until(lambda: c.port.looked == {("series", "p95@3600")})
        await c.press("minus")
        await c.until(lambda: c.port.looked == {("series", "p95@21600")})
        await c.press("plus", "plus")
        await c.until(lambda: c.port.looked == {("series", "p95@900")})
        await c.press("plus")
        assert c.port.looked == {("series", "p95@900")}, "there is no shorter one"
        await c.press("escape")
        await c.until(lambda: ("series", "p95@900") not in c.port.looked)


async def test_the_stats_of_a_container_only_while_it_is_open():
    async with console(worlds.afternoon()) as c:
        await c.press("3")
        await c.until(lambda: c.port.looked == frozenset())
        await c.press("enter")
        await c.until(lambda: c.port.looked == {("stats", worlds.CANARY)})
        await c.press("escape")
        await c.until(lambda: c.port.looked == frozenset())


async def test_a_panel_that_fails_says_so_on_itself():
    async with console([*worlds.afternoon(), *worlds.series()]) as c:
        await c.press("4")
        await c.sees("Postgres connections", "parse error: unexpected end of inp", "Requests")
