"""`quarterdeck agent`."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "Run the agent in the foreground: it alone holds credentials, talks to the outside and writes."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mode", choices=("personal", "duty"), help="instead of agent.mode in the settings")
    # Only `quarterdeck demo` says so: what is invented must never look real, nor what is real invented.
    parser.add_argument("--demo", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    import msgspec

    from console.agent.run import run_agent
    from console.paths import checked_socket, socket_path, state_dir
    from console.settings.load import find, load

    loaded = load(find(args.config))
    settings = loaded.settings
    if args.demo:
        settings = msgspec.structs.replace(settings, demo=True)
    if args.mode:
        settings = msgspec.structs.replace(settings, agent=msgspec.structs.replace(settings.agent, mode=args.mode))
    if settings is not loaded.settings:
        loaded = msgspec.structs.replace(loaded, settings=settings)
    path = checked_socket(Path(settings.agent.socket)) if settings.agent.socket else socket_path()
    return run_agent(loaded, folder=state_dir(), socket_path=path)
