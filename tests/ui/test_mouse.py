"""The mouse is another way to what keys do: modes and tabs are clicked where they stand."""

from __future__ import annotations

import msgspec

from console.monitoring.model import Panel
from tests.ui import worlds
from tests.ui.console import console


def place(c, word: str) -> tuple[int, int]:
    """Where a word stands on the screen."""
    for y, line in enumerate(c.text().splitlines()):
        if word in line:
            return line.index(word) + 1, y
    raise AssertionError(f"{word!r} is not on the screen:\n{c.text()}")


async def test_a_mode_is_clicked():
    async with console(worlds.afternoon()) as c:
        await c.sees("3 Fleet")
        await c.pilot.click(offset=place(c, "3 Fleet"))
        await c.sees("Fleet \u203a containers")
        await c.pilot.click(offset=place(c, "Alerts"))
        await c.sees("Alerts \u203a alerts")


async def test_a_tab_is_clicked():
    async with console(worlds.afternoon()) as c:
        await c.press("3")
        await c.sees("images")
        await c.pilot.click(offset=place(c, "images"))
        await c.sees("acme/checkout:1.8.4", "untagged")
        await c.pilot.click(offset=place(c, "containers"))
        await c.sees("checkout-canary")


async def test_beside_the_words_a_click_does_nothing():
    async with console(worlds.afternoon()) as c:
        await c.sees("1 Overview")
        x, y = place(c, "1 Overview")
        await c.pilot.click(offset=(x - 3, y))
        assert c.app.current_mode == "overview"


async def test_of_many_groups_the_one_in_front_is_always_in_sight():
    groups = [f"group number {n:02}" for n in range(12)]
    panels = [
        msgspec.structs.replace(p, id=f"{g}-{p.id}", group=g)
        for g in groups
        for p in worlds.panels()[:1]
        if isinstance(p, Panel)
    ]
    async with console([worlds.AGENT, *panels], size=(80, 24)) as c:
        await c.press("4")
        for group in ("all", *groups[:9]):
            await c.sees(group)
            await c.press("right_square_bracket")
        await c.sees("group number 09", "+")
        await c.pilot.click(offset=place(c, "group number 08"))
        await c.sees("group number 08")
        assert c.screen._group == "group number 08"
