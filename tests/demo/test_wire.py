"""The HTTP server beneath the emulators: bad clients and faults of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from console.demo.wire import BODY_LIMIT, Answer, Listener, Request


@asynccontextmanager
async def serving(handler) -> AsyncIterator[int]:
    sock = socket.create_server(("127.0.0.1", 0))
    listener = Listener(handler, "test")
    await listener.start(sock)
    try:
        yield sock.getsockname()[1]
    finally:
        await listener.stop()


async def hello(request: Request) -> Answer:
    if request.path == "/fault":
        raise LookupError("lost")
    return Answer(200, request.method.encode() + b" " + request.path.encode())


async def test_a_fault_is_told_to_who_asked_and_the_connection_goes_on():
    async with serving(hello) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.get("/fault")
        assert answer.status_code == 500
        assert answer.json()["message"] == "the demo failed at /fault: LookupError: lost"
        assert (await client.get("/a%20b")).text == "GET /a b"


async def test_garbage_and_floods_end_the_connection_and_nothing_else():
    async with serving(hello) as port:
        for sent in (
            b"\x16\x03\x01garbage\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n" + b"x" * (BODY_LIMIT + 1),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            try:
                async with asyncio.timeout(10):
                    assert not (await reader.read()).startswith(b"HTTP/1.1 2")
            except ConnectionResetError:
                pass  # it hung up with our bytes unread: just as good
            writer.close()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/x")).status_code == 200


async def test_a_stream_ends_when_its_client_goes():
    ended = asyncio.Event()

    async def stream(_request: Request) -> Answer:
        async def body() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await asyncio.Event().wait()
            finally:
                ended.set()

        return Answer(200, body())

    async with serving(stream) as port, httpx.AsyncClient() as client:
        async with client.stream("GET", f"http://127.0.0.1:{port}/") as answer:
            assert await anext(answer.aiter_raw()) == b"first"
            assert not ended.is_set()
        async with asyncio.timeout(10):
            await ended.wait()
