"""What the Engine API answers, as far as we read it; every field may be absent or null.

Source: docs.docker.com/reference/api/engine, versions 1.41 to 1.52.
"""

from __future__ import annotations

from msgspec import Struct, field


class Version(Struct, frozen=True, rename="pascal"):
    version: str | None = None
    api_version: str | None = None
    min_api: str | None = field(name="MinAPIVersion", default=None)


class SwarmInfo(Struct, frozen=True, rename="pascal"):
    local_node_state: str | None = None
    control_available: bool | None = None


class Info(Struct, frozen=True, rename="pascal"):
    server_version: str | None = None
    operating_system: str | None = None
    architecture: str | None = None
    ncpu: int | None = field(name="NCPU", default=None)
    mem_total: int | None = None
    images: int | None = None
    swarm: SwarmInfo | None = None
    security_options: list[str] | None = None
    cgroup_version: str | None = None


class ListedPort(Struct, frozen=True, rename="pascal"):
    ip: str | None = field(name="IP", default=None)
    private_port: int | None = None
    public_port: int | None = None
    type: str | None = None


class Mount(Struct, frozen=True, rename="pascal"):
    type: str | None = None
    name: str | None = None
    source: str | None = None
    destination: str | None = None
    rw: bool | None = field(name="RW", default=None)


class Endpoint(Struct, frozen=True, rename="pascal"):
    network_id: str | None = field(name="NetworkID", default=None)


class PortBinding(Struct, frozen=True, rename="pascal"):
    host_ip: str | None = None
    host_port: str | None = None


class NetworkSettings(Struct, frozen=True, rename="pascal"):
    networks: dict[str, Endpoint | None] | None = None
    ports: dict[str, list[PortBinding] | None] | None = None


class Listed(Struct, frozen=True, rename="pascal"):
    """One entry of GET /containers/json."""

    id: str
    names: list[str] | None = None
    image: str | None = None
    image_id: str | None = field(name="ImageID", default=None)
    command: str | None = None
    created: int | None = None
    ports: list[ListedPort] | None = None
    labels: dict[str, str] | None = None
    state: str | None = None
    status: str | None = None
    network_settings: NetworkSettings | None = None
    mounts: list[Mount] | None = None


class HealthProbe(Struct, frozen=True, rename="pascal"):
    output: str | None = None


class HealthState(Struct, frozen=True, rename="pascal"):
    status: str | None = None
    log: list[HealthProbe] | None = None


class State(Struct, frozen=True, rename="pascal"):
    status: str | None = None
    exit_code: int | None = None
    oom_killed: bool | None = field(name="OOMKilled", default=None)
    started_at: str | None = None
    finished_at: str | None = None
    health: HealthState | None = None


class Config(Struct, frozen=True, rename="pascal"):
    image: str | None = None
    labels: dict[str, str] | None = None
    tty: bool | None = None


class RestartPolicy(Struct, frozen=True, rename="pascal"):
    name: str | None = None
    maximum_retry_count: int | None = None


class LogConfig(Struct, frozen=True, rename="pascal"):
    type: str | None = None


class HostConfig(Struct, frozen=True, rename="pascal"):
    memory: int | None = None
    restart_policy: RestartPolicy | None = None
    log_config: LogConfig | None = None


class Inspected(Struct, frozen=True, rename="pascal"):
    """GET /containers/ID/json."""

    id: str
    name: str | None = None
    created: str | None = None
    path: str | None = None
    args: list[str] | None = None
    image: str | None = None
    state: State | None = None
    restart_count: int | None = None
    config: Config | None = None
    host_config: HostConfig | None = None
    mounts: list[Mount] | None = None
    network_settings: NetworkSettings | None = None


class Image(Struct, frozen=True, rename="pascal"):
    id: str
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None
    size: int | None = None
    created: int | None = None


class Network(Struct, frozen=True, rename="pascal"):
    id: str
    name: str | None = None
    driver: str | None = None
    scope: str | None = None
    internal: bool | None = None


class Volume(Struct, frozen=True, rename="pascal"):
    name: str
    driver: str | None = None
    mountpoint: str | None = None
    created_at: str | None = None


class Volumes(Struct, frozen=True, rename="pascal"):
    volumes: list[Volume] | None = None


class Actor(Struct, frozen=True, rename="pascal"):
    id: str | None = field(name="ID", default=None)
    attributes: dict[str, str] | None = None


class Event(Struct, frozen=True, rename="pascal"):
    type: str | None = None
    action: str | None = None
    actor: Actor | None = None
    time_nano: int | None = field(name="timeNano", default=None)


class CpuUsage(Struct, frozen=True):
    total_usage: int | None = None


class Cpu(Struct, frozen=True):
    cpu_usage: CpuUsage | None = None
    system_cpu_usage: int | None = None
    online_cpus: int | None = None


class Memory(Struct, frozen=True):
    usage: int | None = None
    limit: int | None = None
    stats: dict[str, int] | None = None


class NetworkUse(Struct, frozen=True):
    rx_bytes: int | None = None
    tx_bytes: int | None = None


class BlockEntry(Struct, frozen=True):
    op: str | None = None
    value: int | None = None


class BlockUse(Struct, frozen=True):
    io_service_bytes_recursive: list[BlockEntry] | None = None


class Pids(Struct, frozen=True):
    current: int | None = None


class Sample(Struct, frozen=True):
    """One line of GET /containers/ID/stats; of either cgroup version."""

    read: str | None = None
    cpu_stats: Cpu | None = None
    memory_stats: Memory | None = None
    networks: dict[str, NetworkUse] | None = None
    blkio_stats: BlockUse | None = None
    pids_stats: Pids | None = None
