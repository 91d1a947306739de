"""`quarterdeck whoami`."""

from __future__ import annotations

import argparse

HELP = "Who the agent says you are, by the kernel's word, and what this agent leaves alone."


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    import msgspec

    from console.cli.reach import reached

    class Who(msgspec.Struct):
        name: str
        uid: int
        mode: str
        refuses: tuple[str, ...] = ()

    with reached(args) as agent, agent.connect() as connection:
        body = connection.fetch("GET", "/v1/whoami")
    if args.json:
        print(body.decode())
        return 0
    who = msgspec.json.decode(body, type=Who)
    print(f"{who.name} (uid {who.uid}) on a {who.mode} agent")
    if who.refuses:
        print(f"A {who.mode} agent leaves alone: {', '.join(who.refuses)}.")
    return 0
