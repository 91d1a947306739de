"""What of the things Quarterdeck watches is here already: Docker, GitHub, Prometheus, Alertmanager.

Everything is looked at side by side, each for about a second; nothing is changed, and no host but this one is asked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from msgspec import Struct

from console.settings.discover_docker import docker_hosts
from console.settings.discover_git import repositories
from console.settings.discover_github import api_url, github_hosts
from console.settings.discover_web import alertmanager, prometheus
from console.settings.model import Alertmanager, DockerHost, GitHub, Prometheus, Settings

LOOK_S = 1.0
"""A server on this machine answers within milliseconds; one that takes longer would not be shown by default."""

Kind = Literal["docker", "github", "repositories", "prometheus", "alertmanager"]


class Finding(Struct, frozen=True):
    """One thing that was looked at."""

    kind: Kind
    what: str
    """What it is: `context eu1`, `acme/web`."""
    found: bool
    """Whether it goes into the settings."""
    detail: str = ""
    """What was seen there, or why it is left out."""


class Discovery(Struct, frozen=True):
    settings: Settings
    """What was found, as settings that load."""
    findings: tuple[Finding, ...]


def discover(
    folder: Path | None = None,
    env: Mapping[str, str] = os.environ,
    *,
    prometheus_url: str = "http://127.0.0.1:9090",
    alertmanager_url: str = "http://127.0.0.1:9093",
    timeout_s: float = LOOK_S,
) -> Discovery:
    """Look around from `folder` (the current one). Blocks for some seconds at most; never raises for what is not there."""
    with ThreadPoolExecutor(max_workers=5, thread_name_prefix="discover") as pool:
        docker = pool.submit(docker_hosts, env, timeout_s)
        remotes = pool.submit(repositories, folder or Path.cwd())
        github = pool.submit(github_hosts, env)
        metrics = pool.submit(prometheus, prometheus_url, timeout_s)
        alerts = pool.submit(alertmanager, alertmanager_url, timeout_s)
    findings: list[Finding] = []
    hosts: list[DockerHost] = []
    for engine in docker.result():
        findings.append(Finding("docker", engine.what, engine.settings is not None, engine.detail))
        if engine.settings is not None:
            hosts.append(engine.settings)
    known = {one.host: one for one in github.result()}
    found = remotes.result()
    wanted = [
        host for host in {"github.com": None, **known} if found.get(host) or (host in known and known[host].where)
    ]
    githubs = tuple(
        GitHub(
            name="github" if host == "github.com" else _name(host),
            api_url=api_url(host),
            repositories=tuple(found.get(host, ())),
        )
        for host in wanted
    )
    findings += [Finding("github", one.host, bool(one.where), one.where or one.why) for one in known.values()]
    for host, names in found.items():
        if host in wanted:
            findings += [Finding("repositories", name, found=True, detail=host) for name in names]
        elif names:
            why = f"{host} is not known to be a GitHub: gh auth login --hostname {host}"
            findings.append(Finding("repositories", f"{len(names)} at {host}", found=False, detail=why))
    if not any(found.values()):
        findings.append(Finding("repositories", "git remotes", found=False, detail="none here or in the folders below"))
    server, manager = metrics.result(), alerts.result()
    findings.append(Finding("prometheus", prometheus_url, server.version is not None, server.detail))
    findings.append(Finding("alertmanager", alertmanager_url, manager.version is not None, manager.detail))
    settings = Settings(
        docker=tuple(hosts),
        github=githubs,
        prometheus=(Prometheus(url=prometheus_url, packs=server.packs),) if server.version is not None else (),
        alertmanager=(Alertmanager(members=(alertmanager_url,)),) if manager.version is not None else (),
    )
    return Discovery(settings, tuple(findings))


def _name(host: str) -> str:
    return host.replace(":", "-").lower()[:63]
