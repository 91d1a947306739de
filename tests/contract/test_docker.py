"""What our Docker client relies on, held against the real engine and against the demo's: the demo cannot drift.

The requests are plain HTTP, so that the suite says what the API does and not what a client makes of it.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
from contextlib import aclosing

import httpx
import msgspec
import pytest

from console.fleet import wire
from console.fleet.client import EVENTS, Engine, negotiate
from console.fleet.logs import Lines
from console.settings.model import DockerHost, Seconds

pytestmark = pytest.mark.stack


@pytest.fixture
async def api(docker_endpoint):
    """An HTTP client on the endpoint's socket."""
    transport = httpx.AsyncHTTPTransport(uds=docker_endpoint.url.removeprefix("unix://"))
    async with httpx.AsyncClient(transport=transport, base_url="http://docker", timeout=10) as client:
        yield client


@pytest.fixture
async def v(api):
    """The prefix of the version that our client would speak."""
    said = msgspec.json.decode((await api.get("/version")).content, type=wire.Version)
    return f"/v{negotiate(said, 'contract')}"


async def get(api, path, kind, **params):
    answer = await api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    return msgspec.json.decode(answer.content, type=kind)


async def test_ping_without_a_version(api):
    for method in ("GET", "HEAD"):
        answer = await api.request(method, "/_ping")
        assert answer.status_code == 200
        assert re.fullmatch(r"\d+\.\d+", answer.headers["api-version"])
        assert answer.headers["ostype"] == "linux"
        assert "no-cache" in answer.headers["cache-control"]
    assert (await api.get("/_ping")).text == "OK"


async def test_ping_with_a_version(api, v):
    assert (await api.get(f"{v}/_ping")).text == "OK"


async def test_version(api):
    said = await get(api, "/version", wire.Version)
    assert re.fullmatch(r"\d+\.\d+", said.api_version)
    assert re.fullmatch(r"\d+\.\d+", said.min_api)
    assert said.version


async def test_a_version_too_new_is_refused(api):
    answer = await api.get("/v1.999/containers/json")
    assert answer.status_code == 400
    assert "too new" in answer.json()["message"]


async def test_info(api, v):
    said = await get(api, f"{v}/info", wire.Info)
    assert said.ncpu >= 1
    assert said.mem_total > 0
    assert said.operating_system
    assert said.architecture
    assert said.server_version
    assert said.swarm.local_node_state == "inactive"


async def test_containers_all_and_running(api, v, docker_endpoint):
    every = await get(api, f"{v}/containers/json", list[wire.Listed], all=1)
    running = await get(api, f"{v}/containers/json", list[wire.Listed])
    assert {c.state for c in running} <= {"running", "paused", "restarting"}
    assert {c.id for c in running} < {c.id for c in every}
    one = next(c for c in every if c.id == docker_endpoint.running)
    assert re.fullmatch(r"[0-9a-f]{64}", one.id)
    assert one.names[0].startswith("/")
    assert one.image_id.startswith("sha256:")
    assert one.status.startswith("Up ")
    assert one.created > 1_500_000_000
    assert isinstance(one.labels, dict)
    assert one.network_settings.networks is not None
    dead = next(c for c in every if c.id == docker_endpoint.exited)
    assert re.match(r"Exited \(\d+\) ", dead.status)


async def test_container_filters(api, v, docker_endpoint):
    filters = json.dumps({"id": [docker_endpoint.exited]})
    [one] = await get(api, f"{v}/containers/json", list[wire.Listed], all=1, filters=filters)
    assert one.id == docker_endpoint.exited
    exited = await get(
        api, f"{v}/containers/json", list[wire.Listed], all=1, filters=json.dumps({"status": ["exited"]})
    )
    assert docker_endpoint.exited in {c.id for c in exited}
    assert {c.state for c in exited} == {"exited"}


async def test_inspect(api, v, docker_endpoint):
    one = await get(api, f"{v}/containers/{docker_endpoint.running}/json", wire.Inspected)
    assert one.id == docker_endpoint.running
    assert one.name.startswith("/")
    assert one.state.status == "running"
    assert one.state.started_at.endswith("Z")
    assert one.state.finished_at == "0001-01-01T00:00:00Z"
    assert one.config.image
    assert one.config.tty is False
    assert one.host_config.memory is not None
    assert one.host_config.restart_policy.name is not None
    assert one.restart_count == 0
    short = await get(api, f"{v}/containers/{docker_endpoint.running[:12]}/json", wire.Inspected)
    assert short.id == one.id
    dead = await get(api, f"{v}/containers/{docker_endpoint.exited}/json", wire.Inspected)
    assert (dead.state.status, dead.state.oom_killed) == ("exited", False)
    assert dead.state.exit_code is not None
    assert not dead.state.finished_at.startswith("0001")


async def test_what_is_not_there_is_404_with_a_message(api, v):
    for path in (f"{v}/containers/{'0' * 64}/json", f"{v}/containers/{'0' * 64}/logs?stdout=1"):
        answer = await api.get(path)
        assert answer.status_code == 404
        assert "no such container" in answer.json()["message"].lower()


async def test_images_networks_volumes(api, v):
    images = await get(api, f"{v}/images/json", list[wire.Image], all=0)
    assert images
    assert all(i.id.startswith("sha256:") and i.size > 0 for i in images)
    networks = await get(api, f"{v}/networks", list[wire.Network])
    assert {"bridge", "host", "none"} <= {n.name for n in networks}
    assert all(n.id and n.driver and n.scope for n in networks)
    volumes = await get(api, f"{v}/volumes", wire.Volumes)
    assert volumes.volumes is None or all(x.name and x.driver for x in volumes.volumes)


async def test_logs_are_framed_and_stamped(api, v, docker_endpoint):
    params = {"stdout": 1, "stderr": 1, "timestamps": 1, "tail": "all"}
    raw = (await api.get(f"{v}/containers/{docker_endpoint.talker}/logs", params=params)).content
    kind, length = struct.unpack(">BxxxL", raw[:8])
    assert kind in (1, 2)
    assert length <= len(raw) - 8
    lines = list(Lines(tty=False).feed(raw))
    assert len(lines) >= 2
    assert all(line.at is not None for line in lines)
    last = (await api.get(f"{v}/containers/{docker_endpoint.talker}/logs", params={**params, "tail": 1})).content
    assert len(list(Lines(tty=False).feed(last))) == 1
    later = {**params, "since": f"{lines[-1].at + 3600:.6f}"}
    assert (await api.get(f"{v}/containers/{docker_endpoint.talker}/logs", params=later)).content == b""
    without = (
        await api.get(f"{v}/containers/{docker_endpoint.talker}/logs", params={**params, "timestamps": 0})
    ).content
    assert all(line.at is None for line in Lines(tty=False).feed(without))


async def test_followed_logs_stay_open(api, v, docker_endpoint):
    params = {"stdout": 1, "stderr": 1, "timestamps": 1, "tail": "1", "follow": 1}
    async with api.stream("GET", f"{v}/containers/{docker_endpoint.running}/logs", params=params) as answer:
        assert answer.status_code == 200
        ended = asyncio.create_task(_to_its_end(answer))
        done, _ = await asyncio.wait([ended], timeout=1)
        assert not done
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)


async def _to_its_end(answer):
    async for _ in answer.aiter_raw():
        pass


async def test_the_log_of_a_terminal_is_plain(api, v, docker_endpoint):
    one = await get(api, f"{v}/containers/{docker_endpoint.terminal}/json", wire.Inspected)
    assert one.config.tty is True
    params = {"stdout": 1, "stderr": 1, "timestamps": 1, "tail": "1"}
    raw = (await api.get(f"{v}/containers/{docker_endpoint.terminal}/logs", params=params)).content
    assert raw.endswith(b"\r\n")
    [line] = Lines(tty=True).feed(raw)
    assert line.at is not None
    assert line.text


async def test_stats_come_one_a_second(api, v, docker_endpoint):
    samples = []
    async with api.stream("GET", f"{v}/containers/{docker_endpoint.running}/stats", params={"stream": True}) as answer:
        assert answer.status_code == 200
        async with asyncio.timeout(10):
            async for line in answer.aiter_lines():
                samples.append(msgspec.json.decode(line, type=wire.Sample))
                if len(samples) == 2:
                    break
    for sample in samples:
        assert sample.cpu_stats.cpu_usage.total_usage >= 0
        assert sample.memory_stats.usage > 0
        assert sample.memory_stats.limit > 0
        assert sample.pids_stats.current >= 1
    assert samples[1].read > samples[0].read


async def events_of(api, v, count, **params):
    found = []
    async with api.stream("GET", f"{v}/events", params=params) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("application/json")
        async with asyncio.timeout(20):
            async for line in answer.aiter_lines():
                found.append(msgspec.json.decode(line, type=wire.Event))
                if len(found) >= count:
                    return found
    return found


async def test_events_live_and_since(api, v, docker_endpoint):
    ours = json.dumps({"container": [docker_endpoint.victim], **EVENTS})
    live = asyncio.create_task(events_of(api, v, 2, filters=ours))
    await asyncio.sleep(0.3)  # the engine keeps no event for a stream that is not open yet
    await docker_endpoint.restart(docker_endpoint.victim)
    found = await live
    assert all(e.type == "container" and e.actor.id == docker_endpoint.victim for e in found)
    assert "die" in {e.action for e in found}
    assert all(e.time_nano > 1_500_000_000 * 10**9 for e in found)
    # Asked again from the first on, the engine tells the same.
    since = f"{found[0].time_nano // 10**9}.{found[0].time_nano % 10**9:09d}"
    again = await events_of(api, v, 2, filters=ours, since=since)
    assert [(e.action, e.time_nano) for e in again] == [(e.action, e.time_nano) for e in found]


async def test_our_own_client_reads_all_of_it(docker_endpoint):
    engine = await Engine.connect(DockerHost(name="a", url=docker_endpoint.url, timeout=Seconds(10)))
    try:
        await engine.ping()
        await engine.info()
        assert docker_endpoint.running in {c.id for c in await engine.containers()}
        assert (await engine.inspect(docker_endpoint.running)).state.status == "running"
        assert await engine.inspect("0" * 64) is None
        assert await engine.images()
        assert await engine.networks()
        await engine.volumes()
        async with aclosing(engine.stats(docker_endpoint.running)) as samples:
            assert (await anext(samples)).memory_stats.usage
        opened = asyncio.Event()
        async with aclosing(engine.events(None, opened.set)) as events:
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.wait_for(opened.wait(), 10)
            await docker_endpoint.restart(docker_endpoint.victim)
            assert (await asyncio.wait_for(waiting, 10)).type in ("container", "network")
    finally:
        await engine.close()
