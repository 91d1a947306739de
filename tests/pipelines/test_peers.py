"""Peers that are broken, evil or not GitHub: each is one clear error in time, and memory stays bounded."""

from __future__ import annotations

import asyncio
import gzip
import logging
import time
import traceback
import tracemalloc

import httpx
import pytest

from console.clock import SystemClock
from console.errors import SourceError
from console.pipelines.client import Client
from console.pipelines.etags import ETags
from console.pipelines.governor import Gate
from console.pipelines.limits import Governor
from console.pipelines.transport import BODY_LIMIT
from console.settings.model import GitHub, Seconds, Tls
from console.tls import client_context
from tests import peers
from tests.pipelines.simulation import Shelf

TOKEN = "ghp_dontshowme"


def client(url: str, *, timeout: float = 0.5, transport=None, **settings) -> Client:
    clock = SystemClock()
    github = GitHub(name="acme", api_url=url, timeout=Seconds(timeout), repositories=("acme/web",), **settings)
    etags = ETags(Shelf(), "h", TOKEN, 0.0)
    return Client(github, TOKEN, clock=clock, gate=Gate(Governor(), clock), etags=etags, transport=transport)


async def fails(url: str, kind: str, **options) -> SourceError:
    began = time.monotonic()
    async with client(url, **options) as github:
        with pytest.raises(SourceError) as caught:
            await github.runs("acme/web")
        assert caught.value.kind == kind, caught.value
        assert github._gate.governor.flying == 0
    assert time.monotonic() - began < 10
    error = caught.value
    assert error.hint
    assert "\x1b" not in str(error)
    assert TOKEN not in "".join(traceback.format_exception(error))
    return error


async def test_nobody_listens():
    error = await fails("http://" + peers.unreachable(), "unreachable")
    assert "cannot be reached" in error.message


async def test_a_name_that_is_none():
    await fails("http://no.such.host.invalid", "unreachable", timeout=5)


async def test_silent():
    async with peers.silent() as peer:
        error = await fails(peer.http, "timeout")
        assert "did not answer within 0.5 s" in error.message


@pytest.mark.parametrize("head", [False, True])
async def test_dripping(head):
    async with peers.dripping(head=head) as peer:
        await fails(peer.http, "timeout")


async def test_half_closed():
    async with peers.half_closed() as peer:
        await fails(peer.http, "protocol")


async def test_cut_off():
    async with peers.cut_off() as peer:
        await fails(peer.http, "protocol")


async def test_garbage():
    async with peers.garbage() as peer:
        error = await fails(peer.http, "protocol")
        assert "api_url" in error.hint


async def test_another_protocol():
    async with peers.wrong_protocol() as peer:
        await fails(peer.http, "protocol")


async def test_tls_of_nobody_we_trust(tmp_path):
    async with peers.wrong_tls(tmp_path) as peer:
        error = await fails(peer.https, "tls")
        assert "tls.ca" in error.hint


async def test_plain_http_where_tls_is_expected():
    async with peers.garbage() as peer:
        await fails(peer.https, "tls")


async def test_an_answer_of_50_mb_is_not_read_to_its_end():
    async with peers.huge() as peer:
        tracemalloc.start()
        error = await fails(peer.http, "protocol", timeout=9)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert "longer than 16 MiB" in error.message
        assert peer.sent < BODY_LIMIT + 8 * 1024 * 1024
        assert most < 3 * BODY_LIMIT


async def test_a_small_answer_that_unpacks_to_a_gigabyte():
    bomb = gzip.compress(b" " * 200_000_000, 9)

    def answer(_):
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(bomb))

    tracemalloc.start()
    error = await fails("https://h", "protocol", transport=httpx.MockTransport(answer), timeout=9)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "longer than 16 MiB" in error.message
    assert most < 3 * BODY_LIMIT


async def test_gzip_is_read_and_what_is_no_gzip_is_said():
    def answer(request):
        body = gzip.compress(b'{"workflow_runs": [{"id": 7}]}') if "good" in request.url.path else b"no gzip"
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(body))

    async with client("https://h", transport=httpx.MockTransport(answer)) as github:
        assert (await github.runs("acme/good")).value.workflow_runs[0].id == 7
        with pytest.raises(SourceError, match="says it is gzip and is not"):
            await github.runs("acme/bad")


async def test_a_certificate_file_that_is_not_there():
    with pytest.raises(SourceError, match=r"/nowhere/ca\.pem cannot be read") as caught:
        client_context(Tls(ca="/nowhere/ca.pem"))
    assert caught.value.kind == "tls"


async def test_an_authority_of_our_own_is_trusted(tmp_path):
    authority = peers.Authority(tmp_path)
    async with (
        peers.serve(_one_run, tls=authority.server()) as peer,
        client(peer.https, timeout=5, tls=Tls(ca=str(authority.ca))) as github,
    ):
        assert (await github.runs("acme/web")).value.workflow_runs == []


async def _one_run(peer, reader, writer):
    await peers.request(peer, reader)
    body = b'{"workflow_runs": []}'
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
    await writer.drain()


async def test_the_token_is_in_no_log_no_error_and_no_repr(caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpcore").setLevel(logging.DEBUG)
    async with peers.garbage() as peer:
        error = await fails(peer.http, "protocol")
    refusing = peers.answering(lambda _: (401, b'{"message":"Bad credentials"}'))
    async with refusing as peer, client(peer.http) as github:
        assert TOKEN not in repr(github)
        assert TOKEN not in repr(github._headers)
        with pytest.raises(SourceError) as caught:
            await github.user()
    assert caplog.records
    assert TOKEN not in caplog.text
    for shown in (error, caught.value):
        assert TOKEN not in str(shown) + repr(shown) + repr(vars(shown))


async def test_cancelling_a_request_gives_its_place_back():
    async with peers.silent() as peer, client(peer.http, timeout=60) as github:
        task = asyncio.create_task(github.user())
        while not peer.connections:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert github._gate.governor.flying == 0
        assert github._gate._slots._value == 10


async def test_no_cookie_is_kept():
    seen = []

    def answer(request):
        seen.append(request.headers.get("cookie"))
        headers = {"set-cookie": "a=b; Path=/"}
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(b'{"login": "ana"}'))

    async with client("https://ghe.acme.example", transport=httpx.MockTransport(answer)) as github:
        await github.user()
        await github.user()
    assert seen == [None, None]
