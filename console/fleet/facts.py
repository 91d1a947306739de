"""From what the engine says to records of the world. Pure: never raises, whatever the fields hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast, get_args

import msgspec

from console.fleet import wire
from console.fleet.model import Container, ContainerState, Health, Host, Image, Mount, Network, Port, Volume
from console.moment import moment
from console.text import clean, clean_block

SHORT = 12
"""Characters of an id that people see and type, as docker prints them."""
LABELS = 100
"""Labels kept of one container: Compose and Kubernetes write some 20."""
ITEMS = 200
"""Ports, mounts, networks, tags kept of one record."""
INT_LIMIT = 2**63 - 1
"""The largest number a record can carry on the wire."""
HEALTH_LOG = 2_000
"""Characters kept of what a health check printed: the engine itself keeps 4,096 of each of five."""

_STATES = frozenset(get_args(ContainerState))
_HEALTHS = frozenset(get_args(Health))
_EXIT = re.compile(r"\((-?\d{1,10})\)")
_USERINFO = re.compile(r"(://[^/@:]*:)[^/@]*@")


def short(full: str) -> str:
    """An id cut to what people see, without its algorithm."""
    return clean(full.removeprefix("sha256:"), 200)[:SHORT]


def record_id(host: str, full: str) -> str:
    return f"{host}/{short(full)}"


def shown_url(url: str) -> str:
    """A host's URL without what should not be shown."""
    return clean(_USERINFO.sub(r"\1…@", url), 300)


def listed(host: str, one: wire.Listed, known: Container | None) -> Container:
    """A container from the sparse list, which lacks much; what only an inspect tells is kept from `known`."""
    state = _state(one.state)
    health = _listed_health(one.status or "")
    labels = _labels(one.labels)
    code = _exit_code(one.status or "") if state in ("exited", "dead", "restarting") else None
    names = [name for name in one.names or [] if name.count("/") <= 1]  # the others are legacy links' aliases
    image = clean(one.image or "", 500)
    fresh = Container(
        id=record_id(host, one.id),
        host=host,
        name=clean((names or one.names or [""])[0].removeprefix("/"), 300),
        image=image,
        image_id=short(one.image_id or ""),
        state=state,
        health=health,
        status=status_words(state, health, code),
        exit_code=code,
        created_at=_seconds(one.created),
        project=_project(labels),
        service=_service(labels),
        command=clean(one.command or "", 1_000),
        ports=_ports((p.private_port, p.public_port, p.ip, p.type) for p in one.ports or []),
        mounts=_mounts(one.mounts),
        networks=_networks(one.network_settings),
        labels=labels,
    )
    if known is None:
        return fresh
    same_run = known.state == state
    return msgspec.structs.replace(
        fresh,
        # The list shows an image by its id once the tag has moved on to another.
        image=known.image if known.image_id == fresh.image_id and known.image else image,
        restarts=known.restarts,
        started_at=known.started_at,
        finished_at=known.finished_at if same_run else None,
        oom_killed=known.oom_killed and same_run,
        health_log=known.health_log,
        memory_limit=known.memory_limit,
        restart_policy=known.restart_policy,
        created_at=known.created_at or fresh.created_at,
    )


def inspected(host: str, one: wire.Inspected) -> Container:
    state_said = one.state or wire.State()
    config = one.config or wire.Config()
    limits = one.host_config or wire.HostConfig()
    policy = limits.restart_policy or wire.RestartPolicy()
    state = _state(state_said.status)
    said = state_said.health
    health = cast("Health", said.status) if said is not None and said.status in _HEALTHS else "none"
    if state != "running":
        # The list tells the health of what runs and of nothing else, and so does a record.
        health = "none"
    code = _code(state_said.exit_code) if state in ("exited", "dead", "restarting") else None
    labels = _labels(config.labels)
    probes = said.log if said is not None and said.log else []
    return Container(
        id=record_id(host, one.id),
        host=host,
        name=clean((one.name or "").removeprefix("/"), 300),
        image=clean(config.image or "", 500),
        image_id=short(one.image or ""),
        state=state,
        health=health,
        status=status_words(state, health, code),
        exit_code=code,
        oom_killed=bool(state_said.oom_killed),
        restarts=_int(one.restart_count),
        created_at=_floor(moment(one.created)),
        started_at=moment(state_said.started_at),
        finished_at=moment(state_said.finished_at) if state in ("exited", "dead", "restarting") else None,
        health_log=clean_block((probes[-1].output or "").strip(), HEALTH_LOG) if probes else "",
        project=_project(labels),
        service=_service(labels),
        command=_command(one.path, one.args),
        ports=_ports(_bindings(one.network_settings)),
        mounts=_mounts(one.mounts),
        networks=_networks(one.network_settings),
        labels=labels,
        memory_limit=_int(limits.memory),
        restart_policy=_policy(policy),
    )


def status_words(state: ContainerState, health: Health, code: int | None) -> str:
    """The engine's own words without the age: Up (healthy), Exited (137), Restarting (1), Created."""
    match state:
        case "running":
            return "Up" if health == "none" else f"Up ({'health: starting' if health == 'starting' else health})"
        case "paused":
            return "Up (Paused)"
        case "exited" | "restarting":
            word = "Exited" if state == "exited" else "Restarting"
            return word if code is None else f"{word} ({code})"
        case "unknown":
            return ""
    return {"created": "Created", "dead": "Dead", "removing": "Removal In Progress"}[state]


def host_facts(name: str, url: str, environment: str, api: str, info: wire.Info) -> Host:
    """Without the counts of containers, which follow from the containers themselves."""
    swarm = info.swarm or wire.SwarmInfo()
    node = clean(swarm.local_node_state or "", 40)
    if node == "active":
        node = "manager" if swarm.control_available else "worker"
    return Host(
        id=name,
        name=name,
        url=url,
        environment=environment,
        engine=clean(info.server_version or "", 60),
        api=api,
        os=clean(info.operating_system or "", 100),
        architecture=clean(info.architecture or "", 40),
        cpus=_int(info.ncpu),
        memory=_int(info.mem_total),
        images=_int(info.images),
        swarm=node,
        rootless=any("rootless" in option for option in info.security_options or []),
    )


def image(host: str, one: wire.Image) -> Image:
    tags = [t for t in one.repo_tags or [] if t != "<none>:<none>"]
    digests = [d for d in one.repo_digests or [] if not d.startswith("<none>@")]
    return Image(
        id=record_id(host, one.id),
        host=host,
        tags=tuple(sorted(clean(t, 500) for t in tags[:ITEMS])),
        digests=tuple(sorted(clean(d, 500) for d in digests[:ITEMS])),
        size=_int(one.size),
        created_at=_seconds(one.created),
    )


def network(host: str, one: wire.Network) -> Network:
    return Network(
        id=record_id(host, one.id),
        host=host,
        name=clean(one.name or "", 300),
        driver=clean(one.driver or "", 60),
        scope=clean(one.scope or "", 20),
        internal=bool(one.internal),
    )


def volume(host: str, one: wire.Volume) -> Volume:
    name = clean(one.name, 300)
    return Volume(
        id=f"{host}/{name}",
        host=host,
        name=name,
        driver=clean(one.driver or "", 60),
        mountpoint=clean(one.mountpoint or "", 1_000),
        created_at=moment(one.created_at),
    )


def _state(said: str | None) -> ContainerState:
    return cast("ContainerState", said) if said in _STATES else "unknown"


def _listed_health(status: str) -> Health:
    """From the words of the list: Up 3 seconds (health: starting)."""
    if "(health: starting)" in status:
        return "starting"
    if "(healthy)" in status:
        return "healthy"
    return "unhealthy" if "(unhealthy)" in status else "none"


def _exit_code(status: str) -> int | None:
    found = _EXIT.search(status)
    return _code(int(found[1])) if found else None


def _code(value: int | None) -> int | None:
    return None if value is None else max(-INT_LIMIT, min(value, INT_LIMIT))


def _int(value: int | None) -> int:
    return 0 if value is None or value < 0 else min(value, INT_LIMIT)


def _seconds(value: int | None) -> float | None:
    # Engines write -62135596800, Go's zero time, for an image whose builder gave it no date.
    return float(value) if value is not None and 0 < value < 1e11 else None


def _floor(value: float | None) -> float | None:
    # The list knows whole seconds: both must make the same record.
    return None if value is None else float(int(value))


def _labels(said: dict[str, str] | None) -> dict[str, str]:
    items = sorted((said or {}).items())[:LABELS]
    return {clean(key, 300): clean(value, 1_000) for key, value in items}


def _project(labels: dict[str, str]) -> str:
    return labels.get("com.docker.compose.project") or labels.get("com.docker.stack.namespace", "")


def _service(labels: dict[str, str]) -> str:
    return labels.get("com.docker.compose.service") or labels.get("com.docker.swarm.service.name", "")


def _ports(said: Iterable[tuple[int | None, int | None, str | None, str | None]]) -> tuple[Port, ...]:
    found = {
        Port(
            private=_int(private),
            public=_int(public) if public else None,
            ip=clean(ip or "", 60) if public else "",
            protocol=clean(protocol or "tcp", 10),
        )
        for private, public, ip, protocol in said
        if private is not None
    }
    return tuple(sorted(found, key=lambda p: (p.private, p.protocol, p.ip, p.public or 0))[:ITEMS])


def _bindings(
    settings: wire.NetworkSettings | None,
) -> Iterable[tuple[int | None, int | None, str | None, str | None]]:
    for key, bindings in ((settings.ports if settings else None) or {}).items():
        number, _, protocol = key.partition("/")
        private = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
        if not bindings:
            yield private, None, None, protocol
        for binding in bindings or []:
            public = binding.host_port or ""
            number_ok = public.isascii() and public.isdigit() and len(public) < 10
            yield private, int(public) if number_ok else None, binding.host_ip, protocol


def _mounts(said: list[wire.Mount] | None) -> tuple[Mount, ...]:
    found = [
        Mount(
            kind=clean(m.type or "", 20),
            source=clean(m.name or m.source or "", 1_000),
            target=clean(m.destination or "", 1_000),
            writable=m.rw is not False,
        )
        for m in said or []
    ]
    return tuple(sorted(found, key=lambda m: (m.target, m.source, m.kind))[:ITEMS])


def _networks(settings: wire.NetworkSettings | None) -> tuple[str, ...]:
    return tuple(sorted(clean(name, 300) for name in ((settings.networks if settings else None) or {}))[:ITEMS])


def _command(path: str | None, args: list[str] | None) -> str:
    # The engine writes its list the same way (daemon/list.go): words with blanks in quotes.
    words = [path or "", *(f"'{a}'" if " " in a else a for a in (args or [])[:ITEMS])]
    return clean(" ".join(words).strip(), 1_000)


def _policy(policy: wire.RestartPolicy) -> str:
    name = clean(policy.name or "", 40)
    return f"{name}:{policy.maximum_retry_count}" if name == "on-failure" and policy.maximum_retry_count else name
