"""The Docker Engine API of one simulated host: what a client that only looks can ask for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from typing import Any

import msgspec

from console.clock import Clock
from console.demo import container_log
from console.demo import docker_shapes as shapes
from console.demo.company import Company
from console.demo.docker_filters import EVENT_FILTERS, LIST_FILTERS, Fault, chooses, moment, read, tells
from console.demo.hosts import CPUS, Container, Host
from console.demo.names import ORGANISATION, host_environment
from console.demo.pulse import Pulse
from console.demo.wire import Answer, Request

STATS_S = 1.0
"""How often the engine takes a sample."""
Json = dict[str, Any]


class DockerApi:
    def __init__(self, company: Company, clock: Clock, host: Host, pulse: Pulse) -> None:
        self._company = company
        self._clock = clock
        self._host = host
        self._pulse = pulse
        self._routes: tuple[tuple[re.Pattern[str], Callable[..., Answer]], ...] = tuple(
            (re.compile(pattern), handler)
            for pattern, handler in (
                (r"/_ping", self._ping),
                (r"/version", self._version),
                (r"/info", self._info),
                (r"/events", self._events),
                (r"/containers/json", self._list),
                (r"/containers/([^/]+)/json", self._inspect),
                (r"/containers/([^/]+)/stats", self._stats),
                (r"/containers/([^/]+)/logs", self._logs),
                (r"/images/json", self._images),
                (r"/networks", self._networks),
                (r"/volumes", self._volumes),
            )
        )

    async def handle(self, request: Request) -> Answer:
        now = self._clock.now()
        self._company.advance(now)
        try:
            answer = self._answer(request, now)
        except Fault as fault:
            answer = _json({"message": str(fault)}, fault.status)
        answer.headers += [
            ("Api-Version", self._host.api),
            ("Docker-Experimental", "false"),
            ("Ostype", "linux"),
            ("Date", formatdate(now, usegmt=True)),
        ]
        return answer

    def _answer(self, request: Request, now: float) -> Answer:
        path = request.path
        if match := re.match(r"/v(\d+\.\d+)(/.*)", path):
            asked, path = match[1], match[2]
            if _version_key(asked) > _version_key(self._host.api):
                raise Fault(
                    400, f"client version {asked} is too new. Maximum supported API version is {self._host.api}"
                )
            if _version_key(asked) < _version_key(shapes.MIN_API):
                raise Fault(400, f"client version {asked} is too old. Minimum supported API version is {shapes.MIN_API}, please upgrade your client to a newer version")  # fmt: skip
        if request.method == "POST" and (match := re.fullmatch(r"/containers/([^/]+)/(start|stop|restart)", path)):
            return self._change(match[1], match[2], now)
        if request.method not in ("GET", "HEAD"):
            raise Fault(
                405,
                "The demo company's engines start, stop and restart containers; nothing else can be changed on them",
            )
        for pattern, handler in self._routes:
            if match := pattern.fullmatch(path):
                return handler(request, now, *match.groups())
        raise Fault(404, "page not found")

    def _ping(self, _request: Request, _now: float) -> Answer:
        headers = [
            ("Builder-Version", "2"),
            ("Cache-Control", "no-cache, no-store, must-revalidate"),
            ("Pragma", "no-cache"),
            ("Swarm", "inactive"),
            ("Content-Type", "text/plain; charset=utf-8"),
        ]
        return Answer(200, b"OK", headers)

    def _version(self, _request: Request, _now: float) -> Answer:
        own: Json = {
            "Version": self._host.engine,
            "ApiVersion": self._host.api,
            "MinAPIVersion": shapes.MIN_API,
            "GitCommit": "4c9b3b0",
            "GoVersion": "go1.22.11",
            "Os": "linux",
            "Arch": "amd64",
            "KernelVersion": "6.1.0-28-amd64",
            "BuildTime": "2025-01-22T13:41:48.000000000+00:00",
        }
        details = {k: v for k, v in own.items() if k != "Version"}
        parts = [{"Name": "Engine", "Version": self._host.engine, "Details": details}]
        return _json({"Platform": {"Name": "Docker Engine - Community"}, "Components": parts, **own})

    def _info(self, _request: Request, _now: float) -> Answer:
        every = self._host.containers.values()
        running = sum(c.state in ("running", "restarting") for c in every)
        return _json(
            {
                "ID": shapes.digest(self._host.name)[:36],
                "Containers": len(every),
                "ContainersRunning": running,
                "ContainersPaused": 0,
                "ContainersStopped": len(every) - running,
                "Images": len(self._image_names()),
                "Driver": "overlay2",
                "MemoryLimit": True,
                "SystemTime": shapes.rfc3339(self._clock.now()),
                "LoggingDriver": "json-file",
                "CgroupDriver": "systemd",
                "CgroupVersion": "1" if self._host.api == "1.41" else "2",
                "NEventsListener": 0,
                "KernelVersion": "6.1.0-28-amd64",
                "OperatingSystem": "Debian GNU/Linux 12 (bookworm)",
                "OSVersion": "12",
                "OSType": "linux",
                "Architecture": "x86_64",
                "IndexServerAddress": "",
                "NCPU": CPUS,
                "MemTotal": shapes.MEMORY,
                "DockerRootDir": "/var/lib/docker",
                "Name": f"{self._host.name}.{ORGANISATION}.example",
                "Labels": [f"environment={host_environment(self._host.name)}"],
                "ExperimentalBuild": False,
                "ServerVersion": self._host.engine,
                "Swarm": {
                    "NodeID": "",
                    "NodeAddr": "",
                    "LocalNodeState": "inactive",
                    "ControlAvailable": False,
                    "Error": "",
                    "RemoteManagers": None,
                },
                "LiveRestoreEnabled": False,
                "SecurityOptions": ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"],
                "Warnings": None,
            }
        )

    def _find(self, name: str) -> Container:
        host = self._host
        found = host.by_id.get(name) or host.containers.get(name.lstrip("/"))
        if found is None and re.fullmatch(r"[0-9a-f]{2,63}", name):
            alike = [c for key, c in host.by_id.items() if key.startswith(name)]
            if len(alike) > 1:
                raise Fault(400, f"multiple IDs found with provided prefix: {name}")
            found = alike[0] if alike else None
        if found is None:
            raise Fault(404, f"No such container: {name}")
        return found

    def _change(self, name: str, verb: str, now: float) -> Answer:
        container, fleet = self._find(name), self._company.fleet
        up = container.state == "running"
        if (verb == "start" and up) or (verb == "stop" and not up):
            return Answer(304)
        {"start": fleet.start, "stop": fleet.stop, "restart": fleet.restart}[verb](container, now)
        return Answer(204)

    def _list(self, request: Request, now: float) -> Answer:
        filters = read(request, LIST_FILTERS)
        limit = int(request.first("limit") or -1)
        found = sorted(self._host.containers.values(), key=lambda c: -c.created)
        if not (request.flag("all") or limit > 0 or "status" in filters or "exited" in filters):
            found = [c for c in found if c.state in ("running", "restarting")]
        for name, values in filters.items():
            found = [c for c in found if any(chooses(c, name, value) for value in values)]
        if limit > 0:
            found = found[:limit]
        return _json([shapes.summary(c, now) for c in found])

    def _inspect(self, _request: Request, now: float, name: str) -> Answer:
        return _json(shapes.inspect(self._find(name), now))

    def _image_names(self) -> list[str]:
        return sorted({c.image for c in self._host.containers.values()} | {"debian:12-slim", "busybox:1.37"})

    def _images(self, _request: Request, now: float) -> Answer:
        born = int(self._company.start - 20 * 86_400)
        images = []
        for name in self._image_names():
            digest = shapes.digest(name)
            repository = name.rpartition(":")[0]
            size = 40_000_000 + int(digest[:6], 16) * 20
            images.append(
                {
                    "Containers": -1,
                    "Created": born + int(digest[:4], 16),
                    "Id": f"sha256:{digest}",
                    "Labels": None,
                    "ParentId": "",
                    "RepoDigests": [f"{repository}@sha256:{shapes.digest(digest)}"],
                    "RepoTags": [name],
                    "SharedSize": -1,
                    "Size": size,
                    **({"VirtualSize": size} if _version_key(self._host.api) < (1, 44) else {}),
                }
            )
        dangling = {**images[0], "Id": f"sha256:{shapes.digest(self._host.name)}", "RepoTags": [], "RepoDigests": [], "Created": int(now // 86_400 * 86_400)}  # fmt: skip
        return _json([*images, dangling])

    def _networks(self, _request: Request, _now: float) -> Answer:
        names = (("bridge", "bridge"), ("host", "host"), ("none", "null"), (f"{ORGANISATION}_default", "bridge"))
        return _json(
            [
                {
                    "Name": name,
                    "Id": shapes.digest(f"{self._host.name}/{name}"),
                    "Created": shapes.rfc3339(self._company.start - 90 * 86_400),
                    "Scope": "local",
                    "Driver": driver,
                    "EnableIPv6": False,
                    "IPAM": {"Driver": "default", "Options": None, "Config": []},
                    "Internal": False,
                    "Attachable": False,
                    "Ingress": False,
                    "ConfigFrom": {"Network": ""},
                    "ConfigOnly": False,
                    "Containers": {},
                    "Options": {},
                    "Labels": {},
                }
                for name, driver in names
            ]
        )

    def _volumes(self, _request: Request, _now: float) -> Answer:
        names = [
            c.service
            for c in self._host.containers.values()
            if c.service in ("postgres", "redis", "rabbitmq", "prometheus")
        ]
        made = [
            {
                "CreatedAt": shapes.rfc3339(self._company.start - 90 * 86_400)[:19] + "Z",
                "Driver": "local",
                "Labels": {"com.docker.compose.project": ORGANISATION},
                "Mountpoint": f"/var/lib/docker/volumes/{ORGANISATION}_{name}/_data",
                "Name": f"{ORGANISATION}_{name}",
                "Options": None,
                "Scope": "local",
            }
            for name in names
        ]
        return _json({"Volumes": made or None, "Warnings": None})

    # Streams

    def _events(self, request: Request, now: float) -> Answer:
        filters = read(request, EVENT_FILTERS)
        since = moment(request.first("since"), now)
        until = moment(request.first("until"), None)
        return Answer(200, self._event_stream(filters, since, until, now), [("Content-Type", "application/json")])

    async def _event_stream(
        self, filters: dict[str, list[str]], since: float | None, until: float | None, begun: float
    ) -> AsyncIterator[bytes]:
        host = self._host
        told = host.told
        last = None if until is None else round(until * 1e6)
        fresh = [e for e in host.events if since is not None and round(since * 1e6) <= e.at_us <= begun * 1e6]
        yield b""
        while True:
            for event in fresh:
                if (last is None or event.at_us <= last) and tells(event, filters):
                    yield msgspec.json.encode(shapes.event(event)) + b"\n"
            now = self._clock.now()
            if until is not None and now >= until:
                return
            await self._pulse.next()
            self._company.advance(self._clock.now())
            fresh = list(host.events)[-(host.told - told) :] if host.told > told else []
            told = host.told

    def _stats(self, request: Request, now: float, name: str) -> Answer:
        container = self._find(name)
        signals = self._company.signals
        if not request.flag("stream", default=True):
            before = None if request.flag("one-shot") else now - STATS_S
            return _json(shapes.stats(self._host, container, signals, now, before))
        return Answer(200, self._stats_stream(container), [("Content-Type", "application/json")])

    async def _stats_stream(self, container: Container) -> AsyncIterator[bytes]:
        before: float | None = None
        while self._host.by_id.get(container.id) is container:
            now = self._clock.now()
            self._company.advance(now)
            if before is None or now >= before + STATS_S:
                yield (
                    msgspec.json.encode(shapes.stats(self._host, container, self._company.signals, now, before)) + b"\n"
                )
                before = now
            await self._pulse.next()

    def _logs(self, request: Request, now: float, name: str) -> Answer:
        container = self._find(name)
        out, err = request.flag("stdout"), request.flag("stderr")
        if not (out or err):
            raise Fault(400, "Bad parameters: you must choose at least one stream")
        since = moment(request.first("since"), now) or 0.0
        until = moment(request.first("until"), None)
        stop = now if until is None else min(now, until)
        frame = _Frame(out=out, err=err, stamps=request.flag("timestamps"), raw=shapes.tty(container))
        lines = list(container_log.lines(container, self._company.signals, since, stop))
        tail = request.first("tail", "all")
        if tail.isdigit():
            # dockerd counts the lines of both streams before it drops the one that nobody asked for.
            lines = lines[-int(tail) :] if int(tail) else []
        first = b"".join(map(frame.encode, lines))
        modern = _version_key(self._host.api) >= (1, 42)
        kind = "multiplexed-stream" if modern and not shapes.tty(container) else "raw-stream"
        headers = [("Content-Type", f"application/vnd.docker.{kind}")]
        if not request.flag("follow") or (until is not None and until <= now):
            return Answer(200, first, headers)
        return Answer(200, self._log_stream(container, frame, first, now, until), headers)

    async def _log_stream(
        self, container: Container, frame: _Frame, first: bytes, mark: float, until: float | None
    ) -> AsyncIterator[bytes]:
        yield first
        while True:
            now = self._clock.now()
            self._company.advance(now)
            stop = now if until is None else min(now, until)
            if stop > mark:
                yield b"".join(map(frame.encode, container_log.lines(container, self._company.signals, mark, stop)))
                mark = stop
            gone = self._host.by_id.get(container.id) is not container
            if gone or container.state == "exited" or (until is not None and now >= until):
                return
            await self._pulse.next()


class _Frame(msgspec.Struct, frozen=True):
    """How a line goes over the wire: eight bytes of header before each, unless the container has a terminal."""

    out: bool
    err: bool
    stamps: bool
    raw: bool

    def encode(self, line: container_log.Line) -> bytes:
        error = line.error and not self.raw
        if not (self.err if error else self.out):
            return b""
        text = f"{shapes.rfc3339(line.at)} {line.text}" if self.stamps else line.text
        body = text.encode() + (b"\r\n" if self.raw else b"\n")
        return body if self.raw else bytes((2 if error else 1, 0, 0, 0)) + len(body).to_bytes(4, "big") + body


def _json(value: object, status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(value) + b"\n", [("Content-Type", "application/json")])


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
