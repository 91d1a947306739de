"""`quarterdeck list`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.cli.reach import Reach
    from console.world.model import Record

PASSING = {
    "stats": " They are kept only while a screen looks at a container.",
    "series": " They are kept only while a screen looks at a panel.",
    "jobs": " Those of a run: quarterdeck list jobs --run RUN",
}
"""Why a topic may be empty though all is well: what costs something is fetched only while somebody looks."""

HELP = "The records of a topic, as a table or as the world's own JSON, once or as they change."


def add(parser: argparse.ArgumentParser) -> None:
    from console.topics import TOPICS

    parser.add_argument("topic", choices=sorted(TOPICS), metavar="TOPIC", help=", ".join(sorted(TOPICS)))
    parser.add_argument(
        "--json", action="store_true", help="a JSON array; with --watch a line each change: {topic, id, record}"
    )
    parser.add_argument("--watch", action="store_true", help="go on, a line each change, until interrupted")
    parser.add_argument(
        "--where", metavar="EXPR", default="", help="filter, as / on the screen: 'state:exited age<2h' (docs/filter.md)"
    )
    parser.add_argument("--run", metavar="RUN", help="jobs only: of this run (its id: OWNER/NAME/NUMBER), read now")


def run(args: argparse.Namespace) -> int:
    import msgspec

    from console.cli.reach import reached
    from console.cli.settle import settled_replica
    from console.cli.tables import table
    from console.client.replica import Replica
    from console.clock import SystemClock
    from console.shape import field_names, fields
    from console.topics import TOPICS, source_kinds
    from console.where import compile as compile_where

    kind = TOPICS[args.topic]
    clock = SystemClock()
    keep = compile_where(args.where, field_names(kind)) if args.where else None
    with reached(args) as agent:
        if args.watch:
            return _watch(args, agent)
        records = (
            _of_run(agent, args.run)
            if args.run
            else settled_replica(agent, Replica(), kinds=source_kinds(args.topic)).all(kind)
        )
        now = clock.now()
        shown = sorted((r for r in records if keep is None or keep.matches(fields(r, now))), key=lambda r: r.id)
        if args.json:
            sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(shown), indent=2) + b"\n")
        elif shown:
            print(table(shown, now))
        else:
            print(f"No {args.topic}{' match' if args.where else ''}.{PASSING.get(args.topic, '')}", file=sys.stderr)
    return 0


def _of_run(agent: Reach, run_id: str) -> list[Record]:
    from console.cli.settle import settled_replica
    from console.client.replica import Replica
    from console.errors import ConsoleError
    from console.pipelines.model import Job, Run

    def jobs(replica: Replica) -> list[Record]:
        return [j for j in replica.all(Job) if j.run == run_id]

    # Jobs cost a request a run, so the agent reads those of a run only while somebody looks at it.
    replica = settled_replica(agent, Replica(), looks=[("jobs", run_id)], enough=lambda r: bool(jobs(r)))
    if replica.get(Run, run_id) is None:
        raise ConsoleError(f"There is no run {run_id!r}.", "`quarterdeck list runs --json` shows their ids.")
    return jobs(replica)


def _watch(args: argparse.Namespace, agent: Reach) -> int:
    import queue

    import msgspec

    from console.cli.tables import line
    from console.client.replica import Batch, Replica
    from console.client.stream import AgentPort
    from console.clock import SystemClock
    from console.shape import field_names, fields
    from console.topics import TOPICS
    from console.where import compile as compile_where

    kind, clock, replica = TOPICS[args.topic], SystemClock(), Replica()
    keep = compile_where(args.where, field_names(kind)) if args.where else None
    batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()
    agent.reach()
    port = AgentPort(agent.path, clock, topics=frozenset({args.topic}), reach=agent.reach)
    port.start(batches.put)
    link = ""
    try:
        while True:
            batch = batches.get()
            changed = replica.apply(batch)
            if batch.link.state != link:
                link = batch.link.state
                if link == "lost":
                    print(f"-- {batch.link.error} {batch.link.hint}", file=sys.stderr, flush=True)
            now = clock.now()
            for record_id in sorted(changed.get(args.topic, ())):
                record = replica.get(kind, record_id)
                if keep is not None and record is not None and not keep.matches(fields(record, now)):
                    continue
                if args.json:
                    gone_or_is = {"topic": args.topic, "id": record_id, "record": record}
                    sys.stdout.buffer.write(msgspec.json.encode(gone_or_is) + b"\n")
                else:
                    print(line(record, now) if record is not None else f"- {record_id} is gone")
            sys.stdout.flush()
    finally:
        port.close()
