"""The settings, typed. Pure.

Each field's docstring is what `config schema`, `config/quarterdeck.example.yaml` and docs/settings.md say of it.
Durations are written `30s`, `10m`, `2h`, `7d` or a number of seconds; secrets are references, never values.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Seconds(float):
    """A duration in seconds; in a file `30s`, `1h30m` or a number."""


class SecretRef(str):
    """The name of a secret, written `secret:NAME`; what it stands for is found by settings/secrets.py."""

    __slots__ = ()


Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""A short name of the operator's own: lower-case letters, digits, dot, dash, underscore."""


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Tls(_Section, frozen=True):
    ca: str = ""
    """File with the certificate authorities to trust; empty means the system's."""
    cert: str = ""
    """File with our client certificate."""
    key: str = ""
    """File with its key."""


class DockerHost(_Section, frozen=True):
    name: Name
    url: str = "unix:///var/run/docker.sock"
    """unix:///PATH, tcp://HOST:PORT (verified TLS; plain only on loopback) or ssh://[USER@]HOST[:PORT]."""
    environment: str = ""
    """The environment its containers belong to: dev, staging, production."""
    tls: Tls | None = None
    timeout: Seconds = Seconds(10)
    """How long one answer may take."""


class GitHub(_Section, frozen=True):
    name: Name = "github"
    api_url: str = "https://api.github.com"
    """https://HOST/api/v3 for GitHub Enterprise Server."""
    token: SecretRef | None = None
    """Where not given: GH_TOKEN, GITHUB_TOKEN, then `gh auth token`."""
    repositories: tuple[Annotated[str, Meta(pattern=r"^[\w.-]+/[\w.-]+$")], ...] = ()
    """OWNER/NAME of each repository to watch."""
    tls: Tls | None = None
    timeout: Seconds = Seconds(10)
    share: Annotated[float, Meta(gt=0, le=0.8)] = 0.8
    """The part of GitHub's limits that may be used; never more than 0.8, the rest is for people."""


class Prometheus(_Section, frozen=True):
    name: Name = "prometheus"
    url: str = "http://127.0.0.1:9090"
    token: SecretRef | None = None
    """Bearer token."""
    username: str = ""
    password: SecretRef | None = None
    tls: Tls | None = None
    timeout: Seconds = Seconds(5)
    packs: tuple[Literal["node-exporter", "cadvisor", "prometheus", "http"], ...] = ()
    """Ready-made panels."""


class Panel(_Section, frozen=True):
    name: Name
    title: str
    query: str
    """PromQL."""
    prometheus: str = ""
    """The name of the Prometheus to ask; empty means the first."""
    group: str = ""
    unit: str = ""
    """s, ms, bytes, percent (0-100), ratio (0-1), per_second, count, or any short word."""
    kind: Literal["range", "instant"] = "range"
    range: Seconds = Seconds(3600)
    step: Seconds = Seconds(0)
    """0: chosen from the range; never finer than the scrape interval."""
    warn: float | None = None
    fail: float | None = None
    below: bool = False
    """The thresholds are lower bounds."""
    legend: str = ""
    """Template of a line's name: {{instance}} {{job}}."""


class Alertmanager(_Section, frozen=True):
    name: Name = "alertmanager"
    members: tuple[str, ...] = ("http://127.0.0.1:9093",)
    """The URL of every member of the cluster."""
    prometheus: str = ""
    """The Prometheus that confirms an absent alert; empty means the first."""
    token: SecretRef | None = None
    username: str = ""
    password: SecretRef | None = None
    tls: Tls | None = None
    timeout: Seconds = Seconds(5)
    poll: Annotated[Seconds, Meta(description="How often alerts are read.")] = Seconds(5)


class Secrets(_Section, frozen=True):
    vault: str = ""
    """The vault file; empty means `vault` in the state folder."""
    key_file: str = ""
    """A file with the vault's key, mode 0600; without it the passphrase is asked for or read from a credential."""
    plaintext: Literal["", "i-know-this-is-not-encrypted"] = ""
    """Only in so many words: keep secrets in a file of mode 0600 where nothing better is there."""


class Agent(_Section, frozen=True):
    mode: Literal["personal", "duty"] = "personal"
    """personal acts for one person and ends when idle; duty is the team's, under its own system user."""
    socket: str = ""
    """Empty: $QUARTERDECK_SOCKET, else $XDG_RUNTIME_DIR/quarterdeck/agent.sock."""
    group: str = ""
    """duty only: the operating system's group that may connect."""
    idle_exit: Seconds = Seconds(600)
    """personal only: how long the agent stays with nobody connected."""
    metrics: str = ""
    """HOST:PORT for /metrics in Prometheus format; empty means on the socket alone."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Ui(_Section, frozen=True):
    theme: str = "quarterdeck"
    glyphs: Literal["unicode", "ascii", "auto"] = "auto"
    """auto: ascii where the locale has no UTF-8."""
    mouse: bool = True


class Settings(_Section, frozen=True):
    organisation: str = ""
    """Shown in the top line."""
    docker: tuple[DockerHost, ...] = ()
    github: tuple[GitHub, ...] = ()
    prometheus: tuple[Prometheus, ...] = ()
    alertmanager: tuple[Alertmanager, ...] = ()
    panels: tuple[Panel, ...] = ()
    secrets: Secrets = Secrets()
    agent: Agent = Agent()
    ui: Ui = Ui()
    demo: bool = False
    """Set by `quarterdeck demo` alone: everything shown is invented."""
