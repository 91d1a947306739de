"""Bad peers in the place of Prometheus: each ends in a clear error within the time-out, and memory stays bounded."""

from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest

from console.clock import SystemClock
from console.errors import SourceError
from console.monitoring.client import ANSWER_LIMIT, Client, QueryError
from console.settings.model import Tls
from console.tls import client_context
from tests import peers
from tests.monitoring.kit import until

TIMEOUT_S = 0.5


@contextlib.asynccontextmanager
async def client_of(url: str, **more):
    client = Client(url, timeout_s=TIMEOUT_S, queries=4, clock=SystemClock(), **more)
    try:
        yield client
    finally:
        client.close()
        await until(lambda: not [t for t in threading.enumerate() if t.name.startswith("prometheus-")])


async def failing(url: str, **more) -> list[SourceError]:
    """The errors of a query and of a reading of the rules; each within the time-out."""
    errors = []
    async with client_of(url, **more) as client:
        for ask in (lambda: client.query_range("up", 0, 60, 15), client.rules):
            began = time.monotonic()
            with pytest.raises(SourceError) as caught:
                await ask()
            assert time.monotonic() - began < TIMEOUT_S + 1.0
            assert caught.value.message
            assert "\x1b" not in str(caught.value)
            errors.append(caught.value)
    return errors


async def test_nobody_listens():
    for error in await failing(f"http://{peers.unreachable()}"):
        assert error.kind == "unreachable"
        assert "cannot be reached" in error.message
        assert error.hint


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
        for error in await failing(server.http):
            assert error.kind in kinds, error


async def test_a_name_that_does_not_exist():
    for error in await failing("http://no-such-host.invalid:9090"):
        assert error.kind in ("unreachable", "timeout")


async def test_an_answer_of_50_mb_is_not_read_to_its_end():
    async with peers.huge() as server, client_of(server.http) as client:
        with pytest.raises(QueryError, match="larger than 4 MiB"):
            await client.query("up", 0)
        assert server.sent < ANSWER_LIMIT + 20_000_000


async def test_a_certificate_nobody_trusts_and_one_that_the_settings_name(tmp_path):
    async with peers.wrong_tls(tmp_path) as server:
        for error in await failing(server.https, tls=client_context(None)):
            assert error.kind == "tls"
            assert "tls.ca" in error.hint
    authority = peers.Authority(tmp_path, "ours")
    body = b'{"status": "success", "data": {"resultType": "vector", "result": []}}'
    async with peers.answering(lambda _: (200, body), tls=authority.server()) as server:
        tls = client_context(Tls(ca=str(authority.ca)))
        async with client_of(server.https, tls=tls) as client:
            assert (await client.query("up", 0)).lines == ()


async def test_tls_where_plain_http_is_spoken():
    async with peers.garbage(what=b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        for error in await failing(server.https, tls=client_context(None)):
            assert error.kind in ("tls", "unreachable")
            assert error.hint


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"", "protocol"),
        (200, b"<html>Sign in</html>", "protocol"),
        (200, b"[1, 2", "protocol"),
        (200, b"[" * 100_000, "protocol"),
        (200, b'{"status": "success", "data": 7}', "protocol"),
        (200, b'{"status": "success"}', "protocol"),
        (200, b'{"status": "success", "data": "\xff"}', "protocol"),
        (401, b"no", "refused"),
        (403, b"no", "refused"),
        (404, b"404 page not found", "missing"),
        (429, b"", "limited"),
        (500, b"\x1b[31mboom", "failed"),
        (502, b"<html>bad gateway</html>", "failed"),
        (302, b"", "protocol"),
    ],
)
async def test_answers_that_are_none(status, body, kind):
    async with peers.answering(lambda _: (status, body, {"Location": "https://sso.example/\x1b]0;x\x07"})) as server:
        for error in await failing(server.http):
            assert error.kind == kind
            assert not isinstance(error, QueryError)


async def test_words_of_the_api_are_the_querys_own_fault():
    body = json.dumps({"status": "error", "errorType": "bad_data", "error": "parse error \x1b[31mhere"}).encode()
    async with peers.answering(lambda _: (400, body)) as server, client_of(server.http) as client:
        with pytest.raises(QueryError) as caught:
            await client.query("up{", 0)
        assert caught.value.message == "parse error here"


async def test_samples_that_are_no_numbers_and_labels_that_are_hostile():
    result = [
        {"metric": {"a": "\x1b[31m[bold]x\u202e", "long": "y" * 5000}, "values": [[0, "NaN"], [15, "+Inf"], [30, "3"]]}
    ]
    bodies = [result, [{"metric": {}, "values": [[0, "three"]]}], [{"metric": {}, "values": [[0, None]]}]]
    served = iter(bodies)

    def answer(_: str) -> tuple[int, bytes]:
        data = {"resultType": "matrix", "result": next(served)}
        return 200, json.dumps({"status": "success", "data": data, "warnings": ["\x1b[2Jpartial"]}).encode()

    async with peers.answering(answer) as server, client_of(server.http) as client:
        good = await client.query_range("up", 0, 45, 15)
        assert good.lines[0].labels["a"] == "[bold]x"
        assert len(good.lines[0].labels["long"]) == 200
        assert good.lines[0].points == (None, None, 3.0, None)
        assert good.warnings == ("partial",)
        for _ in range(2):
            with pytest.raises(SourceError) as caught:
                await client.query_range("up", 0, 45, 15)
            assert caught.value.kind == "protocol"


async def test_lines_beyond_the_limit_are_counted():
    result = [{"metric": {"i": str(i)}, "values": [[0, "1"]]} for i in range(73)]
    body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()
    async with peers.answering(lambda _: (200, body)) as server, client_of(server.http) as client:
        answer = await client.query_range("up", 0, 0, 15)
        assert (len(answer.lines), answer.dropped) == (50, 23)


async def test_a_token_is_sent_and_never_told():
    heads = []

    async def talk(peer, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head.decode())
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with peers.serve(talk) as server:
        for error in await failing(server.http, token="s3cret"):
            assert "s3cret" not in str(error)
        for error in await failing(server.http, username="ana", password="pä:ss"):
            assert "pä:ss" not in str(error)
    assert "Bearer s3cret" in heads[0]
    assert "Basic YW5hOnDDpDpzcw==" in heads[2]
    with pytest.raises(SourceError) as caught:
        Client("http://127.0.0.1:1", timeout_s=1, queries=1, clock=SystemClock(), token="s3cret\n")
    assert "s3cret" not in str(caught.value)


async def test_no_proxy_and_no_netrc_of_the_environment_is_used(monkeypatch, own_home):
    monkeypatch.setenv("HTTP_PROXY", f"http://{peers.unreachable()}")
    (own_home / ".netrc").write_text("machine 127.0.0.1 login eve password x\n")
    body = b'{"status": "success", "data": {"resultType": "vector", "result": []}}'
    async with peers.answering(lambda _: (200, body)) as server, client_of(server.http) as client:
        assert (await client.query("up", 0)).lines == ()
