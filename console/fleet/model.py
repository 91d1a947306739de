"""What stands on Docker hosts. Pure.

Shapes follow the Engine API 1.41 to 1.5x (docs.docker.com/reference/api/engine): nearly every remote field may be absent.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from console.words import StateWord
from console.world.model import Record

ContainerState = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead", "unknown"]
Health = Literal["none", "starting", "healthy", "unhealthy"]


class Host(Record, frozen=True, kw_only=True):
    """A Docker host; the id is its name in the settings."""

    topic: ClassVar[str] = "hosts"

    name: str
    url: str
    environment: str = ""
    engine: str = ""
    """The engine's version: 20.10.24."""
    api: str = ""
    """The API version spoken with it: 1.41."""
    os: str = ""
    architecture: str = ""
    cpus: int = 0
    memory: int = 0
    """Bytes."""
    containers: int = 0
    running: int = 0
    images: int = 0
    swarm: str = ""
    """inactive, manager, worker."""
    rootless: bool = False


class Port(Struct, frozen=True, omit_defaults=True):
    private: int
    public: int | None = None
    ip: str = ""
    protocol: str = "tcp"


class Mount(Struct, frozen=True, omit_defaults=True):
    kind: str
    source: str
    target: str
    writable: bool = True


class Container(Record, frozen=True, kw_only=True):
    """A container; the id is HOST/CONTAINER with the engine's full id cut to 12 characters."""

    topic: ClassVar[str] = "containers"

    host: str
    name: str
    image: str
    """As it was asked for: acme/checkout:1.9.0."""
    image_id: str = ""
    state: ContainerState = "unknown"
    health: Health = "none"
    status: str = ""
    """The engine's own words without the moving part of them; ages are worked out from the times below."""
    exit_code: int | None = None
    oom_killed: bool = False
    restarts: int = 0
    created_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    health_log: str = ""
    """The last lines that the health check printed."""
    project: str = ""
    """Compose project or Swarm stack."""
    service: str = ""
    """Compose or Swarm service."""
    command: str = ""
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    memory_limit: int = 0
    """Bytes; 0 means none."""
    restart_policy: str = ""


class Image(Record, frozen=True, kw_only=True):
    """An image; the id is HOST/IMAGE with the digest cut to 12 characters."""

    topic: ClassVar[str] = "images"

    host: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    size: int = 0
    """Bytes."""
    created_at: float | None = None
    containers: int = 0
    """How many containers of the world use it."""


class Network(Record, frozen=True, kw_only=True):
    topic: ClassVar[str] = "networks"

    host: str
    name: str
    driver: str = ""
    scope: str = ""
    internal: bool = False


class Volume(Record, frozen=True, kw_only=True):
    topic: ClassVar[str] = "volumes"

    host: str
    name: str
    driver: str = ""
    mountpoint: str = ""
    created_at: float | None = None
    containers: int = 0


class Stats(Record, frozen=True, kw_only=True):
    """What a container uses, newest last; kept only while somebody looks at the container. The id is the container's."""

    topic: ClassVar[str] = "stats"

    at: tuple[float, ...] = ()
    cpu: tuple[float, ...] = ()
    """Per cent of one core."""
    memory: tuple[int, ...] = ()
    """Bytes in use without the page cache."""
    memory_limit: int = 0
    network_rx: tuple[int, ...] = ()
    """Bytes a second."""
    network_tx: tuple[int, ...] = ()
    block_read: tuple[int, ...] = ()
    block_write: tuple[int, ...] = ()
    pids: int = 0


def container_word(container: Container) -> StateWord:
    """The screen's word for a container's state."""
    match container.state:
        case "running" if container.health == "unhealthy":
            return "failed"
        case "running" if container.health == "starting":
            return "running"
        case "running":
            return "ok"
        case "restarting" | "dead":
            return "failed"
        case "paused":
            return "waiting"
        case "created":
            return "queued"
        case "exited":
            # 143 and 137 without an OOM kill are a stop that somebody asked for.
            asked = container.exit_code in (0, 143) or (container.exit_code == 137 and not container.oom_killed)
            return "cancelled" if asked else "failed"
        case "removing":
            return "cancelled"
    return "unknown"
