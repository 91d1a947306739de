"""HTTP/1.1 for the demo's servers: asyncio streams and h11. One handler answers all requests of a server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

import h11
import msgspec
from msgspec import Struct, field

BODY_LIMIT = 1_000_000
"""Bytes of a request's body: the largest that a client of ours sends is a silence of a few hundred bytes."""


class Request(Struct):
    method: str
    path: str
    """Percent-decoded."""
    raw_path: str
    """As it came, with the query."""
    query: dict[str, list[str]]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes = b""

    def first(self, name: str, default: str = "") -> str:
        found = self.query.get(name)
        return found[0] if found else default

    def flag(self, name: str, default: bool = False) -> bool:
        return self.first(name, "1" if default else "0").lower() in ("1", "true", "yes")

    def form(self) -> dict[str, list[str]]:
        """The query and, for a POST, the fields of its body: Prometheus takes both."""
        if "x-www-form-urlencoded" not in self.headers.get("content-type", ""):
            return self.query
        fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {**self.query, **fields}


class Answer(Struct):
    status: int = 200
    body: bytes | AsyncIterator[bytes] = b""
    """An iterator is sent in chunks, each as it comes, until it ends or the client goes."""
    headers: list[tuple[str, str]] = field(default_factory=list)


Handler = Callable[[Request], Awaitable[Answer]]


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, msgspec.json.encode(value), [("Content-Type", "application/json"), *(headers or {}).items()])


class Listener:
    """One server on a socket that is already bound."""

    def __init__(self, handler: Handler, name: str) -> None:
        self._handler = handler
        self._name = name
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, sock: socket.socket) -> None:
        start = asyncio.start_unix_server if sock.family == socket.AF_UNIX else asyncio.start_server
        self._server = await start(self._accept, sock=sock)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, TimeoutError, h11.RemoteProtocolError, asyncio.CancelledError):
            # A client that goes away is its own business; a stopping server is ours.
            return
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        while True:
            request = await _read(connection, reader)
            if request is None:
                return
            try:
                answer = await self._handler(request)
            except Exception as error:  # noqa: BLE001  # the screen owns the terminal: a fault is told to who asked
                words = f"the demo failed at {request.path}: {type(error).__name__}: {error}"
                answer = json_answer(
                    {"message": words, "status": "error", "errorType": "internal", "error": words}, 500
                )
            answer.headers.insert(0, ("Server", self._name))
            await _write(connection, reader, writer, answer, request.method)
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                return
            connection.start_next_cycle()


async def _read(connection: h11.Connection, reader: asyncio.StreamReader) -> Request | None:
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(65_536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > BODY_LIMIT:
                return None
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            target = head.target.decode("latin-1")
            parts = urlsplit(target)
            return Request(
                method=head.method.decode("ascii"),
                path=unquote(parts.path),
                raw_path=target,
                query=parse_qs(parts.query, keep_blank_values=True),
                headers={k.decode("latin-1"): v.decode("latin-1") for k, v in head.headers},
                body=bytes(body),
            )
        else:
            return None


async def _write(
    connection: h11.Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answer: Answer,
    method: str,
) -> None:
    headers = list(answer.headers)
    bodyless = answer.status in (204, 304) or method == "HEAD"
    if isinstance(answer.body, bytes):
        if not bodyless or method == "HEAD":
            headers.append(("Content-Length", str(len(answer.body))))
        parts = [connection.send(h11.Response(status_code=answer.status, headers=headers)) or b""]
        if answer.body and not bodyless:
            parts.append(connection.send(h11.Data(data=answer.body)) or b"")
        parts.append(connection.send(h11.EndOfMessage()) or b"")
        writer.write(b"".join(parts))
        await writer.drain()
        return
    headers += [("Transfer-Encoding", "chunked"), ("Connection", "close")]
    writer.write(connection.send(h11.Response(status_code=answer.status, headers=headers)) or b"")
    await writer.drain()
    # A quiet stream learns that its client is gone only by reading.
    gone = asyncio.ensure_future(reader.read(1))
    pump = asyncio.ensure_future(_pump(connection, writer, answer.body))
    try:
        await asyncio.wait((gone, pump), return_when=asyncio.FIRST_COMPLETED)
        if pump.done():
            pump.result()
            writer.write(connection.send(h11.EndOfMessage()) or b"")
            await writer.drain()
    finally:
        for task in (gone, pump):
            task.cancel()
        await asyncio.gather(gone, pump, return_exceptions=True)
    # What was read to notice the end cannot be put back, so such a connection is not used again.
    raise ConnectionResetError


async def _pump(connection: h11.Connection, writer: asyncio.StreamWriter, body: AsyncIterator[bytes]) -> None:
    async for chunk in body:
        if chunk:
            writer.write(connection.send(h11.Data(data=chunk)) or b"")
            await writer.drain()
