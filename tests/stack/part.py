"""What a real server is to the tests, and what its module needs to start it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shutil import which
from typing import Protocol

END_S = 15.0
"""How long a server may take to end after SIGTERM before it is killed: dockerd unmounts and stops its containerd."""


class Part(Protocol):
    """One real server. `tests/stack/NAME.py` holds one as `PART`.

    Everything listens on loopback (`free_port()`) or on a Unix socket in its folder. A part that must do more than end
    its processes has a `stop(folder, facts)` too, called before they are ended.
    """

    packages: tuple[str, ...]
    """Debian's packages with its programs."""

    def missing(self) -> str:
        """Why it cannot be had here; empty if it can."""

    def start(self, folder: Path) -> dict[str, str]:
        """Start it with all its files in `folder` and return its facts once it answers.

        The fact `pid` names the processes to end, separated by spaces. Raises StartError with the reason.
        """


class StartError(Exception):
    """A server did not start; the message says why and carries the end of its log."""


def programs_missing(*names: str) -> str:
    """The words for programs that are not installed; empty if all are."""
    lacking = [name for name in names if find(name) is None]
    return f"not installed: {', '.join(lacking)} (python -m tests.stack install)" if lacking else ""


def find(program: str) -> str | None:
    """Where a program lies; servers are often outside an ordinary user's PATH."""
    return which(program, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")


def spawn(log: Path, argv: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Start a server that outlives this process, its output in `log`; return its pid.

    The shell in between ends at once, so that the server is nobody's child here and leaves no zombie.
    """
    script = 'log=$1; shift; "$@" >>"$log" 2>&1 </dev/null & echo $!'
    path = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    done = subprocess.run(
        ["/bin/sh", "-c", script, "spawn", str(log), *argv],
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={"PATH": path, "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", **(env or {})},
        check=True,
    )
    return int(done.stdout)


def wait_ready(ready: Callable[[], bool], pid: int, log: Path, within_s: float = 30.0) -> None:
    """Return as soon as `ready()` is true. Raises StartError where the process ends or the time is over."""
    until = time.monotonic() + within_s
    while True:
        if ready():
            return
        if not alive(pid):
            raise StartError(f"it ended at once: {_tail(log)}")
        if time.monotonic() > until:
            raise StartError(f"it did not answer within {within_s:g} s: {_tail(log)}")
        time.sleep(0.02)


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens on this port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def end(pid: int, within_s: float = END_S) -> None:
    """End one process: SIGTERM, and SIGKILL when its time is over."""
    for signum, wait_s in ((signal.SIGTERM, within_s), (signal.SIGKILL, 5.0)):
        try:
            # A stopped process would hear nothing else.
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signum)
        except ProcessLookupError:
            return
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            if not alive(pid):
                return
            time.sleep(0.02)


def _tail(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "it wrote no log"
    return " | ".join(lines[-4:])[-800:]
