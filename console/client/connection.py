"""One HTTP exchange with the agent over its Unix socket: plain sockets and h11, nothing else to import."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import h11
import msgspec

from console.errors import AgentError, ConsoleError

TIMEOUT_S = 10.0
"""How long one answer may take; streams give their own."""
ANSWER_BYTES = 256 * 1024 * 1024
"""Longest answer taken: a world of 200,000 records."""


class Problem(msgspec.Struct, frozen=True):
    message: str = ""
    hint: str = ""
    detail: str = ""


class Connection:
    """A connection for one request. Raises AgentError where nobody answers, ConsoleError where the agent refuses."""

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._http = h11.Connection(h11.CLIENT)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(os.fspath(path))
        except (FileNotFoundError, ConnectionRefusedError):
            self._socket.close()
            raise AgentError(f"No agent answers on {path}.", "Start one: quarterdeck agent") from None
        except PermissionError:
            self._socket.close()
            raise AgentError(
                f"You may not use the agent on {path}.", "Ask to be put into the group of that socket."
            ) from None
        except OSError as error:
            self._socket.close()
            raise AgentError(f"No agent answers on {path}: {error}.", "Start one: quarterdeck agent") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it; a thread that reads from it gets an AgentError at once."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            # It was not connected any more, which is what is wanted.
            return
        finally:
            self._socket.close()

    def fetch(self, method: str, path: str, query: dict[str, str] | None = None, body: bytes = b"") -> bytes:
        """The whole body of the answer."""
        parts, size = [], 0
        for part in self.chunks(method, path, query, body):
            size += len(part)
            if size > ANSWER_BYTES:
                raise AgentError(f"The agent's answer to {path} is longer than {ANSWER_BYTES >> 20} MB.")
            parts.append(part)
        return b"".join(parts)

    def lines(self, path: str, query: dict[str, str]) -> Iterator[bytes]:
        """The lines of a streamed answer, as they come."""
        rest = b""
        for part in self.chunks("GET", path, query):
            *whole, rest = (rest + part).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def chunks(self, method: str, path: str, query: dict[str, str] | None = None, body: bytes = b"") -> Iterator[bytes]:
        """The body of the answer in pieces, as they come."""
        target = f"{path}?{urlencode(query)}" if query else path
        headers = [("Host", "quarterdeck"), ("Connection", "close")]
        if body:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        try:
            self._send(h11.Request(method=method, target=target, headers=headers))
            if body:
                self._send(h11.Data(data=body))
            self._send(h11.EndOfMessage())
            yield from self._answer()
        except TimeoutError:
            raise AgentError(
                f"The agent on {self._path} does not answer.", "It may hang: see `quarterdeck doctor`."
            ) from None
        except (OSError, h11.ProtocolError) as error:
            raise AgentError(
                f"The connection to the agent on {self._path} broke: {error}.", "It is tried again."
            ) from error

    def _answer(self) -> Iterator[bytes]:
        status, problem = 0, b""
        while True:
            match event := self._next():
                case h11.Response():
                    status = event.status_code
                case h11.Data() if status >= 400:
                    problem += bytes(event.data)
                case h11.Data():
                    yield bytes(event.data)
                case h11.EndOfMessage() | h11.ConnectionClosed():
                    break
        if status >= 400:
            raise _refused(status, problem)

    def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._socket.sendall(data)

    def _next(self) -> h11.Event:
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(self._socket.recv(262_144))
                continue
            if not isinstance(event, h11.Event):
                raise AgentError(f"The connection to the agent on {self._path} ended.", "It is tried again.")
            return event


def _refused(status: int, body: bytes) -> ConsoleError:
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        problem = Problem(message=f"The agent answered {status}.")
    kind = AgentError if status == 403 else ConsoleError
    return kind(problem.message or problem.detail or f"The agent answered {status}.", problem.hint)
