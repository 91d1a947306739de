"""`python -m console.demo`: the demo company's servers in the foreground.

Prints one line of JSON when they answer: addresses and the path of a settings file. Ends on SIGTERM, SIGINT, or when the
process that started it is gone.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from console.demo.servers import start
from console.errors import ConsoleError

PARENT_S = 1.0
"""How often we look whether our parent is still there."""


def _count(most: int, least: int = 0) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{number} is not between {least} and {most}")
        return number

    return read


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m console.demo", description="The demo company's servers.")
    parser.add_argument("--repos", type=_count(1_000), default=24)
    parser.add_argument("--hosts", type=_count(50, 1), default=3)
    parser.add_argument("--containers", type=_count(5_000), default=40)
    parser.add_argument("--panels", type=_count(600), default=60)
    parser.add_argument("--alerts", type=_count(50_000), default=None)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    parent = os.getppid()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with tempfile.TemporaryDirectory(prefix="qd-demo-") as name:
        try:
            demo = start(**vars(options), folder=Path(name))
        except (OSError, ConsoleError) as error:
            print(f"The demo cannot start: {error}", file=sys.stderr)
            return 1
        with demo:
            path = Path(name) / "quarterdeck.yaml"
            path.write_text(demo.settings_yaml())
            ready = {
                "settings": str(path),
                "docker": demo.docker,
                "github": demo.github,
                "prometheus": demo.prometheus,
                "alertmanager": demo.alertmanager,
                "environment": demo.environment,
                "pid": os.getpid(),
            }
            print(json.dumps(ready), flush=True)
            while not ended.wait(PARENT_S) and os.getppid() == parent:
                pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
