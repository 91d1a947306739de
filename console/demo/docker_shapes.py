"""What the Docker Engine API says of the company's hosts, as plain values ready to be encoded. Pure.

Source: the Engine API's reference, versions 1.41 to 1.47.
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from typing import Any

from console.demo.hosts import CPUS, Container, Event, Host
from console.demo.names import ORGANISATION, host_environment
from console.demo.signals import Signals

Json = dict[str, Any]
MEMORY = 32 << 30
ZERO_TIME = "0001-01-01T00:00:00Z"
MIN_API = "1.24"
_FORMER = "legacy_default"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def rfc3339(t: float) -> str:
    """With nine digits of a second, as Go writes it."""
    if t <= 0:
        return ZERO_TIME
    whole = datetime.fromtimestamp(int(t), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{int((t % 1) * 1_000_000):06d}000Z"


def human(seconds: float) -> str:
    """A duration as `docker ps` writes it (go-units HumanDuration)."""
    s = int(seconds)
    if s < 1:
        return "Less than a second"
    if s == 1:
        return "1 second"
    if s < 60:
        return f"{s} seconds"
    if s < 120:
        return "About a minute"
    if s < 46 * 60:
        return f"{s // 60} minutes"
    hours = int(s / 3600 + 0.5)
    if hours == 1:
        return "About an hour"
    if hours < 48:
        return f"{hours} hours"
    return f"{hours // 24} days" if hours < 24 * 14 else f"{hours // 24 // 7} weeks"


def status(c: Container, now: float) -> str:
    match c.state:
        case "running":
            health = {"": "", "starting": " (health: starting)"}.get(c.health, f" ({c.health})")
            return f"Up {human(now - c.started)}{health}"
        case "restarting":
            return f"Restarting ({c.exit_code}) {human(now - c.finished)} ago"
        case "exited":
            return f"Exited ({c.exit_code}) {human(now - c.finished)} ago"
    return c.state.capitalize()


def labels(c: Container) -> dict[str, str]:
    own = {
        "com.docker.compose.project": ORGANISATION,
        "com.docker.compose.service": c.service,
        "com.docker.compose.container-number": str(c.number),
        "com.docker.compose.oneoff": "True" if c.one_off else "False",
        "org.opencontainers.image.version": c.version,
        "environment": host_environment(c.host),
    }
    return {**own, "note": "\x1b[31m[red]do not trust\x1b[0m"} if c.hostile else own


def command(c: Container) -> list[str]:
    return ["/app/serve", "--port", str(c.port)] if c.image.startswith(ORGANISATION) else [f"/bin/{c.service}"]


def _published(c: Container) -> bool:
    return c.service in ("edge", "gateway", "prometheus") and c.number == 1


def _mounts(c: Container) -> list[Json]:
    if c.service not in ("postgres", "redis", "rabbitmq", "prometheus"):
        return []
    name = f"{ORGANISATION}_{c.service}"
    return [
        {
            "Type": "volume",
            "Name": name,
            "Source": f"/var/lib/docker/volumes/{name}/_data",
            "Destination": f"/var/lib/{c.service}",
            "Driver": "local",
            "Mode": "rw",
            "RW": True,
            "Propagation": "",
        }
    ]


def _networks(c: Container) -> Json:
    name = f"{ORGANISATION}_default"
    address = ".".join(str(int(c.id[i : i + 2], 16)) for i in (0, 2))
    return {
        name: {
            "IPAMConfig": None,
            "Links": None,
            "Aliases": None,
            "NetworkID": digest(f"{c.host}/{name}"),
            "EndpointID": digest(c.id + "endpoint") if c.state == "running" else "",
            "Gateway": "172.20.0.1" if c.state == "running" else "",
            "IPAddress": f"172.20.{address}" if c.state == "running" else "",
            "IPPrefixLen": 16 if c.state == "running" else 0,
            "IPv6Gateway": "",
            "GlobalIPv6Address": "",
            "GlobalIPv6PrefixLen": 0,
            "MacAddress": "",
            "DriverOpts": None,
        }
    }


def _ports(c: Container) -> list[Json]:
    if not c.port:
        return []
    port: Json = {"PrivatePort": c.port, "Type": "tcp"}
    if _published(c) and c.state == "running":
        return [{"IP": ip, "PrivatePort": c.port, "PublicPort": c.port, "Type": "tcp"} for ip in ("0.0.0.0", "::")]
    return [port]


def summary(c: Container, now: float) -> Json:
    """One entry of /containers/json."""
    return {
        "Id": c.id,
        "Names": [f"/{c.name}"],
        "Image": c.image,
        "ImageID": f"sha256:{digest(c.image)}",
        "Command": " ".join(command(c)),
        "Created": int(c.created),
        "Ports": _ports(c),
        "Labels": labels(c),
        "State": c.state,
        "Status": status(c, now),
        "HostConfig": {"NetworkMode": f"{ORGANISATION}_default"},
        "NetworkSettings": {"Networks": _networks(c)},
        "Mounts": _mounts(c),
    }


def _health(c: Container, now: float) -> Json:
    last = c.started + max(0.0, now - c.started) // 10 * 10
    bad = c.health == "unhealthy"
    output = 'curl: (22) The requested URL returned error: 503\n{"database": "pool exhausted"}\n' if bad else "ok\n"
    entry = {"Start": rfc3339(last), "End": rfc3339(last + 0.06), "ExitCode": 1 if bad else 0, "Output": output}
    return {"Status": c.health, "FailingStreak": c.failing, "Log": [] if c.health == "starting" else [entry]}


def inspect(c: Container, now: float) -> Json:
    up = c.state in ("running", "restarting")
    words = command(c)
    state: Json = {
        "Status": c.state,
        "Running": up,
        "Paused": False,
        "Restarting": c.state == "restarting",
        "OOMKilled": c.oom_killed,
        "Dead": False,
        "Pid": 2_000 + int(c.id[:4], 16) if c.state == "running" else 0,
        "ExitCode": c.exit_code,
        "Error": "",
        "StartedAt": rfc3339(c.started),
        "FinishedAt": rfc3339(c.finished),
    }
    config: Json = {
        "Hostname": c.id[:12],
        "Domainname": "",
        "User": "",
        "AttachStdin": False,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": tty(c),
        "OpenStdin": False,
        "StdinOnce": False,
        "Env": [f"VERSION={c.version}", "PATH=/usr/local/bin:/usr/bin:/bin"],
        "Cmd": words,
        "Image": c.image,
        "Volumes": None,
        "WorkingDir": "/app",
        "Entrypoint": None,
        "Labels": labels(c),
    }
    if c.health:
        state["Health"] = _health(c, now)
        config["Healthcheck"] = {
            "Test": ["CMD", "curl", "-f", f"http://localhost:{c.port}/healthz"],
            "Interval": 10**10,
        }
    ports = {f"{c.port}/tcp": None} if c.port else {}
    bindings: Json = {f"{c.port}/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(c.port)}]} if _published(c) else {}
    return {
        "Id": c.id,
        "Created": rfc3339(c.created),
        "Path": words[0],
        "Args": words[1:],
        "State": state,
        "Image": f"sha256:{digest(c.image)}",
        "ResolvConfPath": f"/var/lib/docker/containers/{c.id}/resolv.conf",
        "HostnamePath": f"/var/lib/docker/containers/{c.id}/hostname",
        "HostsPath": f"/var/lib/docker/containers/{c.id}/hosts",
        "LogPath": f"/var/lib/docker/containers/{c.id}/{c.id}-json.log",
        "Name": f"/{c.name}",
        "RestartCount": c.restarts,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "docker-default",
        "ExecIDs": None,
        "HostConfig": {
            "Binds": None,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}},
            "NetworkMode": f"{ORGANISATION}_default",
            "PortBindings": bindings,
            "RestartPolicy": {"Name": "no" if c.one_off else "unless-stopped", "MaximumRetryCount": 0},
            "AutoRemove": False,
            "Privileged": False,
            "Memory": c.memory_limit,
            "NanoCpus": 0,
        },
        "GraphDriver": {"Data": None, "Name": "overlay2"},
        "Mounts": _mounts(c),
        "Config": config,
        "NetworkSettings": {"Bridge": "", "Ports": {**ports, **bindings}, "Networks": _networks(c)},
    }


def tty(c: Container) -> bool:
    """The edge has a terminal, so that its log has no frames."""
    return c.service == "edge"


def event(e: Event) -> Json:
    c = e.container
    return {
        "status": e.action,
        "id": c.id,
        "from": c.image,
        "Type": "container",
        "Action": e.action,
        "Actor": {"ID": c.id, "Attributes": {**labels(c), **e.extra, "image": c.image, "name": c.name}},
        "scope": "local",
        "time": e.at_us // 1_000_000,
        "timeNano": e.at_us * 1_000,
    }


def _used(signals: Signals, key: str, t: float, mean: float) -> float:
    """The integral of something that waves around `mean`: it only ever grows."""
    phase = (signals.key(key) & 0xFFFF) / 10_000.0
    return mean * (t - 90 * math.cos(t / 300 + phase) * 0.9 - 6 * math.cos(t / 31 + phase))


def memory(signals: Signals, c: Container, t: float) -> int:
    used = signals.gauge(c.id + "m", t, 0.2, 0.7)
    if c.sick:
        # A leak: it fills its limit in a minute after each start.
        used = min(0.99, used + 0.6 * ((t - c.started) / 60.0))
    return int(used * c.memory_limit)


def cpu_share(signals: Signals, c: Container) -> float:
    """Cores, on average."""
    return signals.mean(c.service + c.name + c.host, 0.01, 0.45) * (2.2 if c.sick else 1.0)


def stats(host: Host, c: Container, signals: Signals, t: float, before: float | None) -> Json:
    """One sample; `before` is the moment of the one before it, None for the first."""
    if c.state != "running":
        empty: Json = {"cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0}, "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}}  # fmt: skip
        return {"read": ZERO_TIME, "preread": ZERO_TIME, "pids_stats": {}, "blkio_stats": {}, "num_procs": 0, "storage_stats": {}, "cpu_stats": empty, "precpu_stats": empty, "memory_stats": {}, "name": f"/{c.name}", "id": c.id}  # fmt: skip
    modern = host.api != "1.41"
    epoch = c.created - 10_000

    def cpu(at: float | None) -> Json:
        if at is None:
            return {"cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0}, "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}}  # fmt: skip
        total = int(_used(signals, c.id, at - epoch, cpu_share(signals, c)) * 1e9)
        usage: Json = {"total_usage": total, "usage_in_kernelmode": total // 5, "usage_in_usermode": total - total // 5}
        if not modern:
            usage["percpu_usage"] = [total // CPUS] * CPUS
        return {"cpu_usage": usage, "system_cpu_usage": int((at - epoch) * CPUS * 1e9), "online_cpus": CPUS, "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}}  # fmt: skip

    used = memory(signals, c, t)
    cache = used // 6
    detail = {"anon": used - cache, "file": cache, "inactive_file": cache} if modern else {"cache": cache, "rss": used - cache, "total_inactive_file": cache}  # fmt: skip
    rx = int(_used(signals, c.id + "rx", t - epoch, signals.mean(c.id + "rx", 2e3, 9e5)))
    tx = int(_used(signals, c.id + "tx", t - epoch, signals.mean(c.id + "tx", 2e3, 9e5)))
    disk = int(_used(signals, c.id + "io", t - epoch, signals.mean(c.id + "io", 0, 6e4)))
    io = [{"major": 259, "minor": 0, "op": op, "value": n} for op, n in (("read" if modern else "Read", disk // 9), ("write" if modern else "Write", disk))]  # fmt: skip
    return {
        "read": rfc3339(t),
        "preread": rfc3339(before) if before else ZERO_TIME,
        "pids_stats": {"current": 8 + int(c.id[:2], 16) % 40, "limit": 18446744073709551615},
        "blkio_stats": {"io_service_bytes_recursive": io, "io_serviced_recursive": None},
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": cpu(t),
        "precpu_stats": cpu(before),
        "memory_stats": {"usage": used, "stats": detail, "limit": c.memory_limit},
        "networks": {
            "eth0": {
                "rx_bytes": rx,
                "rx_packets": rx // 700,
                "rx_errors": 0,
                "rx_dropped": 0,
                "tx_bytes": tx,
                "tx_packets": tx // 700,
                "tx_errors": 0,
                "tx_dropped": 0,
            }
        },
        "name": f"/{c.name}",
        "id": c.id,
    }
