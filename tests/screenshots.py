"""`make screenshots`: the pictures in screenshots/, drawn anew from the demo company by the real agent and screen."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from pathlib import Path

from console.cli.demo import Company, Size
from console.client.stream import AgentPort
from console.clock import SystemClock
from console.ui.app import QuarterdeckApp

FOLDER = Path(__file__).parents[1] / "screenshots"
SIZES = ((120, 40), (80, 24), (200, 60))
SCENES: dict[str, tuple[str, ...]] = {
    "overview": ("1",),
    "pipelines": ("2",),
    "run": ("2", "down", "down", "enter"),
    "fleet": ("3",),
    "container": ("3", "down", "down", "down", "enter"),
    "metrics": ("4",),
    "panel": ("4", "enter"),
    "alerts": ("5",),
    "alert": ("5", "enter"),
    "help": ("1", "question_mark"),
}
FOLDER_OF_ITS_OWN = re.compile(r"/[\w/]*/qd-demo-\w{8}")
"""Where this machine happened to put the company."""
WEB_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
SETTLE_S = 3.0
"""A look at a panel or a run is answered within a second or two."""


async def draw(port: AgentPort, size: tuple[int, int], scenes: dict[str, tuple[str, ...]]) -> None:
    app = QuarterdeckApp(port, clock=SystemClock(), demo=True)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(SETTLE_S * 3)
        for name, keys in scenes.items():
            for key in keys:
                await pilot.press(key)
            await pilot.pause(SETTLE_S)
            path = FOLDER / f"{name}-{size[0]}x{size[1]}.svg"
            # Without the web font: whoever looks at the picture is not reported to its server.
            picture = WEB_FONT.sub("", app.export_screenshot(title=f"quarterdeck {name}"))
            path.write_text(FOLDER_OF_ITS_OWN.sub("/tmp/qd-demo-00000000", picture))
            print(path.relative_to(FOLDER.parent))
            await pilot.press("escape")


def main(names: list[str]) -> None:
    scenes = {name: keys for name, keys in SCENES.items() if not names or name in names}
    FOLDER.mkdir(exist_ok=True)
    with contextlib.closing(Company(Size())) as demo:
        demo.reach()
        for size in SIZES:
            port = AgentPort(demo.socket, SystemClock())
            try:
                asyncio.run(draw(port, size, scenes))
            finally:
                port.close()


if __name__ == "__main__":
    main(sys.argv[1:])
