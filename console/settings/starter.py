"""The settings file that `init` writes: what was found, explained. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from console.settings.model import Alertmanager, DockerHost, GitHub, Prometheus, Settings

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9._/@-]*(:[A-Za-z0-9._/@-]+)*")
_TAKEN = frozenset({"true", "false", "null"})


_HEAD = """\
# Quarterdeck's settings. Every key is explained in docs/settings.md and in quarterdeck.example.yaml;
# `quarterdeck config check` lists what is wrong here, a change takes effect within 2 seconds.
# Secrets are never written here: name one with `token: secret:NAME`, keep it with
# `quarterdeck secret set NAME`.
"""


def starter(settings: Settings) -> str:
    """A commented YAML text that loads as `settings`; what is empty stands there as a comment to fill in."""
    parts = [
        _HEAD,
        f"organisation: {_text(settings.organisation)}\n"
        if settings.organisation
        else "# Shown in the top line.\n# organisation: acme\n",
        _docker(settings.docker),
        _github(settings.github),
        _prometheus(settings.prometheus),
        _alertmanager(settings.alertmanager),
        _PANELS if settings.prometheus else "",
    ]
    return "\n".join(part for part in parts if part)


_PANELS = """\
# Charts beside those of the packs.
# panels:
#   - name: errors
#     title: Errors
#     query: sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))
#     unit: ratio
#     warn: 0.01
#     fail: 0.05
"""


def _docker(hosts: Iterable[DockerHost]) -> str:
    lines = ["# The Docker hosts to watch: unix://, ssh://USER@HOST, or tcp://HOST:2376 with TLS."]
    items = []
    for host in hosts:
        items += [f"  - name: {_text(host.name)}", f"    url: {_text(host.url)}"]
        if host.tls is not None:
            given = [f"{key}: {_text(value)}" for key in ("ca", "cert", "key") if (value := getattr(host.tls, key))]
            items.append(f"    tls: {{{', '.join(given)}}}")
        items.append(
            f"    environment: {_text(host.environment)}"
            if host.environment
            else "    # environment: production   # or dev, staging"
        )
    empty = ["# docker:", "#   - name: here", "#     url: unix:///var/run/docker.sock"]
    return _joined(lines, "docker:", items, empty)


def _github(githubs: Iterable[GitHub]) -> str:
    lines = ["# The GitHubs to watch. Without `token` it is GH_TOKEN, GITHUB_TOKEN, then `gh auth token`."]
    items = []
    for one in githubs:
        items.append(f"  - name: {_text(one.name)}")
        if one.api_url != GitHub().api_url:
            items.append(f"    api_url: {_text(one.api_url)}")
        items.append(f"    # token: secret:github/{one.name}")
        if one.repositories:
            items.append("    repositories:")
            items += [f"      - {_text(name)}" for name in one.repositories]
        else:
            items += ["    # repositories:", "    #   - OWNER/NAME"]
    empty = ["# github:", "#   - repositories:", "#       - OWNER/NAME"]
    return _joined(lines, "github:", items, empty)


def _prometheus(servers: Iterable[Prometheus]) -> str:
    lines = ["# The Prometheus servers to ask, and ready-made panels: node-exporter, cadvisor, prometheus, http."]
    items = []
    for one in servers:
        items += [f"  - name: {_text(one.name)}", f"    url: {_text(one.url)}"]
        items.append(f"    packs: [{', '.join(one.packs)}]" if one.packs else "    # packs: [node-exporter]")
    empty = ["# prometheus:", "#   - url: http://127.0.0.1:9090"]
    return _joined(lines, "prometheus:", items, empty)


def _alertmanager(clusters: Iterable[Alertmanager]) -> str:
    lines = ["# The Alertmanager clusters to read, each with all its members."]
    items = []
    for one in clusters:
        items += [f"  - name: {_text(one.name)}", "    members:", *(f"      - {_text(url)}" for url in one.members)]
    empty = ["# alertmanager:", "#   - members: [http://127.0.0.1:9093]"]
    return _joined(lines, "alertmanager:", items, empty)


def _joined(lines: list[str], head: str, items: list[str], empty: list[str]) -> str:
    return "\n".join([*lines, *([head, *items] if items else empty)]) + "\n"


def _text(value: str) -> str:
    """A YAML scalar that reads back as `value`; quoted where it could be taken for something else."""
    if _PLAIN.fullmatch(value) and value.lower() not in _TAKEN:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in escaped) + '"'
