"""The company's Docker hosts: containers that are started, replaced, fall ill and die, and what the engine says of it. Pure."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random

import msgspec
from msgspec import Struct

from console.demo.names import SERVICES, Service, host_environment, version_text
from console.demo.schedule import Schedule

CPUS = 8
"""Of every host."""
EVENTS_KEPT = 1024
"""What an engine can answer to `since`; dockerd itself keeps 256."""

_FIXED = (
    # name, image, port, memory MB
    ("edge", "haproxy:3.0.8", 443, 128),
    ("node-exporter", "prom/node-exporter:v1.8.2", 9100, 64),
    ("cadvisor", "gcr.io/cadvisor/cadvisor:v0.49.1", 8090, 256),
    ("log-shipper", "grafana/promtail:3.2.1", 9080, 128),
)
_ONCE = (
    ("postgres", "postgres:16.6", 5432, 4096),
    ("redis", "redis:7.4.1", 6379, 1024),
    ("rabbitmq", "rabbitmq:3.13.7", 5672, 1024),
    ("prometheus", "prom/prometheus:v2.53.3", 9090, 2048),
    ("alertmanager", "prom/alertmanager:v0.25.0", 9093, 128),
)


class Container(Struct):
    """A container as the engine knows it; times are seconds since 1970."""

    id: str
    name: str
    host: str
    service: str
    image: str
    number: int
    port: int
    memory_limit: int
    created: float
    started: float = 0.0
    finished: float = 0.0
    state: str = "created"
    exit_code: int = 0
    oom_killed: bool = False
    restarts: int = 0
    health: str = ""
    """starting, healthy, unhealthy; empty where the image has no check."""
    failing: int = 0
    """Health checks that failed in a row."""
    version: str = ""
    sick: bool = False
    """Its version is bad: it logs errors."""
    one_off: bool = False
    """Runs once and ends."""
    hostile: bool = False
    """Its log and labels carry what nobody should trust: escapes, markup, bidirectional controls."""


class Event(Struct, frozen=True):
    at_us: int
    """Microseconds since 1970: whole, so that a client can ask again from exactly here."""
    action: str
    container: Container
    """As it was then: a copy."""
    extra: dict[str, str] = {}


class Host(Struct):
    name: str
    engine: str
    api: str
    containers: dict[str, Container]
    """By name."""
    events: deque[Event]
    told: int
    """How many events there have ever been."""
    by_id: dict[str, Container]


class Fleet:
    def __init__(self, rng: Random, schedule: Schedule, names: tuple[str, ...], containers: int, start: float) -> None:
        self._rng = rng
        self._schedule = schedule
        self.on_event: list[Callable[[Host, Event], None]] = []
        engines = (("27.5.1", "1.47"), ("26.1.5", "1.45"), ("20.10.24", "1.41"))
        self.hosts = {
            name: Host(name, *engines[i % 3], containers={}, events=deque(maxlen=EVENTS_KEPT), told=0, by_id={})
            for i, name in enumerate(names)
        }
        self._populate(containers, start)

    def _populate(self, count: int, start: float) -> None:
        hosts = list(self.hosts.values())
        wanted: list[tuple[str, str, str, int, int, int, Service | None]] = []
        for host in hosts:
            wanted += [(host.name, n, image, port, mb, 1, None) for n, image, port, mb in _FIXED]
        production = [h for h in hosts if host_environment(h.name) == "production"] or hosts
        wanted += [
            (production[i % len(production)].name, n, image, port, mb, 1, None)
            for i, (n, image, port, mb) in enumerate(_ONCE)
        ]
        wanted = wanted[: max(0, count - 2)]
        counts: dict[tuple[str, str], int] = {}
        i = 0
        while len(wanted) < count - 2:
            # The first round gives every service a container in production, the next one in staging, and so on.
            round_, index = divmod(i, len(SERVICES))
            service = SERVICES[index]
            host = hosts[(round_ + index % 2) % len(hosts)] if round_ else production[index % len(production)]
            counts[host.name, service.name] = number = counts.get((host.name, service.name), 0) + 1
            image = f"acme/{service.name}:{version_text(service.version)}"
            wanted.append(
                (host.name, f"{service.name}-{number}", image, service.port, service.memory_mb, number, service)
            )
            i += 1
        for host_name, name, image, port, mb, number, owner in wanted[: max(0, count)]:
            born = start - self._rng.uniform(3_600, 12 * 86_400)
            c = self._new(
                self.hosts[host_name],
                name,
                image,
                service=owner.name if owner else name,
                number=number,
                port=port,
                mb=mb,
                at=born,
            )
            c.state, c.started, c.health = "running", born + 1.5, "healthy" if owner or name == "postgres" else ""
            c.restarts = self._rng.choice((0, 0, 0, 0, 1, 2)) if owner else 0
        if count >= 6:
            self._oddities(hosts, start)
        for host in hosts:
            host.events.clear()

    def _oddities(self, hosts: list[Host], start: float) -> None:
        """One that cannot start, and one that ran last night and is done."""
        loop = self._new(
            hosts[-1], "legacy-importer", "acme/warehouse:0.4.2", service="warehouse", mb=256, at=start - 5 * 86_400
        )
        loop.state, loop.started, loop.finished = "restarting", start - 70, start - 66
        loop.exit_code, loop.restarts, loop.hostile = 1, 1874, True
        self._schedule.at(start + 55, lambda t: self._try_again(loop, t))
        export = self._new(
            hosts[0], "nightly-export", "acme/data-pipeline:2.3.0", service="data-pipeline", mb=512, at=start - 9_000
        )
        export.state, export.started, export.finished, export.one_off = "exited", start - 8_999, start - 8_311, True

    def _new(
        self, host: Host, name: str, image: str, *, service: str, number: int = 1, port: int = 0, mb: int, at: float
    ) -> Container:
        digest = hashlib.sha256(f"{host.name}/{name}/{image}/{at}/{self._rng.random()}".encode()).hexdigest()
        container = Container(
            id=digest,
            name=name,
            host=host.name,
            service=service,
            image=image,
            number=number,
            port=port,
            memory_limit=mb << 20,
            created=at,
            version=image.rpartition(":")[2],
        )
        host.containers[name] = container
        host.by_id[digest] = container
        return container

    def tell(self, container: Container, action: str, at: float, **extra: str) -> None:
        host = self.hosts[container.host]
        host.told += 1
        event = Event(round(at * 1e6), action, msgspec.structs.replace(container), extra)
        host.events.append(event)
        for listener in self.on_event:
            listener(host, event)

    def of_service(self, service: str, environment: str) -> list[Container]:
        return [
            c
            for host in self.hosts.values()
            if host_environment(host.name) == environment
            for c in host.containers.values()
            if c.service == service and not c.one_off
        ]

    def deploy(self, service: str, environment: str, version: str, at: float, *, bad: bool = False) -> float:
        """Replace the service's containers there one after the other; returns when the last one is replaced."""
        old = self.of_service(service, environment)
        # A large service is replaced in batches, as an operator would.
        gap = min(6.0, 90.0 / max(1, len(old)))
        for i, container in enumerate(old):
            self._schedule.at(at + i * gap, partial(self._replace, container, version, bad=bad))
        return at + len(old) * gap

    def _replace(self, old: Container, version: str, at: float, *, bad: bool) -> None:
        host = self.hosts[old.host]
        if host.containers.get(old.name) is not old:
            return
        self.stop(old, at)
        del host.by_id[old.id]
        self.tell(old, "destroy", at)
        image = f"acme/{old.service}:{version}"
        new = self._new(
            host,
            old.name,
            image,
            service=old.service,
            number=old.number,
            port=old.port,
            mb=old.memory_limit >> 20,
            at=at,
        )
        new.sick = bad
        self.tell(new, "create", at)
        self.start(new, at + 0.4)

    def stop(self, container: Container, at: float) -> None:
        if container.state == "running":
            container.state, container.exit_code, container.finished = "exited", 143, at
            self.tell(container, "kill", at, signal="15")
            self.tell(container, "die", at, exitCode="143", execDuration=str(int(at - container.started)))
            self.tell(container, "stop", at)

    def restart(self, container: Container, at: float) -> None:
        """What `docker restart` does; a stopped one is started."""
        self.stop(container, at)
        self.start(container, at)
        self.tell(container, "restart", at)

    def start(self, container: Container, at: float) -> None:
        container.state, container.started, container.exit_code, container.oom_killed = "running", at, 0, False
        has_check = not container.one_off and container.service not in ("warehouse", "redis", "rabbitmq")
        container.health = "starting" if has_check else ""
        container.failing = 0
        self.tell(container, "start", at)
        if container.health:
            self._schedule.at(
                at + self._rng.uniform(4, 9), lambda t: self.set_health(container, "healthy", t, since=at)
            )

    def set_health(self, container: Container, health: str, at: float, *, since: float | None = None) -> None:
        """Report a check's result; `since` names the start it belongs to, so that a later start is left alone."""
        if (
            container.state != "running"
            or container.health == health
            or (since is not None and container.started != since)
        ):
            return
        container.health = health
        container.failing = 3 if health == "unhealthy" else 0
        self.tell(container, f"health_status: {health}", at)

    def kill_by_oom(self, container: Container, at: float) -> None:
        """The kernel kills it; the engine starts it again 2 s later."""
        if container.state != "running":
            return
        self.tell(container, "oom", at)
        container.state, container.exit_code, container.finished, container.oom_killed = "restarting", 137, at, True
        self.tell(container, "die", at, exitCode="137", execDuration=str(int(at - container.started)))
        container.restarts += 1
        self._schedule.at(at + 2, lambda t: self._back(container, t))

    def _back(self, container: Container, at: float) -> None:
        if self.hosts[container.host].by_id.get(container.id) is container:
            self.start(container, at)

    def _try_again(self, container: Container, at: float) -> None:
        """What a restart policy does to a program that cannot start: a few seconds up, then a minute's wait."""
        container.restarts += 1
        self.start(container, at)

        def fall(t: float) -> None:
            container.state, container.exit_code, container.finished = "restarting", 1, t
            self.tell(container, "die", t, exitCode="1", execDuration="4")

        self._schedule.at(at + 4, fall)
        self._schedule.at(at + 64, lambda t: self._try_again(container, t))

    def run_once(self, at: float) -> None:
        """A scheduled job: a container that runs for a while, ends and stays, as `docker run` without --rm does."""
        host = next(iter(self.hosts.values()))
        old = host.containers.get("nightly-export")
        if old is None or old.state == "running":
            return
        del host.by_id[old.id]
        self.tell(old, "destroy", at)
        new = self._new(host, old.name, old.image, service=old.service, mb=512, at=at)
        new.one_off = True
        self.tell(new, "create", at)
        self.start(new, at + 0.3)

        def done(t: float) -> None:
            new.state, new.finished, new.exit_code = "exited", t, 0
            self.tell(new, "die", t, exitCode="0", execDuration=str(int(t - new.started)))

        self._schedule.at(at + self._rng.uniform(40, 90), done)
