"""Reach an agent: the one on the socket, a new personal one, or a duty agent behind ssh."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from console.client.connection import Connection
from console.errors import AgentError
from console.paths import state_dir

START_S = 15.0
"""How long a new agent may take until it answers: 1 s here, more on a machine that has just booted."""


def answers(path: Path) -> bool:
    """Whether an agent accepts a connection on `path`."""
    try:
        Connection(path, 2.0).close()
    except AgentError:
        return False
    return True


def _own(path: Path) -> None:
    """Refuse a socket that somebody else put where ours should be: it would see all that we do."""
    for place in (path, path.parent):
        try:
            owner = place.lstat().st_uid
        except FileNotFoundError:
            continue
        if owner not in (os.geteuid(), 0):
            raise AgentError(
                f"{place} belongs to uid {owner}, not to you: no personal agent is used there.",
                "Set QUARTERDECK_SOCKET to a path in a folder of your own, or name a duty agent with --agent.",
            )


class PersonalAgent:
    """Starts a personal agent where none runs. It outlives us and ends by itself when nobody is connected."""

    def __init__(self, socket_path: Path, config: str | None, *, arguments: tuple[str, ...] = ()) -> None:
        self._path = socket_path
        self._config = config
        self._arguments = arguments

    def reach(self) -> None:
        """Return once an agent answers. Raises AgentError with what the new one said."""
        _own(self._path)
        if answers(self._path):
            return
        arguments = [
            sys.executable,
            "-m",
            "console",
            *(("--config", self._config) if self._config else ()),
            "agent",
            *self._arguments,
        ]
        read, write = os.pipe()
        with contextlib.closing(os.fdopen(read, "rb")) as ready, _errors_file() as errors:
            try:
                agent = subprocess.Popen(
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    start_new_session=True,
                    pass_fds=(write,),
                    env={**os.environ, "QUARTERDECK_READY_FD": str(write), "QUARTERDECK_SOCKET": str(self._path)},
                )
            finally:
                os.close(write)
            deadline = time.monotonic() + START_S
            # The pipe closes without a byte where the agent ends: no polling either way.
            readable, _, _ = select.select([ready], [], [], START_S)
            if readable and ready.read(1):
                return
            if answers(self._path):
                return  # another screen started one at the same moment, and ours has made way for it
            with contextlib.suppress(subprocess.TimeoutExpired):
                agent.wait(max(0.1, min(1.0, deadline - time.monotonic())))
            errors.seek(0)
            said = errors.read(4000).decode(errors="replace").strip()
        raise AgentError(
            f"No agent could be started{': ' + said if said else '.'}", "Try it in the foreground: quarterdeck agent"
        )


def _errors_file() -> IO[bytes]:
    import tempfile

    return tempfile.TemporaryFile(prefix="quarterdeck-agent-")


class SshAgent:
    """A duty agent behind ssh: one OpenSSH forward of its socket; who we are is the uid of that sshd session."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        """`url`: ssh://[USER@]HOST[:PORT][/PATH/OF/agent.sock]."""
        from urllib.parse import urlsplit

        parts = urlsplit(url)
        if (
            parts.scheme != "ssh"
            or not parts.hostname
            or parts.hostname.startswith("-")
            or (parts.username or "").startswith("-")
        ):
            raise AgentError(
                f"{url} is not an agent's address.",
                "It reads ssh://USER@HOST, or ssh://USER@HOST:PORT/path/agent.sock.",
            )
        self._host = parts.hostname
        self._user = parts.username
        self._port = parts.port
        self._remote = parts.path if len(parts.path) > 1 else "/run/quarterdeck/agent.sock"
        folder = folder or state_dir() / "run"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / f"ssh-{os.getpid()}.sock"
        self._ssh: subprocess.Popen[bytes] | None = None

    def reach(self) -> None:
        """Return once the forward stands. Raises AgentError with what ssh said."""
        if self._ssh is not None and self._ssh.poll() is None and answers(self.path):
            return
        self.close()
        arguments = [
            "ssh", "-N", "-T",
            "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3",
            "-o", "StreamLocalBindMask=0177", "-o", "StreamLocalBindUnlink=yes",
            *(("-p", str(self._port)) if self._port else ()),
            *(("-l", self._user) if self._user else ()),
            "-L", f"{self.path}:{self._remote}", "--", self._host,
        ]  # fmt: skip
        with _errors_file() as errors:
            self._ssh = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
            )
            deadline = time.monotonic() + START_S
            while time.monotonic() < deadline and self._ssh.poll() is None:
                if self.path.exists() and answers(self.path):
                    return
                time.sleep(0.05)
            ended = self._ssh.poll() is not None
            errors.seek(0)
            said = errors.read(2000).decode(errors="replace").strip()
        self.close()
        what = said or ("ssh ended" if ended else "the forward did not come up in time")
        raise AgentError(
            f"The agent on {self._host} cannot be reached: {what}.",
            f"Try: ssh {self._host} true. It must log in without a question, and you must be in the group of {self._remote}.",
        )

    def close(self) -> None:
        if self._ssh is not None and self._ssh.poll() is None:
            self._ssh.terminate()
            try:
                self._ssh.wait(2.0)
            except subprocess.TimeoutExpired:
                self._ssh.kill()
                self._ssh.wait()
        self._ssh = None
        self.path.unlink(missing_ok=True)
