"""`quarterdeck status`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.overview import Overview

HELP = "Is it all right? What is wrong, what runs, how fresh it is. Exit code 1 where something is wrong."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    import msgspec

    from console.cli.reach import reached
    from console.cli.settle import settled_replica
    from console.client.replica import Replica
    from console.clock import SystemClock
    from console.overview import overview

    with reached(args) as agent:
        replica = settled_replica(agent, Replica())
    found = overview(replica, SystemClock().now())
    if args.json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    else:
        print(_text(found))
    return 1 if found.needs else 0


def _text(found: Overview) -> str:
    from console.cli.tables import glyph

    title = "DEMO (everything here is invented)" if found.demo else found.organisation or "Quarterdeck"
    lines = [f"{title}   {found.mode} agent {found.version}", ""]
    if found.needs:
        lines.append(f"Needs you  {len(found.needs)}")
        lines += [f"  {glyph(n.word)} {n.kind:<9} {n.what}  {n.why}".rstrip() for n in found.needs]
    elif found.sources:
        lines.append(f"{glyph('ok')} Nothing needs you that is watched here.")
    else:
        todo = f"name sources in {found.settings}" if found.settings else "quarterdeck init"
        lines.append(f"{glyph('unknown')} Nothing is watched yet: {todo}")
    lines.append("")
    lines += [f"{c.topic:<13}{'  '.join(f'{glyph(w)} {n} {w}' for w, n in c.words)}".rstrip() for c in found.counts]
    lines.append("")
    lines += [f"{glyph(s.word)} {s.id:<26} {s.text}".rstrip() for s in found.sources]
    return "\n".join(lines).rstrip()
