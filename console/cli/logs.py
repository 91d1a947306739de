"""`quarterdeck logs`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from console.errors import ConsoleError
from console.fleet.model import Container
from console.pipelines.model import Job
from console.world.model import LogLine, Record

HELP = "The log of a container (HOST/NAME, NAME or id) or a job (its id, or REPOSITORY/ID)."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="CONTAINER|JOB")
    parser.add_argument("-f", "--follow", action="store_true", help="go on as lines come")
    parser.add_argument(
        "-n", "--tail", type=int, default=500, metavar="N", help="the last N lines (0: all; default 500)"
    )
    parser.add_argument("--since", metavar="TIME", help="a duration back from now (10m) or a time with its zone")
    parser.add_argument("-t", "--timestamps", action="store_true", help="with the time of each line, UTC")
    parser.add_argument("--json", action="store_true", help="each line as JSON")


def run(args: argparse.Namespace) -> int:
    import msgspec

    from console.cli.reach import reached
    from console.cli.settle import settled
    from console.client.stream import AgentPort
    from console.clock import SystemClock

    clock = SystemClock()
    since = None if args.since is None else since_at(args.since, clock.now())
    if since is not None:
        print(f"-- since {_both_zones(since)}", file=sys.stderr)
    with reached(args) as agent:
        agent.reach()
        topic, record = find(args.name, settled(agent))
        port = AgentPort(agent.path, clock)
        for batch in port.log(topic, record, follow=args.follow, tail=max(0, args.tail), since=since):  # type: ignore[arg-type]  # one of the two topics
            for line in batch:
                if args.json:
                    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
                else:
                    print(
                        _shown(line, timestamps=args.timestamps),
                        file=sys.stderr if line.stream == "note" else sys.stdout,
                    )
            if batch:
                sys.stdout.flush()
    return 0


def find(name: str, records: Sequence[Record]) -> tuple[str, str]:
    """The topic and id of the one container or job that `name` means. Raises ConsoleError, naming what is near."""
    exact: list[Record] = []
    for record in records:
        if isinstance(record, Container):
            names = {record.id, record.name, f"{record.host}/{record.name}", record.id.rpartition("/")[2]}
        elif isinstance(record, Job):
            names = {record.id, str(record.job_id)}
        else:
            continue
        if name in names:
            exact.append(record)
    if len(exact) == 1:
        return exact[0].topic, exact[0].id
    if exact:
        raise ConsoleError(
            f"{name!r} is {len(exact)} things.", f"Say which: {', '.join(sorted(map(_called, exact))[:8])}"
        )
    import difflib

    all_names = {f"{r.host}/{r.name}" for r in records if isinstance(r, Container)}
    near = difflib.get_close_matches(name, [*all_names, *(n.partition("/")[2] for n in all_names)], 3)
    hint = (
        f"Near it: {', '.join(near)}."
        if near
        else "`quarterdeck list containers` and `quarterdeck list jobs` show what there is."
    )
    raise ConsoleError(f"There is no container or job {name!r}.", hint)


def _called(record: Record) -> str:
    return f"{record.host}/{record.name}" if isinstance(record, Container) else record.id


def since_at(text: str, now: float) -> float:
    """A duration back from now, or a time with its zone (R42); past that is a usage error."""
    from datetime import datetime

    from console.settings.durations import parse_seconds

    try:
        return now - parse_seconds(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        error = ConsoleError(
            f"--since {text!r} is neither a duration nor a time with a zone.",
            "For example: 10m, 2h, 2026-11-20T13:00+01:00",
        )
        error.exit_code = 2
        raise error
    if at.timestamp() > now:
        error = ConsoleError(f"--since {text!r} lies in the future.", "Give a time that has passed.")
        error.exit_code = 2
        raise error
    return at.timestamp()


def _both_zones(at: float) -> str:
    """A moment in the operator's zone and in UTC (R42)."""
    from datetime import UTC, datetime

    utc = datetime.fromtimestamp(at, UTC)
    return f"{utc.astimezone():%Y-%m-%d %H:%M:%S %Z} ({utc:%H:%M:%S} UTC)"


def _shown(line: LogLine, *, timestamps: bool) -> str:
    from datetime import UTC, datetime

    stamp = ""
    if timestamps and line.at is not None:
        stamp = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="milliseconds") + " "
    # A line that leaves a colour on would paint the ones after it.
    text = f"{line.text}\x1b[0m" if sys.stdout.isatty() and "\x1b" in line.text else _without_colour(line.text)
    return f"{stamp}-- {text}" if line.stream == "note" else f"{stamp}{text}"


def _without_colour(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;:]*m", "", text)
