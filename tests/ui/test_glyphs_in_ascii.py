"""Where the locale has no UTF-8, or the settings say so, not one sign beyond ASCII reaches the terminal."""

from __future__ import annotations

import pytest

from console.settings.model import Ui
from console.ui.widgets.ascii import in_ascii
from tests.ui import worlds
from tests.ui.console import console


@pytest.mark.parametrize("mode", ["1", "2", "3", "4", "5"])
async def test_every_mode_is_ascii(mode):
    async with console([*worlds.afternoon(), *worlds.series()], ui=Ui(glyphs="ascii")) as c:
        await c.press(mode)
        await c.pilot.pause()
        assert c.text().isascii(), [sign for sign in c.text() if not sign.isascii()]
        assert "~ alertmanager stale" in c.text()


def test_our_own_signs_have_stand_ins():
    signs = "\u203a\u2264\u2265\u2192\u00d7·…▸▾▴─━┃▂▃▄▅▆▇"
    assert "?" not in in_ascii(signs)
    assert in_ascii("Fleet \u203a eu1") == "Fleet > eu1"
