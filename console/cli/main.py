"""The command line: a table of verbs, each imported when it is called."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Protocol

from console.errors import ConsoleError


class Verb(Protocol):
    """What each module below has."""

    HELP: str

    def add(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int: ...


VERBS = {
    "status": "is it all right, what is wrong, what runs",
    "list": "the records of a topic, as a table or JSON, once or as they change",
    "logs": "the log of a container or a job",
    "whoami": "who the agent says you are, and what it does for you",
    "doctor": "check every connection and name the fix",
    "init": "find out what is here and write a settings file",
    "config": "check, show and explain the settings",
    "secret": "keep tokens where they belong",
    "agent": "run the agent in the foreground",
    "demo": "open the console on a simulated company",
}


def run(arguments: Sequence[str]) -> int:
    try:
        return _run(list(arguments))
    except ConsoleError as error:
        print(f"quarterdeck: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # `quarterdeck list runs | head`: the reader has what it wanted.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(arguments: list[str]) -> int:
    parser = _parser()
    known, rest = parser.parse_known_args(arguments)
    if known.verb is None:
        if rest:
            parser.error(f"{rest[0]} is not an option. See quarterdeck --help.")
        from console.cli.screen import open_screen

        return open_screen(known)
    if known.verb not in VERBS:
        near = difflib.get_close_matches(known.verb, VERBS, 1)
        parser.error(
            f"{known.verb!r} is not a verb.{f' Did you mean {near[0]}?' if near else ''} See quarterdeck --help."
        )
    module: Verb = importlib.import_module(f"console.cli.{_module(known.verb)}")
    verb_parser = argparse.ArgumentParser(
        prog=f"quarterdeck {known.verb}", description=module.HELP, parents=[_common(default=argparse.SUPPRESS)]
    )
    module.add(verb_parser)
    verb_parser.parse_args([*known.rest, *rest], namespace=known)
    return module.run(known)


def _module(verb: str) -> str:
    # `list` would hide the type in every module that imports it.
    return {"list": "records"}.get(verb, verb)


def _parser() -> argparse.ArgumentParser:
    verbs = "\n".join(f"  {verb:<10} {text}" for verb, text in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="quarterdeck",
        description="A terminal ops console. Without a verb it opens the screen.",
        epilog=f"verbs:\n{verbs}\n\n`quarterdeck VERB --help` tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common(default=None)],
        usage="quarterdeck [--config FILE] [--agent ssh://USER@HOST] [VERB ...]",
    )
    parser.add_argument("-V", "--version", action="version", version=_version())
    parser.add_argument("verb", nargs="?", metavar="VERB", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _common(*, default: str | None) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--config",
        metavar="FILE",
        default=default,
        help="settings file; see docs/settings.md for where it is looked for",
    )
    common.add_argument(
        "--agent", metavar="URL", default=default, help="a duty agent: ssh://USER@HOST, or unix:///path/agent.sock"
    )
    return common


def _version() -> str:
    from console import __version__

    return f"quarterdeck {__version__}"
