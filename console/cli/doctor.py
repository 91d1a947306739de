"""`quarterdeck doctor`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from console import __version__
from console.errors import ConsoleError
from console.words import StateWord

HELP = "Check every connection and name the exact fix. Exit code 1 where something fails."

LOW_SPACE_BYTES = 200 * 1024 * 1024
"""Room for the store, its journal and a month of logs."""


class Check(Struct, frozen=True):
    what: str
    word: StateWord
    found: str
    fix: str = ""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    import msgspec

    from console.cli.tables import glyph

    checks = []
    for check in _checks(args):
        checks.append(check)
        if not args.json:
            print(f"{glyph(check.word)} {check.what:<26} {check.found}", flush=True)
            if check.fix:
                print(f"  {'':<26} fix: {check.fix}", flush=True)
    if args.json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(checks), indent=2) + b"\n")
    return 1 if any(c.word in ("failed", "stale") for c in checks) else 0


def _checks(args: argparse.Namespace) -> Iterator[Check]:
    if not args.agent:
        check, path = _settings(args.config)
        yield check
        if check.word == "failed":
            return
        yield from _places(path)
    yield from _agent(args)


def _settings(given: str | None) -> tuple[Check, Path | None]:
    from console.settings.load import find, load

    try:
        path = find(given)
        load(path)
    except ConsoleError as error:
        return Check("settings", "failed", error.message, error.hint or "quarterdeck config check"), None
    if path is None:
        return Check("settings", "warning", "there are none: nothing is watched", "quarterdeck init"), None
    return Check("settings", "ok", str(path)), path


def _places(path: Path | None) -> Iterator[Check]:
    from console.paths import state_dir
    from console.settings import glance

    yield _folder(state_dir())
    try:
        yield Check("socket", "ok", str(glance.socket(path)))
    except ConsoleError as error:
        yield Check("socket", "failed", error.message, error.hint)


def _folder(folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".doctor-{os.getpid()}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
        room = os.statvfs(folder)
    except OSError as error:
        fix = (
            "Make room on that disk."
            if error.errno == 28
            else "Check its owner and mode, or set QUARTERDECK_STATE_DIR."
        )
        return Check("state folder", "failed", f"{folder}: {error.strerror}", fix)
    free = room.f_bavail * room.f_frsize
    if free < LOW_SPACE_BYTES:
        return Check("state folder", "warning", f"{folder}: {free >> 20} MiB left", "Make room on that disk.")
    if folder.stat().st_mode & 0o077:
        return Check("state folder", "warning", f"{folder} can be read by others", f"chmod 700 {folder}")
    return Check("state folder", "ok", str(folder))


def _agent(args: argparse.Namespace) -> Iterator[Check]:
    from console.cli.reach import reached
    from console.cli.settle import settled_replica
    from console.client.replica import Replica
    from console.clock import SystemClock
    from console.overview import freshness
    from console.shape import source_word
    from console.world.model import Agent, Notice, Source

    replica = Replica()
    try:
        with reached(args) as agent:
            settled_replica(agent, replica)
    except ConsoleError as error:
        yield Check("agent", "failed", error.message, error.hint)
        return
    for me in replica.all(Agent):
        what = f"{me.mode}, version {me.version}, pid {me.pid} on {me.host}"
        if me.demo:
            what = f"DEMO, all of it invented; {what}"
        if me.refuses:
            what += f"; it leaves alone: {', '.join(me.refuses)}"
        if me.version == __version__:
            yield Check("agent", "ok", what)
        else:
            yield Check("agent", "warning", f"{what}; this is {__version__}", "Start the agent again.")
    for notice in sorted(replica.all(Notice), key=lambda n: n.id):
        word: StateWord = {"error": "failed", "warning": "warning"}.get(notice.level, "ok")  # type: ignore[assignment]  # literals
        yield Check(f"notice {notice.id}", word, notice.message, notice.hint)
    now = SystemClock().now()
    for source in sorted(replica.all(Source), key=lambda s: s.id):
        word = source_word(source)
        if word == "queued":
            yield Check(
                source.id,
                "warning",
                "no answer yet: it is still being tried",
                "quarterdeck doctor, once more in a minute",
            )
            continue
        yield Check(source.id, word, freshness(source, now).text, source.hint)
        for note in source.notes:
            yield Check(source.id, "warning", note, "Mend it there, or take it out of the settings.")
    if not replica.all(Source):
        yield Check(
            "sources",
            "warning",
            "none are named in the settings",
            "quarterdeck init, or see config/quarterdeck.example.yaml",
        )
