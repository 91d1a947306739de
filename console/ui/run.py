"""Open the console on a port, until it is closed."""

from __future__ import annotations

from console.client.port import Port
from console.clock import Clock, SystemClock
from console.settings.model import Ui
from console.ui.app import QuarterdeckApp


def run(port: Port, *, clock: Clock | None = None, ui: Ui | None = None, demo: bool = False, greeting: str = "") -> int:
    """The exit code. The port is closed when it returns, however the screen ends."""
    ui = ui or Ui()
    app = QuarterdeckApp(port, clock=clock or SystemClock(), ui=ui, demo=demo, greeting=greeting)
    try:
        app.run(mouse=ui.mouse)
    finally:
        port.close()
    return app.return_code or 0
