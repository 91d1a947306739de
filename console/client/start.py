"""Reach an agent on its socket: the one that is there, or a new personal one."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from console.errors import AgentError


def answers(path: Path) -> bool:
    """Whether an agent accepts a connection on `path`."""
    from console.client.connection import Connection  # the first picture does not wait for h11

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

    def __init__(self, socket_path: Path, config: str | None) -> None:
        self._path = socket_path
        self._config = config
        self._known = False

    def reach(self) -> None:
        """Return once an agent answers. Raises AgentError with what the new one said."""
        _own(self._path)
        if answers(self._path):
            self._of_these_settings()
            return
        from console.client.spawn import spawn_agent

        if self._path.parent.name.startswith("quarterdeck-demo-"):
            raise AgentError(
                f"Nothing answers on {self._path}: that demo has ended.",
                "Open another, or go back to your own: unset QUARTERDECK_SOCKET",
            )
        config = ("--config", self._config) if self._config else ()
        try:
            spawn_agent([*config, "agent"], self._path)
        except AgentError:
            # Another screen may have started one at the same moment, and ours has made way for it.
            if not answers(self._path):
                raise
        self._known = True

    def _of_these_settings(self) -> None:
        """Refuse an agent that was started with other settings than those asked for: it would answer for another world."""
        if self._config is None or self._known:
            return
        from console.client.connection import Connection

        with Connection(self._path) as connection:
            said = msgspec.json.decode(connection.fetch("GET", "/v1/whoami"), type=_Who)
        if said.settings != str(Path(self._config).absolute()):
            raise AgentError(
                f"The agent on {self._path} was started with {said.settings or 'no settings'}, not with {self._config}.",
                f"End it (kill {said.pid}), or give the other its own QUARTERDECK_SOCKET and QUARTERDECK_STATE_DIR.",
            )
        self._known = True


class _Who(msgspec.Struct):
    settings: str = ""
    pid: int = 0
