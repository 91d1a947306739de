"""From the command line's options to an agent: its socket, and how it is reached."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.client.start import PersonalAgent
from console.paths import checked_socket

if TYPE_CHECKING:
    from console.client.connection import Connection

DUTY_SOCKET = Path("/run/quarterdeck/agent.sock")
"""Where a duty agent's unit puts its socket; used where this user may and no personal agent is asked for."""


@dataclass(frozen=True)
class Reach:
    path: Path
    reach: Callable[[], None]
    """Makes an agent answer on `path`; raises AgentError where none can."""
    close: Callable[[], None] = lambda: None

    def connect(self, timeout_s: float = 10.0) -> Connection:
        from console.client.connection import Connection

        self.reach()
        return Connection(self.path, timeout_s)


@contextlib.contextmanager
def reached(args: argparse.Namespace) -> Iterator[Reach]:
    """The agent that `args.agent` and `args.config` mean; a forward is ended afterwards."""
    reach = _reach(args.agent, args.config)
    try:
        yield reach
    finally:
        reach.close()


def _reach(agent: str | None, config: str | None) -> Reach:
    if agent and agent.startswith("unix://"):
        path = checked_socket(Path(agent.removeprefix("unix://")))
        return Reach(path, lambda: None)
    if agent:
        from console.client.ssh import SshAgent

        ssh = SshAgent(agent)
        return Reach(checked_socket(ssh.path), ssh.reach, ssh.close)
    from console.settings import glance
    from console.settings.load import find

    path = glance.socket(find(config))
    if not config and "QUARTERDECK_SOCKET" not in os.environ and os.access(DUTY_SOCKET, os.R_OK | os.W_OK):
        return Reach(DUTY_SOCKET, lambda: None)
    return Reach(path, PersonalAgent(path, config).reach)
