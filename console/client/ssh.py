"""Reach a duty agent behind ssh: one OpenSSH forward of its socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from console.client.spawn import START_S, end
from console.client.start import answers
from console.errors import AgentError
from console.guard import guarded
from console.paths import state_dir
from console.text import clean


class SshAgent:
    """A duty agent behind ssh: one OpenSSH forward of its socket; who we are is the uid of that sshd session."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        """`url`: ssh://[USER@]HOST[:PORT][/PATH/OF/agent.sock]."""
        wrong = AgentError(
            f"{url} is not an agent's address.", "It reads ssh://USER@HOST, or ssh://USER@HOST:PORT/path/agent.sock."
        )
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise wrong from None
        names = (parts.hostname or "", parts.username or "")
        # What begins with a dash would be an option to ssh.
        if parts.scheme != "ssh" or not parts.hostname or any(name.startswith("-") for name in names):
            raise wrong
        self._host = parts.hostname
        self._user = parts.username
        self._port = port
        self._remote = parts.path if len(parts.path) > 1 else "/run/quarterdeck/agent.sock"
        folder = folder or state_dir() / "run"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / f"ssh-{os.getpid()}.sock"
        self._ssh: subprocess.Popen[bytes] | None = None

    def reach(self) -> None:
        """Return once the forward stands. Raises AgentError with what ssh said."""
        if self._ssh is not None and self._ssh.poll() is None and answers(self.path):
            return
        if shutil.which("ssh") is None:
            raise AgentError("There is no ssh here.", "Install OpenSSH's client: apt install openssh-client")
        self.close()
        arguments = [
            "ssh", "-N", "-T",
            "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3",
            "-o", "StreamLocalBindMask=0177", "-o", "StreamLocalBindUnlink=yes",
            *(("-p", str(self._port)) if self._port else ()),
            *(("-l", self._user) if self._user else ()),
            "-L", f"{self.path}:{self._remote}", "--", self._host,
        ]  # fmt: skip
        # ssh needs its agent and its home, and no token of ours.
        env = {k: v for k, v in os.environ.items() if not k.startswith(("QUARTERDECK_", "GH_", "GITHUB_"))}
        with tempfile.TemporaryFile(prefix="quarterdeck-ssh-") as errors:
            self._ssh = subprocess.Popen(
                guarded(arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
                env=env,
            )
            deadline = time.monotonic() + START_S
            while time.monotonic() < deadline and self._ssh.poll() is None:
                if self.path.exists() and answers(self.path):
                    return
                time.sleep(0.05)
            ended = self._ssh.poll() is not None
            errors.seek(0)
            said = clean(errors.read(2000).decode(errors="replace").strip(), 500)
        self.close()
        what = said or ("ssh ended" if ended else "the forward did not come up in time")
        raise AgentError(
            f"The agent on {self._host} cannot be reached: {what}.",
            f"Try: ssh {self._host} true. It must log in without a question, and you must be in the group of {self._remote}.",
        )

    def close(self) -> None:
        if self._ssh is not None:
            if self._ssh.stdin is not None:
                self._ssh.stdin.close()  # its guard ends it
            try:
                self._ssh.wait(2.0)
            except subprocess.TimeoutExpired:
                end(self._ssh, 1.0)
        self._ssh = None
        self.path.unlink(missing_ok=True)
