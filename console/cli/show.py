"""The screen on an agent, for the verbs that open one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.settings.model import Ui


def show(path: Path, reach: Callable[[], None], *, ui: Ui, demo: bool = False, greeting: str = "") -> int:
    """Run the screen on the agent at `path`. It paints first and connects after that."""
    from console.client.stream import AgentPort
    from console.clock import SystemClock
    from console.ui.run import run

    clock = SystemClock()
    return run(AgentPort(path, clock, reach=reach), clock=clock, ui=ui, demo=demo, greeting=greeting)
