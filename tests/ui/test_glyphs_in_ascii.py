"""Where the locale has no UTF-8, or the settings say so, not one sign beyond ASCII reaches the terminal."""

from __future__ import annotations

import pytest

from console.settings.model import Ui
from tests.ui import worlds
from tests.ui.console import console


@pytest.mark.parametrize("mode", ["1", "2", "3", "4", "5"])
async def test_every_mode_is_ascii(mode):
    async with console([*worlds.afternoon(), *worlds.series()], ui=Ui(glyphs="ascii")) as c:
        await c.press(mode)
        await c.pilot.pause()
        assert c.text().isascii(), [sign for sign in c.text() if not sign.isascii()]
        assert "~ alertmanager stale" in c.text()
