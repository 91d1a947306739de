"""Peers that are no engine: each is a clear SourceError within the time-out, and the memory stays where it is."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import tracemalloc

import pytest

from console.errors import SourceError
from console.fleet import transport
from console.fleet.client import Engine
from console.settings.model import DockerHost, Seconds, Tls
from console.world.model import Source
from tests import peers
from tests.fleet.conftest import kit

TIMEOUT_S = 0.6

VERSION = b'{"Version":"29.0.0","ApiVersion":"1.52","MinAPIVersion":"1.44"}'


async def failure(url: str, **host) -> SourceError:
    """How a feed of this host fails, well within twice its time-out."""
    k = kit(url, timeout_s=TIMEOUT_S, **host)
    async with asyncio.timeout(4 * TIMEOUT_S):
        error = await k.fails()
    assert isinstance(error, SourceError), error
    assert error.hint
    assert "\x1b" not in str(error)
    return error


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("docker-"):
            thread.join(5)
            assert not thread.is_alive(), thread.name


async def test_nobody_there(tmp_path):
    tcp = await failure(f"tcp://{peers.unreachable()}")
    assert (tcp.kind, "refused" in tcp.message) == ("unreachable", True)
    unix = await failure(f"unix://{tmp_path}/none.sock")
    assert unix.kind == "unreachable"
    assert "systemctl start docker" in unix.hint


async def test_a_socket_that_may_not_be_opened(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("socket.socket.connect", refuse)
    error = await failure(f"unix://{tmp_path}/d.sock")
    assert error.kind == "refused"
    assert "group docker" in error.hint


async def test_a_socket_path_too_long(tmp_path):
    error = await failure(f"unix:///{'x' * 200}")
    assert "too long" in error.message


@pytest.mark.parametrize("where", ["tcp", "unix"])
@pytest.mark.parametrize(
    ("peer", "kind"),
    [
        (peers.silent, "timeout"),
        (peers.dripping, "timeout"),
        (lambda path=None: peers.dripping(path, head=True), "timeout"),
        (peers.half_closed, "protocol"),
        (peers.cut_off, "unreachable"),
        (peers.garbage, "protocol"),
        (peers.wrong_protocol, "protocol"),
        (lambda path=None: peers.answering(lambda _: (200, b"<html>hello</html>"), path), "protocol"),
        (lambda path=None: peers.answering(lambda _: (200, b"[" * 100_000), path), "protocol"),
        (lambda path=None: peers.answering(lambda _: (200, b"{}"), path), "protocol"),
        (lambda path=None: peers.answering(lambda _: (302, b"", {"Location": "http://evil/"}), path), "protocol"),
        (lambda path=None: peers.answering(lambda _: (403, b'{"message":"\x1b[2Jno"}'), path), "refused"),
        (lambda path=None: peers.answering(lambda _: (500, b"x" * 10_000_000), path), "failed"),
        (lambda path=None: peers.answering(lambda _: (429, b"{}"), path), "limited"),
    ],
)
async def test_whatever_a_peer_does_has_a_name(tmp_path, peer, kind, where):
    path = tmp_path / "d.sock" if where == "unix" else None
    async with peer(path=path) as bad:
        assert (await failure(bad.unix if path else bad.tcp)).kind == kind


async def test_fifty_megabytes_are_not_taken(monkeypatch):
    monkeypatch.setattr(transport, "ANSWER_LIMIT", 4_000_000)
    async with peers.huge() as bad:
        tracemalloc.start()
        try:
            k = kit(bad.tcp, timeout_s=10)
            error = await k.fails()
            gc.collect()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (error.kind, "MB" in error.message) == ("protocol", True)
        assert bad.sent < 20_000_000
        assert peak < 20_000_000


EMPTY = {"containers_json": [], "images_json": [], "info": {}, "networks": [], "volumes": {}}


def engine_of(**answers):
    """An engine that answers GETs whose path ends so, with JSON, and its version."""

    def answer(request: str):
        path = request.split(" ")[1].partition("?")[0]
        if path == "/version":
            return 200, VERSION
        for end, body in answers.items():
            if path.endswith(end.replace("_", "/")):
                return 200, body if isinstance(body, bytes) else json.dumps(body).encode()
        return 404, b'{"message":"no such thing"}'

    return answer


@pytest.mark.parametrize(
    ("said", "spoken"),
    [(("1.41", "1.12"), "1.41"), (("1.52", "1.44"), "1.52"), (("1.60", "1.44"), "1.52")],
)
async def test_the_version_spoken_is_the_newest_that_both_know(tmp_path, said, spoken):
    version = json.dumps({"Version": "1", "ApiVersion": said[0], "MinAPIVersion": said[1]}).encode()
    async with peers.answering(lambda r: (200, version if "version" in r else b"[]"), tmp_path / "s") as peer:
        engine = await Engine.connect(DockerHost(name="a", url=peer.unix, timeout=Seconds(5)))
        try:
            assert await engine.containers() == []
        finally:
            await engine.close()
        assert engine.api == spoken
        assert peer.requests[0] == "GET /version HTTP/1.1"
        assert f"/v{spoken}/containers/json" in peer.requests[1]
        assert len(peer.requests) == 2


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ({"ApiVersion": "1.40"}, "Upgrade the engine"),
        ({"ApiVersion": "1.70", "MinAPIVersion": "1.60"}, "Upgrade Quarterdeck"),
    ],
)
async def test_an_engine_without_a_common_version_says_what_to_upgrade(tmp_path, said, hint):
    async with peers.answering(lambda _: (200, json.dumps(said).encode()), tmp_path / "s") as peer:
        error = await failure(peer.unix)
        assert (error.kind, hint in error.hint) == ("protocol", True)


async def test_one_connection_for_many_urls(tmp_path):
    answer = engine_of(**EMPTY)
    async with peers.answering(answer, tmp_path / "s") as peer:
        engine = await Engine.connect(DockerHost(name="a", url=peer.unix, timeout=Seconds(5)))
        try:
            before = peer.connections
            for _ in range(5):
                await engine.containers()
                await engine.images()
                await engine.networks()
                await engine.volumes()
                assert await engine.inspect("f" * 64) is None
            assert peer.connections == before + 1
        finally:
            await engine.close()


async def test_a_stream_that_ends_cleanly_is_a_failure(tmp_path):
    answer = engine_of(events=b"", **EMPTY)
    async with peers.answering(answer, tmp_path / "s") as peer:
        error = await failure(peer.unix)
        assert (error.kind, "events" in error.message) == ("unreachable", True)


async def test_events_that_are_no_events(tmp_path):
    answer = engine_of(events=b"what\n", **EMPTY)
    async with peers.answering(answer, tmp_path / "s") as peer:
        assert (await failure(peer.unix)).kind == "protocol"


async def test_an_event_without_an_end_is_not_collected(tmp_path):
    async with peers.answering(engine_of(events=b"x" * 5_000_000, **EMPTY), tmp_path / "s") as peer:
        k = kit(peer.unix, timeout_s=5)
        error = await k.fails()
        assert (error.kind, "line of more than" in error.message) == ("protocol", True)


class TestTls:
    async def test_a_trusted_engine(self, tmp_path):
        authority = peers.Authority(tmp_path)
        cert, key = authority.issue("client.test")
        async with peers.answering(engine_of(containers_json=[]), tls=authority.server()) as peer:
            tls = Tls(ca=str(authority.ca), cert=str(cert), key=str(key))
            host = DockerHost(name="a", url=peer.tcp, timeout=Seconds(5), tls=tls)
            engine = await Engine.connect(host)
            try:
                assert await engine.containers() == []
            finally:
                await engine.close()

    async def test_another_authority(self, tmp_path):
        other = peers.Authority(tmp_path, "other")
        async with peers.wrong_tls(tmp_path) as peer:
            error = await failure(peer.tcp, tls=Tls(ca=str(other.ca)))
            assert (error.kind, "not trusted" in error.message, "tls.ca" in error.hint) == ("tls", True, True)

    async def test_no_authority_given_means_the_systems(self, tmp_path):
        async with peers.wrong_tls(tmp_path) as peer:
            assert (await failure(peer.tcp, tls=Tls())).kind == "tls"

    async def test_a_certificate_for_another_name(self, tmp_path):
        authority = peers.Authority(tmp_path)
        async with peers.answering(engine_of(), tls=authority.server("other.example.com")) as peer:
            assert (await failure(peer.tcp, tls=Tls(ca=str(authority.ca)))).kind == "tls"

    async def test_a_plain_server(self, tmp_path):
        authority = peers.Authority(tmp_path)
        async with peers.garbage(what=b"HTTP/1.1 400 Bad Request\r\n\r\n") as peer:
            error = await failure(peer.tcp, tls=Tls(ca=str(authority.ca)))
            assert error.kind == "tls"

    async def test_a_silent_server(self, tmp_path):
        authority = peers.Authority(tmp_path)
        async with peers.silent() as peer:
            assert (await failure(peer.tcp, tls=Tls(ca=str(authority.ca)))).kind == "timeout"

    async def test_plain_to_a_tls_server(self, tmp_path):
        async with peers.wrong_tls(tmp_path) as peer:
            assert (await failure(peer.tcp)).kind in ("protocol", "unreachable")

    async def test_files_that_are_not_there(self, tmp_path):
        error = await failure("tcp://127.0.0.1:1", tls=Tls(ca=f"{tmp_path}/none.pem"))
        assert (error.kind, "tls.ca" in error.message) == ("tls", True)
        authority = peers.Authority(tmp_path)
        error = await failure("tcp://127.0.0.1:1", tls=Tls(cert=str(authority.ca)))
        assert "only one of" in error.message


async def test_an_error_is_shown_with_its_kind():
    k = kit(f"tcp://{peers.unreachable()}", timeout_s=1)
    k.report.failed(await k.fails(), 0.5)
    shown = k.world.get(Source, "docker/a")
    assert (shown.state, shown.error_kind) == ("failed", "unreachable")
    assert shown.hint
