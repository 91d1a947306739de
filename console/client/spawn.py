"""Start an agent as a process of its own and wait until it answers."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from console.errors import AgentError
from console.text import clean_block

START_S = 15.0
"""How long a new agent may take until it answers: 1 s here, more on a machine that has just booted."""

PYTHON = (sys.executable, "-P")
"""Never with the current folder in the path: an operator stands in all kinds of folders."""


def spawn_agent(
    arguments: Sequence[str], socket_path: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """An agent that answers on `socket_path`. Raises AgentError with what it said where it does not.

    It is of its own session: it outlives us unless its caller ends it.
    """
    read, write = os.pipe()
    with os.fdopen(read, "rb") as ready, tempfile.TemporaryFile(prefix="quarterdeck-agent-") as errors:
        try:
            agent = subprocess.Popen(
                [*PYTHON, "-m", "console", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
                pass_fds=(write,),
                env={
                    **os.environ,
                    **(environment or {}),
                    "QUARTERDECK_READY_FD": str(write),
                    "QUARTERDECK_SOCKET": str(socket_path),
                },
            )
        finally:
            os.close(write)
        # The pipe closes without a byte where the agent ends: no polling either way.
        readable, _, _ = select.select([ready], [], [], START_S)
        if readable and ready.read(1):
            return agent
        with contextlib.suppress(subprocess.TimeoutExpired):
            agent.wait(1.0)
        if agent.poll() is None:
            end(agent)
        errors.seek(0)
        said = clean_block(errors.read(4000).decode(errors="replace")).strip()
    raise AgentError(
        f"No agent could be started{': ' + said if said else f': it did not answer within {START_S:.0f} s.'}",
        "Try it in the foreground: quarterdeck agent",
    )


def end(process: subprocess.Popen[bytes], within_s: float = 6.0) -> None:
    """Ask a process to end, and make it."""
    process.terminate()
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def first_line(process: subprocess.Popen[bytes], within_s: float = START_S) -> bytes:
    """The first line that a process with a stdout pipe prints; empty where it ends or says none in time."""
    if process.stdout is None:
        return b""
    deadline, said = time.monotonic() + within_s, b""
    while not said.endswith(b"\n"):
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        part = os.read(process.stdout.fileno(), 65_536) if readable else b""
        if not part:
            return b""
        said += part
    return said
