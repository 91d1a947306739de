"""`quarterdeck` without a verb: the screen."""

from __future__ import annotations

import argparse
import gc
import os
import sys


def open_screen(args: argparse.Namespace) -> int:
    """Open the screen on the agent, or on the demo company where there is nothing to watch yet."""
    if not sys.stdout.isatty() or not sys.stdin.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        # A full-screen program would only spill escape codes here.
        from console.cli import status

        args.json = False
        return status.run(args)
    # Nothing of what a start makes is garbage; the screen switches it on again when its first picture stands.
    gc.disable()
    if _first_start(args):
        from console.cli import demo

        return demo.open_demo(demo.Size(), first_start=True)
    from console.cli.reach import reached
    from console.cli.show import show
    from console.settings import glance
    from console.settings.load import find

    with reached(args) as agent:
        return show(agent.path, agent.reach, ui=glance.ui(find(args.config)))


def _first_start(args: argparse.Namespace) -> bool:
    from console.settings.load import find

    if args.agent or args.config or find(None) is not None:
        return False
    from console.cli.reach import DUTY_SOCKET
    from console.client.start import answers
    from console.paths import socket_path

    return not os.access(DUTY_SOCKET, os.R_OK | os.W_OK) and not answers(socket_path())
