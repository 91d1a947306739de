"""The demo's engines, asked with docker-py's own client."""

from __future__ import annotations

import json
import re
import stat
import threading
from pathlib import Path

import docker
import httpx
import pytest
from docker.errors import APIError, NotFound

from console.demo.docker_shapes import human


@pytest.fixture
def engine(demo):
    client = docker.APIClient(base_url=demo.docker["eu1"], version="auto", timeout=20)
    yield client
    client.close()


def raw(demo, host: str) -> httpx.Client:
    return httpx.Client(
        transport=httpx.HTTPTransport(uds=demo.docker[host].removeprefix("unix://")), base_url="http://docker"
    )


def running(engine, service: str = "") -> str:
    label = {"label": f"com.docker.compose.service={service}"} if service else {}
    return engine.containers(filters={"status": "running", **label})[0]["Id"]


def test_sockets_are_private(demo):
    for url in demo.docker.values():
        path = Path(url.removeprefix("unix://"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_versions_are_negotiated(demo):
    found = {}
    for host, url in demo.docker.items():
        client = docker.APIClient(base_url=url, version="auto")
        found[host] = client.api_version
        assert client.version()["ApiVersion"] == client.api_version
        client.close()
    assert found == {"eu1": "1.47", "eu2": "1.45", "us1": "1.41"}
    with raw(demo, "us1") as old:
        assert old.get("/v1.41/version").status_code == 200
        refused = old.get("/v1.42/version")
        assert refused.status_code == 400
        assert refused.json() == {"message": "client version 1.42 is too new. Maximum supported API version is 1.41"}
        assert "too old" in old.get("/v1.11/version").json()["message"]
        assert old.get("/v1.41/nothing").json() == {"message": "page not found"}


def test_ping_has_the_headers_of_an_engine(demo):
    with raw(demo, "eu1") as http:
        answer = http.get("/_ping")
        assert (answer.text, answer.headers["api-version"], answer.headers["ostype"]) == ("OK", "1.47", "linux")
        assert answer.headers["server"].startswith("Docker/27")
        assert answer.headers["docker-experimental"] == "false"
        head = http.head("/_ping")
        assert (head.status_code, head.content) == (200, b"")


def test_lists_filter_and_limit(engine):
    every = engine.containers(all=True)
    up = engine.containers()
    assert {c["Id"] for c in up} < {c["Id"] for c in every}
    assert {c["State"] for c in up} <= {"running", "restarting"}
    assert len(engine.containers(limit=2)) == 2
    assert [c["State"] for c in engine.containers(filters={"status": "exited"})] == ["exited"]
    name = up[0]["Names"][0].strip("/")
    assert name in {c["Names"][0].strip("/") for c in engine.containers(filters={"name": name})}
    assert engine.containers(filters={"id": up[0]["Id"]})[0]["Id"] == up[0]["Id"]
    assert {c["Labels"]["environment"] for c in engine.containers(filters={"label": "environment=production"})} == {
        "production"
    }
    with pytest.raises(APIError, match="invalid filter"):
        engine.containers(filters={"colour": "red"})


def test_inspect_agrees_with_the_list_and_missing_ones_are_404(engine):
    for entry in engine.containers(all=True):
        whole = engine.inspect_container(entry["Id"])
        assert (whole["Id"], whole["Name"], whole["State"]["Status"]) == (
            entry["Id"],
            entry["Names"][0],
            entry["State"],
        )
        assert whole["Config"]["Image"] == entry["Image"]
        assert engine.inspect_container(entry["Id"][:12])["Id"] == entry["Id"]
        if "health" in entry["Status"] or "healthy" in entry["Status"]:
            assert whole["State"]["Health"]["Status"] in entry["Status"]
    with pytest.raises(NotFound, match="No such container: nobody"):
        engine.inspect_container("nobody")


def test_start_stop_and_restart_and_no_more(engine, clock):
    cid = running(engine, "cadvisor")
    clock.move(1)
    since = int(clock.now())
    engine.stop(cid)
    assert engine.inspect_container(cid)["State"]["ExitCode"] == 143
    engine.start(cid)
    engine.restart(cid)
    assert engine.inspect_container(cid)["State"]["Status"] == "running"
    told = engine.events(decode=True, since=since, until=since + 1, filters={"container": cid})
    clock.move(2)
    assert [e["Action"] for e in told] == ["kill", "die", "stop", "start", "kill", "die", "stop", "start", "restart"]
    with pytest.raises(APIError, match="nothing else can be changed"):
        engine.remove_container(cid)


def test_images_networks_volumes_info(engine):
    names = {tag for image in engine.images() for tag in image["RepoTags"]}
    assert {c["Image"] for c in engine.containers(all=True)} <= names
    assert any(not image["RepoTags"] for image in engine.images())
    assert {"bridge", "host", "none", "acme_default"} == {n["Name"] for n in engine.networks()}
    info = engine.info()
    assert info["Containers"] == len(engine.containers(all=True))
    assert info["ContainersRunning"] + info["ContainersStopped"] == info["Containers"]
    assert engine.volumes()["Warnings"] is None


def test_events_stream_as_they_happen_and_end_on_close(demo, clock, until):
    client = docker.APIClient(base_url=demo.docker["eu1"], version="auto", timeout=20)
    stream = client.events(decode=True)
    seen: list[dict] = []
    ended = threading.Event()

    def read() -> None:
        for event in stream:
            seen.append(event)  # noqa: PERF402  # another thread watches it grow
        ended.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    moved = 0
    while len(seen) < 3 and moved < 200:
        clock.move(20)
        moved += 1
        threading.Event().wait(0.15)
    assert len(seen) >= 3
    for event in seen:
        assert event["Type"] == "container"
        assert event["timeNano"] // 10**9 == event["time"]
        assert event["Actor"]["ID"] == event["id"]
        assert event["Actor"]["Attributes"]["name"]
    assert [e["timeNano"] for e in seen] == sorted(e["timeNano"] for e in seen)
    stream.close()
    until(ended.is_set)
    thread.join(5)
    client.close()


def test_events_of_the_past_end_at_until(engine, clock):
    now = int(clock.now())
    past = list(engine.events(decode=True, since=now - 3600, until=now))
    assert past
    assert all(now - 3600 < e["time"] <= now for e in past)
    deaths = list(engine.events(decode=True, since=now - 3600, until=now, filters={"event": "die"}))
    assert {e["Action"] for e in deaths} == {"die"}
    assert all("exitCode" in e["Actor"]["Attributes"] for e in deaths)
    health = list(engine.events(decode=True, since=now - 7200, until=now, filters={"event": "health_status"}))
    assert all(e["Action"].startswith("health_status: ") for e in health)


@pytest.mark.parametrize("host", ["eu1", "us1"])
def test_stats_once_and_streamed(demo, clock, host):
    client = docker.APIClient(base_url=demo.docker[host], version="auto", timeout=20)
    cid = running(client)
    once = client.stats(cid, stream=False)
    assert once["cpu_stats"]["cpu_usage"]["total_usage"] > once["precpu_stats"]["cpu_usage"]["total_usage"] > 0
    shot = client.stats(cid, stream=False, one_shot=True)
    assert shot["precpu_stats"]["cpu_usage"]["total_usage"] == 0
    assert 0 < once["memory_stats"]["usage"] < once["memory_stats"]["limit"]
    kind = "inactive_file" if host == "eu1" else "total_inactive_file"
    assert kind in once["memory_stats"]["stats"]
    stream = client.stats(cid, decode=True)
    first = next(stream)
    clock.move(1)
    second = next(stream)
    assert first["preread"] == "0001-01-01T00:00:00Z"
    assert second["preread"] == first["read"]
    cpu = second["cpu_stats"]["cpu_usage"]["total_usage"] - first["cpu_stats"]["cpu_usage"]["total_usage"]
    system = second["cpu_stats"]["system_cpu_usage"] - first["cpu_stats"]["system_cpu_usage"]
    assert 0 < cpu / system * second["cpu_stats"]["online_cpus"] < 2
    stream.close()
    client.close()


def test_stats_of_a_stopped_container_are_empty(engine):
    cid = engine.containers(all=True, filters={"status": "exited"})[0]["Id"]
    assert engine.stats(cid, stream=False)["memory_stats"] == {}


def test_logs_tail_since_timestamps_and_streams(engine, clock):
    # Nobody deploys it, so its log is long.
    cid = running(engine, "log-shipper")
    lines = engine.logs(cid, timestamps=True, tail=200).decode().splitlines()
    assert len(lines) == 200
    stamps = [line.partition(" ")[0] for line in lines]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", s) for s in stamps)
    assert stamps == sorted(stamps)
    out = engine.logs(cid, stderr=False).decode().splitlines()
    err = engine.logs(cid, stdout=False).decode().splitlines()
    whole = engine.logs(cid).decode().splitlines()
    assert out
    assert err
    assert sorted(out + err) == sorted(whole)
    recent = engine.logs(cid, since=int(clock.now()) - 30, timestamps=True).decode().splitlines()
    assert 0 < len(recent) < len(whole)
    assert engine.logs(cid, tail=0) == b""
    with pytest.raises(APIError, match="choose at least one stream"):
        engine.logs(cid, stdout=False, stderr=False)


def test_a_followed_log_goes_on_without_gap_or_double(demo, engine, clock):
    cid = running(engine, "log-shipper")
    query = "follow=1&stdout=1&stderr=1&timestamps=1&tail=2"
    got, buffer = [], b""
    since = clock.now()
    with raw(demo, "eu1") as http, http.stream("GET", f"/v1.47/containers/{cid}/logs?{query}") as answer:
        for chunk in answer.iter_bytes():
            buffer += chunk
            while len(buffer) >= 8 and len(buffer) >= 8 + int.from_bytes(buffer[4:8], "big"):
                size = int.from_bytes(buffer[4:8], "big")
                got.append(buffer[8 : 8 + size].decode().rstrip("\n"))
                buffer = buffer[8 + size :]
            if len(got) == 2:
                clock.move(25)
            if len(got) >= 8:
                break
    later = engine.logs(cid, timestamps=True, since=int(since) - 60).decode().splitlines()
    assert got == [line for line in later if line >= got[0]][: len(got)]


def test_a_terminal_has_no_frames(demo, engine):
    cid = running(engine, "edge")
    assert engine.inspect_container(cid)["Config"]["Tty"]
    with raw(demo, "eu1") as http:
        framed = http.get(f"/v1.47/containers/{running(engine, 'log-shipper')}/logs?stdout=1&tail=1")
        assert framed.headers["content-type"] == "application/vnd.docker.multiplexed-stream"
        assert framed.content[0] in (1, 2)
        plain = http.get(f"/v1.47/containers/{cid}/logs?stdout=1&tail=1")
        assert plain.headers["content-type"] == "application/vnd.docker.raw-stream"
        assert plain.content.endswith(b"\r\n")
        assert plain.content[0] >= 0x20


def test_hostile_text_is_there_to_be_cleaned(demo):
    client = docker.APIClient(base_url=demo.docker["us1"], version="auto")
    log = client.logs("legacy-importer", tail=200)
    assert b"\x1b[2J" in log
    assert "\u202e".encode() in log
    assert json.dumps(client.inspect_container("legacy-importer")["Config"]["Labels"]).count("\\u001b")
    client.close()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (61, "About a minute"), (150, "2 minutes"), (3600, "About an hour"), (7300, "2 hours"), (3 * 86_400, "3 days"), (20 * 86_400, "2 weeks")],
)  # fmt: skip
def test_durations_read_as_docker_writes_them(seconds: float, words: str):
    assert human(seconds) == words
