"""One agent a state folder. The lock is the kernel's, so that a killed agent leaves none behind."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec

from console.errors import ConsoleError


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock; kept beside it for the one who comes second."""

    pid: int
    socket: str
    started_at: float
    mode: str


class StateLock:
    """flock on the folder itself: it needs nothing written, so it holds on a full or read-only disk too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fd = -1

    def take(self, holder: Holder) -> str:
        """Take the lock, or raise ConsoleError naming its holder. Returns why no lock could be had, if so."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._fd = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            return f"The state folder {self._folder} cannot be used: {error.strerror}."
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            self._fd = -1
            raise ConsoleError(
                self._held(), "Use that agent, or set QUARTERDECK_STATE_DIR to another folder."
            ) from None
        try:
            if self._folder.stat().st_uid == os.geteuid():
                self._folder.chmod(0o700)
            (self._folder / "agent.json").write_bytes(msgspec.json.encode(holder))
        except OSError as error:
            return f"The state folder {self._folder} cannot be written: {error.strerror}."
        return ""

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _held(self) -> str:
        try:
            holder = msgspec.json.decode((self._folder / "agent.json").read_bytes(), type=Holder)
        except (OSError, msgspec.DecodeError):
            return f"Another agent uses the state folder {self._folder}."
        return f"The {holder.mode} agent with pid {holder.pid} uses {self._folder}; it answers on {holder.socket}."
