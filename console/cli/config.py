"""`quarterdeck config`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from console.errors import ConsoleError

if TYPE_CHECKING:
    from pathlib import Path

    from console.settings.load import Loaded

HELP = "Check, show and explain the settings."


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="every problem of the settings file at once; exit code 2 if there is one")
    check.add_argument("file", nargs="?", metavar="FILE", help="another file than the one in use")
    check.add_argument("--json", action="store_true", help="the problems as JSON")
    show = actions.add_parser("show", help="the settings in effect, defaults included; secrets by name only")
    show.add_argument("--provenance", action="store_true", help="each value with the line or variable it comes from")
    show.add_argument("--json", action="store_true", help="as JSON")
    actions.add_parser("schema", help="the JSON Schema of a settings file, for editors")
    actions.add_parser("path", help="the file in use; exit code 1 if there is none")


def run(args: argparse.Namespace) -> int:
    match args.action:
        case "check":
            return _check(args)
        case "show":
            return _show(args)
        case "schema":
            return _schema()
    return _path(args)


def _check(args: argparse.Namespace) -> int:
    import msgspec

    from console.settings.load import display, find, load
    from console.settings.problems import Problem, SettingsError

    path = find(args.file or args.config)
    problems: tuple[Problem, ...] = ()
    try:
        load(path)
    except SettingsError as error:
        problems = error.problems
    if args.json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(problems), indent=2) + b"\n")
    elif problems:
        for problem in problems:
            print(problem)
        print(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}", file=sys.stderr)
    elif path is None:
        print(f"There is no settings file; the defaults hold. Looked for:\n{_candidates()}")
    else:
        print(f"{display(path)}: fine")
    return 2 if problems else 0


def _show(args: argparse.Namespace) -> int:
    import msgspec

    from console.settings.load import find, load
    from console.settings.plain import plain

    loaded = load(find(args.config))
    values = plain(loaded.settings)
    if args.provenance:
        rows = _with_provenance(loaded)
        if args.json:
            told = {path: {"value": value, "from": origin} for path, value, origin in rows}
            sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")
            return 0
        lines = [(path, _written(value), origin) for path, value, origin in rows]
        widths = [max(len(row[column]) for row in lines) for column in (0, 1)]
        for path, value, origin in lines:
            print(f"{path:<{widths[0]}}  {value:<{min(widths[1], 60)}}  {origin}")
        return 0
    if args.json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(values), indent=2) + b"\n")
        return 0
    from console.settings.document import written

    print(written(values), end="")
    return 0


def _with_provenance(loaded: Loaded) -> list[tuple[str, object, str]]:
    from console.settings.plain import leaves, plain

    return [(path, value, loaded.provenance.of(path)) for path, value in leaves(plain(loaded.settings))]


def _written(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode() if not isinstance(value, str) or not value.isprintable() else value


def _schema() -> int:
    import msgspec

    from console.settings.schema import schema

    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(schema()), indent=2) + b"\n")
    return 0


def _path(args: argparse.Namespace) -> int:
    from console.settings.load import find

    path: Path | None = find(args.config)
    if path is None:
        raise ConsoleError(
            f"There is no settings file. Looked for:\n{_candidates()}",
            "quarterdeck init finds out what is here and writes one.",
        )
    print(path)
    return 0


def _candidates() -> str:
    from console.paths import settings_candidates

    return "\n".join(f"    {path.absolute()}" for path in settings_candidates())
