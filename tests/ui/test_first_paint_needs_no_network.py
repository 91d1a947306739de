"""The first picture stands before the port is started, and only then are heavy parts loaded."""

from __future__ import annotations

import subprocess
import sys

from console.ui.app import QuarterdeckApp
from tests.clock import FakeClock
from tests.ui.console import console
from tests.ui.port import FakePort


class WatchedPort(FakePort):
    """Remembers what stood on the screen when it was started."""

    def __init__(self) -> None:
        super().__init__()
        self.app: QuarterdeckApp | None = None
        self.shown = ""

    def start(self, deliver) -> None:
        assert self.app is not None
        strips = self.app.screen._compositor.render_strips()
        self.shown = "\n".join("".join(segment.text for segment in strip) for strip in strips)
        super().start(deliver)


async def test_the_screen_stands_when_the_port_is_started():
    port = WatchedPort()
    app = QuarterdeckApp(port, clock=FakeClock())
    port.app = app
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert port.started.is_set()
    assert "QUARTERDECK" in port.shown
    assert "Needs you" in port.shown


async def test_without_a_batch_it_says_that_it_connects():
    async with console(None, size=(80, 24)) as c:
        await c.sees("Connecting to the agent.", "connecting to the agent", "1 Overview", "5 Alerts")


def test_the_screen_loads_nothing_heavy():
    code = (
        "import sys; from console.ui.app import QuarterdeckApp; import console.ui.screens.overview; "
        "print(*(m for m in sys.modules))"
    )
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "textual.app" in loaded
    assert not loaded & {
        "httpx",
        "h11",
        "docker",
        "litestar",
        "sqlalchemy",
        "yaml",
        "prometheus_client",
        "cryptography",
        "keyring",
    }
