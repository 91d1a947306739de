"""`quarterdeck secret`. A value comes in by a prompt or standard input, and goes out nowhere."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.errors import ConsoleError

if TYPE_CHECKING:
    from console.settings.model import Settings
    from console.settings.secrets import Secrets

HELP = "Keep tokens and passwords where they belong; the settings only name them."


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    put = actions.add_parser("set", help="keep a value; it is asked for without echo, or read from standard input")
    put.add_argument("name", metavar="NAME", help="as in `token: secret:NAME`")
    # Taken so that it can be refused in our words: argparse would print it.
    put.add_argument("value", nargs="*", help=argparse.SUPPRESS)
    put.add_argument("--store", choices=("keyring", "vault", "plaintext"), help="not the first that works but this one")
    listed = actions.add_parser("list", help="every name, where its value is, and what uses it; never a value")
    listed.add_argument("--json", action="store_true", help="as JSON")
    gone = actions.add_parser("rm", help="remove a value from every store that has it")
    gone.add_argument("name", metavar="NAME")
    doctor = actions.add_parser("doctor", help="which stores work here, and why not")
    doctor.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    from console.settings.load import find, load_partly
    from console.settings.secrets import Secrets

    settings = load_partly(find(args.config))
    match args.action:
        case "set":
            return _set(args, Secrets(settings.secrets, ask=asker()))
        case "rm":
            return _remove(args, Secrets(settings.secrets, ask=asker()))
        case "list":
            return _list(args, settings, Secrets(settings.secrets))
    return _doctor(args, Secrets(settings.secrets))


def asker() -> Callable[[str], str] | None:
    """Asks a person on the terminal, also while standard input is a pipe; None where there is no terminal."""
    import getpass

    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return None
    return getpass.getpass


def _set(args: argparse.Namespace, secrets: Secrets) -> int:
    from console.settings.references import NAME_ALLOWED, checked_name

    if args.value:
        raise _usage(
            "A value does not belong on a command line: others can read it in the process table, and the shell keeps it.",
            "Give only the name; the value is asked for. If it was a real one, replace it where it was issued.",
        )
    try:
        name = checked_name(args.name)
    except ValueError:
        # Whoever gave the value in the name's place must not see it in a log as well.
        raise _usage("That is not a name for a secret (it is not repeated here).", f"Allowed: {NAME_ALLOWED}") from None
    where = secrets.keep(name, _value(name), args.store)
    print(f"secret:{name} is kept in the {where}.")
    if where.startswith("plain file"):
        print("It is NOT ENCRYPTED: whoever reads that file has it.", file=sys.stderr)
    if (first := secrets.find(name).where) != where:
        print(f"But {first} has one of that name too, and goes first.", file=sys.stderr)
    return 0


def _value(name: str) -> str:
    from console.settings.stores import VALUE_LIMIT

    if sys.stdin.isatty():
        import getpass

        value = getpass.getpass(f"Value of secret:{name} (not shown): ")
    else:
        try:
            value = sys.stdin.buffer.read(VALUE_LIMIT + 2).decode()
        except UnicodeDecodeError:
            raise _usage("Standard input is not UTF-8 text; nothing was kept.", "Encode it first: base64") from None
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise _usage("The value is empty; nothing was kept.", f"Type it, or: quarterdeck secret set {name} < FILE")
    return value


def _remove(args: argparse.Namespace, secrets: Secrets) -> int:
    dropped = secrets.drop(args.name)
    for where in dropped.gone:
        print(f"secret:{args.name} is removed from the {where}.")
    for where in dropped.unread:
        print(f"Not looked into: {where}. It may still have one of that name.", file=sys.stderr)
    return 0


def _list(args: argparse.Namespace, settings: Settings, secrets: Secrets) -> int:
    import msgspec

    from console.settings.references import references_in

    used: dict[str, list[str]] = {}
    for path, ref in references_in(settings):
        used.setdefault(str(ref), []).append(path)
    kept = secrets.names(ref for _, ref in references_in(settings))
    if args.json:
        told = [
            {"name": one.name, "where": one.where, "found": one.found, "used_by": used.get(one.name, [])}
            for one in kept
        ]
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")
    elif not kept:
        print("No secret is kept here, and the settings name none.")
    else:
        rows = [("NAME", "WHERE", "USED BY")]
        rows += [(one.name, one.where, ", ".join(used.get(one.name, [])) or "-") for one in kept]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        for row in rows:
            print(f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}")
    return 1 if any(not one.found and one.name in used for one in kept) else 0


def _doctor(args: argparse.Namespace, secrets: Secrets) -> int:
    import msgspec

    from console.cli.tables import glyph

    states = secrets.doctor()
    keeps = any(state.works for state in states if state.store in ("keyring", "vault", "plaintext"))
    if args.json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(states), indent=2) + b"\n")
        return 0 if keeps else 1
    for state in states:
        print(f"{glyph('ok' if state.works else 'unknown')} {state.store:<12} {state.detail}")
        if state.hint:
            print(f"  {'':<12} {state.hint}")
    if not keeps:
        print("No store here can keep a secret without being asked for a passphrase.", file=sys.stderr)
    return 0 if keeps else 1


def _usage(message: str, hint: str) -> ConsoleError:
    error = ConsoleError(message, hint)
    error.exit_code = 2
    return error
