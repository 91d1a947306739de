"""Bad peers in the place of an Alertmanager: each ends in a clear error within the time-out; memory stays bounded."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from console.alerts.client import LIMIT, Client
from console.clock import SystemClock
from console.errors import SourceError
from console.settings.model import Tls
from console.tls import client_context
from tests import peers

TIMEOUT_S = 0.5


@contextlib.asynccontextmanager
async def client_of(url: str, **more):
    client = Client(url, timeout_s=more.pop("timeout_s", TIMEOUT_S), clock=SystemClock(), **more)
    try:
        yield client
    finally:
        await client.close()


async def failing(url: str, **more) -> SourceError:
    async with client_of(url, **more) as client:
        began = asyncio.get_running_loop().time()
        with pytest.raises(SourceError) as caught:
            await client.alerts()
        assert asyncio.get_running_loop().time() - began < TIMEOUT_S + 1.0
        assert "\x1b" not in str(caught.value)
        return caught.value


async def test_nobody_listens():
    error = await failing(f"http://{peers.unreachable()}")
    assert error.kind == "unreachable"
    assert error.hint


async def test_a_name_that_does_not_exist():
    assert (await failing("http://no-such-host.invalid:9093")).kind in ("unreachable", "timeout")


@pytest.mark.parametrize(
    ("peer", "kinds"),
    [
        # Who hangs up on what it did not read resets the connection, and the garbage may be lost with it.
        (peers.silent, {"timeout"}),
        (peers.dripping, {"timeout"}),
        (lambda: peers.dripping(head=True), {"timeout"}),
        (peers.half_closed, {"protocol"}),
        (peers.cut_off, {"unreachable"}),
        (peers.garbage, {"protocol", "unreachable"}),
        (peers.wrong_protocol, {"protocol", "unreachable"}),
    ],
    ids=["silent", "drips its body", "drips its head", "half-closed", "hangs up", "garbage", "ssh"],
)
async def test_bad_servers(peer, kinds):
    async with peer() as server:
        error = await failing(server.http)
        assert error.kind in kinds, error


async def test_an_answer_of_50_mb_is_not_read_to_its_end():
    async with peers.huge() as server, client_of(server.http, timeout_s=20) as client:
        with pytest.raises(SourceError, match="more than 24 MiB"):
            await client.alerts()
        assert server.sent < LIMIT + 20_000_000


async def test_a_certificate_nobody_trusts_and_one_that_the_settings_name(tmp_path):
    async with peers.wrong_tls(tmp_path) as server:
        error = await failing(server.https, tls=client_context(None))
        assert error.kind == "tls"
        assert "tls.ca" in error.hint
    authority = peers.Authority(tmp_path, "ours")
    async with peers.answering(lambda _: (200, b"[]"), tls=authority.server()) as server:
        tls = client_context(Tls(ca=str(authority.ca)))
        async with client_of(server.https, tls=tls, timeout_s=5) as client:
            assert await client.alerts() == []


async def test_our_own_certificate_is_shown_to_who_asks_for_it(tmp_path):
    authority = peers.Authority(tmp_path, "ours")
    tls = authority.server()
    tls.load_verify_locations(authority.ca)
    tls.verify_mode = 2
    cert, key = authority.issue("agent")
    async with peers.answering(lambda _: (200, b"[]"), tls=tls) as server:
        ours = client_context(Tls(ca=str(authority.ca), cert=str(cert), key=str(key)))
        async with client_of(server.https, tls=ours, timeout_s=5) as client:
            assert await client.alerts() == []
        assert (await failing(server.https, tls=client_context(Tls(ca=str(authority.ca))))).kind in (
            "tls",
            "unreachable",
        )


async def test_tls_where_plain_http_is_spoken():
    async with peers.garbage(what=b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        assert (await failing(server.https, tls=client_context(None))).kind in ("tls", "unreachable")


@pytest.mark.parametrize("field", ["ca", "cert"])
def test_files_of_the_settings_that_cannot_be_read(tmp_path, field):
    path = tmp_path / "x.pem"
    with pytest.raises(SourceError, match=r"x\.pem"):
        client_context(Tls(**{field: str(path)}))
    path.write_text("no certificate")
    with pytest.raises(SourceError) as caught:
        client_context(Tls(**{field: str(path)}))
    assert caught.value.kind == "tls"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"", "protocol"),
        (200, b"<html>Sign in</html>", "protocol"),
        (200, b'{"status": "success"}', "protocol"),
        (200, b'[{"labels": {"a": 7}}]', "protocol"),
        (200, b'[{"fingerprint": "\xff"}]', "protocol"),
        (200, b"[" * 100_000, "protocol"),
        (302, b"", "protocol"),
        (401, b"", "refused"),
        (403, b"", "refused"),
        (404, b"404 page not found", "missing"),
        (429, b"", "limited"),
        (500, b"\x1b[31mboom", "failed"),
        (503, b"", "failed"),
    ],
)
async def test_answers_that_are_none(status, body, kind):
    headers = {"Location": "https://sso.example/\x1b]0;x\x07", "Retry-After": "17"}
    async with peers.answering(lambda _: (status, body, headers)) as server:
        error = await failing(server.http)
        assert error.kind == kind
        assert error.retry_after_s == (17.0 if status == 429 else None)


async def test_a_password_is_sent_and_never_told():
    heads = []

    async def talk(peer, reader, writer):
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with peers.serve(talk) as server:
        assert "s3cret" not in str(await failing(server.http, token="s3cret"))
        assert "pä:ss" not in str(await failing(server.http, username="ana", password="pä:ss"))
    assert "Bearer s3cret" in heads[0]
    assert "Basic YW5hOnDDpDpzcw==" in heads[1]
    with pytest.raises(SourceError) as caught:
        Client("http://127.0.0.1:1", timeout_s=1, clock=SystemClock(), token="s3cret\n")
    assert "s3cret" not in str(caught.value)
