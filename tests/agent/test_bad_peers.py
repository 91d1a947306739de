"""Every source against every kind of bad peer at once: said on the screen and by doctor, while the rest goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from console.client.connection import Connection
from console.world.model import Source
from tests import peers
from tests.agent.running import agent, settings_file, until

SOURCES = ("docker/bad", "github/bad", "prometheus/bad", "alertmanager/bad")


def settings_of(address: str) -> str:
    url = f"http://{address}"
    return json.dumps(
        {
            "docker": [{"name": "bad", "url": f"tcp://{address}", "timeout": 1}],
            "github": [{"name": "bad", "api_url": url, "repositories": ["acme/web"], "timeout": 1}],
            "prometheus": [{"name": "bad", "url": url, "timeout": 1}],
            "alertmanager": [{"name": "bad", "members": [url], "timeout": 1}],
        }
    )


@contextlib.contextmanager
def served(make: Callable[[], contextlib.AbstractAsyncContextManager[peers.Peer]]) -> Iterator[str]:
    """HOST:PORT of a bad peer that runs in a thread."""
    ready: list[peers.Peer] = []
    done = asyncio.Event()
    up = threading.Event()
    loop = asyncio.new_event_loop()

    async def stay() -> None:
        async with make() as peer:
            ready.append(peer)
            up.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(stay()), daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield f"127.0.0.1:{ready[0].port}"
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        loop.close()


def states(path) -> dict[str, Source]:
    with Connection(path) as connection:
        body = connection.fetch("GET", "/v1/world/sources")
    return {s.id: s for s in msgspec.json.decode(body, type=list[Source])}


@pytest.mark.parametrize(
    "kind", ["unreachable", "silent", "dripping", "half_closed", "cut_off", "garbage", "wrong_protocol", "huge"]
)
def test_each_source_says_what_is_wrong_and_what_to_do(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "ghp_" + "x" * 20)
    from console.agent.run import rooms

    with contextlib.ExitStack() as stack:
        address = peers.unreachable() if kind == "unreachable" else stack.enter_context(served(getattr(peers, kind)))
        settings = settings_file(tmp_path / "etc", settings_of(address))
        path = tmp_path / "a.sock"
        pid = stack.enter_context(agent(settings, tmp_path / "state", path, rooms=rooms()))
        until(lambda: all((s := states(path).get(name)) and (s.error or s.notes) for name in SOURCES), 40)
        for name, source in states(path).items():
            assert source.state in ("failed", "degraded"), source
            assert source.error or source.notes, name
            assert source.hint or source.notes, f"{name} says what to do: {source.error}"
            assert "Traceback" not in source.error
            assert "ghp_" not in source.error + source.hint
        began = time.monotonic()
        states(path)
        assert time.monotonic() - began < 5, "the API answers whatever the sources meet"
        status = Path(f"/proc/{pid}/status").read_text()
        rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        assert rss < 400_000, "memory stays bounded, 50 MB answers included"
        done = subprocess.run(
            [sys.executable, "-m", "console", "--config", str(settings), "doctor", "--json"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        checks = {c["what"]: c for c in json.loads(done.stdout)}
        assert done.returncode == 1
        for name in SOURCES:
            assert checks[name]["word"] in ("failed", "stale", "warning"), checks[name]
            assert checks[name]["fix"] or states(path)[name].notes


def test_secrets_never_reach_the_log(tmp_path, monkeypatch):
    """A token that a peer sends back in its error stays out of the log, the records and the screen."""
    token = "ghp_" + "s" * 30
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", token)
    from console.agent.run import rooms

    def make():
        return peers.answering(lambda _: (403, json.dumps({"message": f"bad token {token}"}).encode()))

    with served(make) as address:
        github = json.loads(settings_of(address))["github"]
        settings = settings_file(tmp_path / "etc", json.dumps({"github": github}))
        path = tmp_path / "a.sock"
        with agent(settings, tmp_path / "state", path, rooms=rooms()):
            until(lambda: (s := states(path).get("github/bad")) and (s.error or s.notes), 30)
            with Connection(path) as connection:
                assert token.encode() not in connection.fetch("GET", "/v1/world/sources")
        for log in (tmp_path / "state").rglob("*"):
            if log.is_file():
                assert token.encode() not in log.read_bytes(), log
