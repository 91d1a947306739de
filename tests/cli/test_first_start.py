"""A first start without settings shows the demo company, says so, and offers to set up one's own (in a real terminal)."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import sys
import time

import pytest


class Terminal:
    """A program in a pseudo-terminal of 100x30, as a person would have it."""

    def __init__(self, *arguments: str) -> None:
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.update(TERM="xterm-256color", COLUMNS="100", LINES="30", LANG="C.UTF-8")
            os.execv(sys.executable, [sys.executable, "-m", "console", *arguments])
        self.seen = b""

    def wait_for(self, text: str, within_s: float = 30.0) -> None:
        deadline = time.monotonic() + within_s
        while text.encode() not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} did not appear in {self.seen[-2000:]!r}"
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.fd, 65_536)
                except OSError:
                    assert text.encode() in self.seen, self.seen[-2000:]

    def type(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def ended(self, within_s: float = 20.0) -> int:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):  # the last of it has been read
                    self.seen += os.read(self.fd, 65_536)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError("it did not end")


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No settings in the folder, the home or the environment."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    return tmp_path


@pytest.fixture
def terminals():
    """Opens terminals, and hangs up those that a failed test leaves behind."""
    opened: list[Terminal] = []

    def open_one(*arguments: str) -> Terminal:
        opened.append(Terminal(*arguments))
        return opened[-1]

    yield open_one
    for terminal in opened:
        os.close(terminal.fd)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(terminal.pid, 0)


def test_the_demo_opens_says_so_and_offers_to_set_up(nowhere, terminals):
    terminal = terminals()
    terminal.wait_for("DEMO")
    terminal.wait_for("No settings yet")
    terminal.type(b"\x11")  # ctrl+q
    terminal.wait_for("[y/N]")
    terminal.type(b"\n")
    assert terminal.ended() == 0
    assert b"Any time" in terminal.seen
    assert not list(nowhere.glob("**/config.yaml")), "Enter alone writes nothing"


def test_where_there_are_settings_it_is_the_real_world(nowhere, terminals):
    (nowhere / "empty/quarterdeck.yaml").write_text("organisation: acme-real\nagent: {idle_exit: 1s}\n")
    terminal = terminals()
    terminal.wait_for("acme-real")
    terminal.type(b"\x11")
    assert terminal.ended() == 0
    assert b"DEMO" not in terminal.seen
    assert b"[y/N]" not in terminal.seen
