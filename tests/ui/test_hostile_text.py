"""Remote text cannot move the cursor, inject markup or end a screen, also where a source let it through."""

from __future__ import annotations

import re

import pytest

from tests.ui import worlds
from tests.ui.console import console

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.mark.parametrize("mode", ["1", "2", "3", "4", "5"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_in_every_mode(mode, size):
    async with console(worlds.hostile(), size=size) as c:
        await c.press(mode)
        await c.pilot.pause()
        assert "[bold red]" in c.text(), "markup is text"
        assert not UNSAFE.search(c.text())
        assert c.app.is_running


@pytest.mark.parametrize(
    ("topic", "record_id"),
    [
        ("containers", "eu1/h"),
        ("runs", "a/b/1"),
        ("panels", "p"),
        ("alerts", "m/1"),
        ("sources", "docker/eu1"),
        ("notices", "n"),
    ],
)
async def test_in_every_detail(topic, record_id):
    async with console(worlds.hostile()) as c:
        c.app.open_record(topic, record_id)
        await c.pilot.pause()
        await c.sees("bold red")
        assert not UNSAFE.search(c.text())


async def test_when_it_is_copied_and_shown_in_a_note():
    async with console(worlds.hostile()) as c:
        await c.press("3", "y")
        await c.sees("Sent to the terminal's clipboard")
        assert not UNSAFE.search(c.text())
