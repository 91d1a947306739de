"""`quarterdeck agent`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.settings.model import Settings

HELP = "Run the agent in the foreground: it alone holds credentials, talks to the outside and writes."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mode", choices=("personal", "duty"), help="instead of agent.mode in the settings")
    # Only `quarterdeck demo` says so: what is invented must never look real, nor what is real invented.
    parser.add_argument("--demo", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    import msgspec

    from console.agent.run import run_agent
    from console.paths import state_dir
    from console.settings import glance
    from console.settings.load import find, load

    def override(settings: Settings) -> Settings:
        agent = msgspec.structs.replace(settings.agent, mode=args.mode or settings.agent.mode)
        return msgspec.structs.replace(settings, agent=agent, demo=args.demo)

    loaded = load(find(args.config))
    path = glance.socket(loaded.path)
    return run_agent(loaded, folder=state_dir(), socket_path=path, override=override)
