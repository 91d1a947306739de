"""`quarterdeck init`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import ConsoleError

if TYPE_CHECKING:
    from console.settings.discover import Discovery

HELP = "Find out what is here - Docker, GitHub, Prometheus, Alertmanager - and write a settings file."


class InitError(ConsoleError):
    """No settings file was written."""

    exit_code = 2


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="ask nothing, write what was found")
    parser.add_argument("--output", metavar="FILE", help="another place than the usual one")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def run(args: argparse.Namespace) -> int:
    from console.settings.discover import discover
    from console.settings.load import load_text
    from console.settings.starter import starter

    path = target(args.output or args.config)
    if os.path.lexists(path) and not args.force:
        raise InitError(
            f"{path} is there already; nothing was changed.", "Write over it with --force, or give --output FILE."
        )
    if not args.yes and not sys.stdin.isatty():
        raise InitError("There is no terminal to ask on.", "quarterdeck init --yes asks nothing.")
    print("Looking around ...", flush=True)
    found = discover()
    _show(found)
    text = starter(found.settings)
    load_text(text, path)  # a file that we write loads; anything else is told here and not at the next start
    if not args.yes and not _agreed(f"Write {path}? [Y/n] "):
        print("Nothing was written.")
        return 0
    write(path, text, force=args.force)
    print(f"Written: {path}")
    if any(one.found for one in found.findings):
        print("Next: quarterdeck doctor checks every connection, quarterdeck opens the console.")
    else:
        print(f"Nothing was found, so it names no source yet. Next: name some in {path}, then quarterdeck doctor.")
    return 0


def target(given: str | None) -> Path:
    """Where the file goes: as given, $QUARTERDECK_CONFIG, or this user's own place."""
    from console.paths import settings_candidates

    if given:
        return Path(given).expanduser().absolute()
    candidates = settings_candidates()
    # The first candidate lies in the current folder: only who asks for that gets it.
    return (candidates[0] if os.environ.get("QUARTERDECK_CONFIG") else candidates[1]).absolute()


def write(path: Path, text: str, *, force: bool) -> None:
    """The file, mode 0600, whole or not at all. Raises InitError; never replaces a file unless `force`."""
    from console.settings.private_files import write_new, write_private

    try:
        (write_private if force else write_new)(path, text.encode())
    except FileExistsError:
        raise InitError(f"{path} is there already; nothing was changed.", "Write over it with --force.") from None
    except OSError as exc:
        raise InitError(
            f"{path} cannot be written ({exc.strerror}).", "Give another place with --output FILE."
        ) from None


def _show(found: Discovery) -> None:
    from console.cli.tables import glyph

    width = max(len(one.what) for one in found.findings)
    kind = ""
    for one in found.findings:
        if one.kind != kind:
            kind = one.kind
            print(f"\n{kind.capitalize() if kind != 'github' else 'GitHub'}")
        print(f"  {glyph('ok' if one.found else 'unknown')} {one.what:<{width}}  {one.detail}".rstrip())
    print()


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("", "y", "yes")
    except EOFError:
        return False
