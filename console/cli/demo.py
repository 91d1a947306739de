"""`quarterdeck demo`."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from console.client.spawn import PYTHON, end, first_line, spawn_agent
from console.errors import AgentError

HELP = "Open the console on a simulated company: real protocols, invented facts. Nothing of yours is touched."


@dataclass(frozen=True)
class Size:
    """How large the company is, and which one."""

    repos: int = 24
    hosts: int = 3
    containers: int = 40
    panels: int = 60
    alerts: int | None = None
    seed: int = 7

    def arguments(self) -> list[str]:
        pairs = [(name, getattr(self, name)) for name in ("repos", "hosts", "containers", "panels", "alerts", "seed")]
        return [part for name, value in pairs if value is not None for part in (f"--{name}", str(value))]


def add(parser: argparse.ArgumentParser) -> None:
    default = Size()
    for name, text in (
        ("repos", "repositories"),
        ("hosts", "Docker hosts"),
        ("containers", "containers"),
        ("panels", "panels"),
        ("seed", "which company"),
    ):
        parser.add_argument(
            f"--{name}",
            type=int,
            default=getattr(default, name),
            metavar="N",
            help=f"{text} (default {getattr(default, name)})",
        )
    parser.add_argument("--alerts", type=int, metavar="N", help="alerts (default: as the company's troubles go)")
    parser.add_argument(
        "--serve", action="store_true", help="no screen: serve until interrupted, for verbs and scripts"
    )


def run(args: argparse.Namespace) -> int:
    size = Size(args.repos, args.hosts, args.containers, args.panels, args.alerts, args.seed)
    if args.serve:
        import signal
        import threading

        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: ended.set())
        with contextlib.closing(Company(size)) as demo:
            demo.reach()
            print(f"export QUARTERDECK_SOCKET={demo.socket}", flush=True)
            ended.wait()
        return 0
    return open_demo(size)


def open_demo(size: Size, *, first_start: bool = False) -> int:
    """Show the company. The screen paints first; the company comes up behind it."""
    from console.cli.show import show
    from console.settings.model import Ui

    greeting = (
        "No settings yet, so everything here is invented. Your own: ctrl+q, then quarterdeck init"
        if first_start
        else ""
    )
    with contextlib.closing(Company(size)) as demo:
        code = show(demo.socket, demo.reach, ui=Ui(), demo=True, greeting=greeting)
    return offer_init() if first_start and code == 0 else code


def offer_init() -> int:
    """Ask whether to write settings now; No by default, since leaving is what was asked for."""
    from console.cli import init

    answer = input("Watch your own systems? Find out what is here and write settings now [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        print("Any time: quarterdeck init")
        return 0
    parser = argparse.ArgumentParser(prog="quarterdeck init")
    init.add(parser)
    return init.run(parser.parse_args([], namespace=argparse.Namespace(config=None, agent=None)))


class Served(msgspec.Struct):
    """The line that `python -m console.demo` prints when it answers; it says more, for scripts."""

    settings: str
    environment: dict[str, str]


class Company:
    """A demo company and an agent of its own, in a folder of their own."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._folder = Path(tempfile.mkdtemp(prefix="quarterdeck-demo-"))
        self._after = contextlib.ExitStack()
        self._after.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._served: Served | None = None
        self._agent: subprocess.Popen[bytes] | None = None
        self.socket = self._folder / "agent.sock"

    def reach(self) -> None:
        """Bring both up; once. Raises AgentError where they do not come up."""
        if self._served is None:
            self._served = self._serve()
        if self._agent is None or self._agent.poll() is not None:
            self._agent = self._run_agent(self._served)

    def close(self) -> None:
        """End both, and leave nothing behind."""
        self._after.close()

    def _serve(self) -> Served:

        servers = subprocess.Popen(
            [*PYTHON, "-m", "console.demo", *self._size.arguments()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._after.callback(end, servers)
        line = first_line(servers)
        if not line:
            raise AgentError("The demo company did not start.", f"Try it by hand: {sys.executable} -m console.demo")
        return msgspec.json.decode(line, type=Served)

    def _run_agent(self, served: Served) -> subprocess.Popen[bytes]:
        environment = {**served.environment, "QUARTERDECK_STATE_DIR": str(self._folder / "state")}
        arguments = ["--config", served.settings, "agent", "--mode", "personal", "--demo"]
        agent = spawn_agent(arguments, self.socket, environment)
        self._after.callback(end, agent)
        return agent
