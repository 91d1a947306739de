"""uvicorn on sockets that we bind, with callers that we know, and signals that are ours."""

from __future__ import annotations

import asyncio
import contextlib
import grp
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from console.agent.identity import SCOPE_KEY, caller_of
from console.errors import ConsoleError


class PeerProtocol(H11Protocol):
    """Puts the kernel's word for the peer into each request's scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        caller = caller_of(transport.get_extra_info("socket"))
        app = self.app

        async def with_caller(scope: Any, receive: Any, send: Any) -> None:
            scope[SCOPE_KEY] = caller
            await app(scope, receive, send)

        self.app = with_caller


class Server(uvicorn.Server):
    """Leaves signals to run.py: uvicorn would wait for open streams and raise the signal again after them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: Any) -> Server:
    return Server(
        uvicorn.Config(
            app,
            http=PeerProtocol,
            ws="none",
            lifespan="off",
            proxy_headers=False,  # with them a header could name another caller
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=65_536,
        )
    )


def bind(path: Path, group: str = "") -> socket.socket:
    """A listening Unix socket at `path`: 0600 in a folder of 0700, or 0660 and 0750 for a `group`.

    Call it with the state lock held. Takes the path only from an agent that is dead. Raises ConsoleError.
    """
    gid = _gid(group) if group else -1
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = path.parent.stat()
        if made.st_uid == os.geteuid() and path.parent.name in ("quarterdeck", "run"):
            path.parent.chmod(0o750 if group else 0o700)
            if group:
                os.chown(path.parent, -1, gid)
        if path.exists() and not stat.S_ISSOCK(path.lstat().st_mode):
            raise ConsoleError(f"{path} is in the way: it is not a socket.", "Move it, or set QUARTERDECK_SOCKET.")
        if answers(path):
            raise ConsoleError(f"Another agent answers on {path}.", "Use that one, or set QUARTERDECK_SOCKET.")
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        umask = os.umask(0o177)
        try:
            listening.bind(os.fspath(path))
        finally:
            os.umask(umask)
        if group:
            os.chown(path, -1, gid)
            path.chmod(0o660)
    except OSError as error:
        raise ConsoleError(
            f"The socket {path} cannot be made: {error.strerror or error}.",
            "Set QUARTERDECK_SOCKET to a path in a folder of your own.",
        ) from error
    listening.listen(128)
    return listening


def answers(path: Path) -> bool:
    """Whether somebody listens on the socket at `path`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
        return True


def _gid(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise ConsoleError(
            f"The group {group!r} of agent.group does not exist here.", f"Make it: groupadd --system {group}"
        ) from None
