"""A terminal that hangs up, and SIGTERM, end the screen cleanly: exit code 0, the port closed, the terminal restored."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

DEADLINE_S = 20.0
SCRIPT = """
import sys
from pathlib import Path
from console.ui.run import run
from tests.ui.port import FakePort
port = FakePort()
code = run(port)
Path(sys.argv[1]).write_text(f"code {code} closed {port.closed}")
"""


@pytest.fixture
def screen(tmp_path):
    """(pid, terminal, file with the outcome) of a console in a terminal of its own, after its first picture."""
    outcome = tmp_path / "outcome"
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[2])}
    # The terminal is opened by the new session, which makes it the one that it loses.
    pid = os.posix_spawn(
        sys.executable,
        [
            sys.executable,
            "-c",
            f"import os; os.setsid(); os.close(os.open({os.ttyname(theirs)!r}, os.O_RDWR))\n{SCRIPT}",
            str(outcome),
        ],
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, theirs, fd) for fd in (0, 1, 2)] + [(os.POSIX_SPAWN_CLOSE, ours)],
    )
    os.close(theirs)
    shown = read_until(ours, b"QUARTERDECK")
    assert b"QUARTERDECK" in shown, shown
    yield pid, ours, outcome
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def read_until(terminal: int, wanted: bytes) -> bytes:
    shown, end = b"", time.monotonic() + DEADLINE_S
    while wanted not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                shown += os.read(terminal, 65_536)
            except OSError:
                break
    return shown


def ended(pid: int) -> int:
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        select.select([], [], [], 0.05)
    pytest.fail("the screen is still there")


def test_on_hang_up(screen):
    pid, terminal, outcome = screen
    os.close(terminal)
    assert ended(pid) == 0
    # A driver that died with its terminal may leave the ending to the watch, which says nothing more.
    assert not outcome.exists() or outcome.read_text() == "code 0 closed 1"


def test_on_sigterm(screen):
    pid, terminal, outcome = screen
    os.kill(pid, signal.SIGTERM)
    shown = read_until(terminal, b"\x1b[?1049l")
    assert b"\x1b[?1049l" in shown, "the terminal's own page is back"
    assert ended(pid) == 0
    assert outcome.read_text() == "code 0 closed 1"
    os.close(terminal)
