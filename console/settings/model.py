"""The settings, typed. Pure.

Each field's docstring is what `config schema`, `config/quarterdeck.example.yaml` and docs/settings.md say of it.
Durations are written `30s`, `10m`, `2h`, `7d` or a number of seconds; secrets are references, never values.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Seconds(float):
    """A duration in seconds; in a file `30s`, `1h30m` or a number."""

    __slots__ = ()


class SecretRef(str):
    """The name of a secret, written `secret:NAME`; what it stands for is found by settings/secrets.py."""

    __slots__ = ()


Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""A short name of the operator's own: lower-case letters, digits, dot, dash, underscore."""


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Tls(_Section, frozen=True):
    """How the peer's certificate is checked, and ours shown."""

    ca: str = ""
    """File with the certificate authorities to trust; empty means the system's."""
    cert: str = ""
    """File with our client certificate."""
    key: str = ""
    """File with its key."""


class DockerHost(_Section, frozen=True):
    """A Docker host."""

    name: Name
    """What this host is called on every screen."""
    url: str = "unix:///var/run/docker.sock"
    """unix:///PATH, tcp://HOST:PORT (verified TLS; plain only on loopback) or ssh://[USER@]HOST[:PORT]."""
    environment: str = ""
    """The environment its containers belong to: dev, staging, production."""
    tls: Tls | None = None
    """Certificates for tcp://; the section makes the connection encrypted, even when it is empty."""
    timeout: Seconds = Seconds(10)
    """How long one answer may take."""


class GitHub(_Section, frozen=True):
    """A GitHub, github.com or an Enterprise Server, and the repositories to watch there."""

    name: Name = "github"
    """What this GitHub is called on every screen."""
    api_url: str = "https://api.github.com"
    """https://HOST/api/v3 for GitHub Enterprise Server."""
    token: SecretRef | None = None
    """Where not given: GH_TOKEN, GITHUB_TOKEN, then `gh auth token`."""
    repositories: tuple[Annotated[str, Meta(pattern=r"^[\w.-]+/[\w.-]+$")], ...] = ()
    """OWNER/NAME of each repository to watch."""
    tls: Tls | None = None
    """Certificates where the system's authorities are not enough."""
    timeout: Seconds = Seconds(10)
    """How long one answer may take."""
    share: Annotated[float, Meta(gt=0, le=0.8)] = 0.8
    """The part of GitHub's limits that may be used; never more than 0.8, the rest is for people."""


class Prometheus(_Section, frozen=True):
    """A Prometheus, or anything that speaks its HTTP API."""

    name: Name = "prometheus"
    """What panels and alert managers call it."""
    url: str = "http://127.0.0.1:9090"
    """http:// or https://, with the path prefix where it has one."""
    token: SecretRef | None = None
    """Bearer token."""
    username: str = ""
    """For basic authentication, together with password."""
    password: SecretRef | None = None
    """For basic authentication, together with username."""
    tls: Tls | None = None
    """Certificates for https://."""
    timeout: Seconds = Seconds(5)
    """How long one answer may take."""
    packs: tuple[Literal["node-exporter", "cadvisor", "prometheus", "http"], ...] = ()
    """Ready-made panels."""


class Panel(_Section, frozen=True):
    """A chart: one PromQL query and how to draw it."""

    name: Name
    """What verbs and links call it."""
    title: str
    """What stands above the chart."""
    query: str
    """PromQL."""
    prometheus: str = ""
    """The name of the Prometheus to ask; empty means the first."""
    group: str = ""
    """Panels of one group stand together."""
    unit: str = ""
    """s, ms, bytes, percent (0-100), ratio (0-1), per_second, count, or any short word."""
    kind: Literal["range", "instant"] = "range"
    """range draws a line over time, instant shows the newest value."""
    range: Seconds = Seconds(3600)
    """How far back the chart reaches."""
    step: Seconds = Seconds(0)
    """0: chosen from the range; never finer than the scrape interval."""
    warn: float | None = None
    """From this value on the panel is a warning."""
    fail: float | None = None
    """From this value on it has failed."""
    below: bool = False
    """The thresholds are lower bounds."""
    legend: str = ""
    """Template of a line's name: {{instance}} {{job}}."""


class Alertmanager(_Section, frozen=True):
    """An Alertmanager cluster."""

    name: Name = "alertmanager"
    """What this cluster is called on every screen."""
    members: tuple[str, ...] = ("http://127.0.0.1:9093",)
    """The URL of every member of the cluster."""
    prometheus: str = ""
    """The Prometheus that confirms an absent alert; empty means the first."""
    token: SecretRef | None = None
    """Bearer token."""
    username: str = ""
    """For basic authentication, together with password."""
    password: SecretRef | None = None
    """For basic authentication, together with username."""
    tls: Tls | None = None
    """Certificates for https://."""
    timeout: Seconds = Seconds(5)
    """How long one answer may take."""
    poll: Seconds = Seconds(5)
    """How often alerts are read."""


class Secrets(_Section, frozen=True):
    """Where secrets are kept when the environment, a systemd credential and the keyring have none."""

    vault: str = ""
    """The vault file; empty means `vault` in the state folder."""
    key_file: str = ""
    """A file with the vault's key, mode 0600; without it the passphrase is asked for or read from a credential."""
    plaintext: Literal["", "i-know-this-is-not-encrypted"] = ""
    """Only in so many words: keep secrets in a file of mode 0600 where nothing better is there."""


class Agent(_Section, frozen=True):
    """The headless part that holds the credentials and talks to the outside."""

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
    """The least serious line that is written to the log."""


class Ui(_Section, frozen=True):
    """The screen."""

    theme: str = "quarterdeck"
    """A theme's name."""
    glyphs: Literal["unicode", "ascii", "auto"] = "auto"
    """auto: ascii where the locale has no UTF-8."""
    mouse: bool = True
    """false leaves the mouse to the terminal, for selecting text."""


class Settings(_Section, frozen=True):
    """Everything a settings file may say."""

    organisation: str = ""
    """Shown in the top line."""
    docker: tuple[DockerHost, ...] = ()
    """The Docker hosts to watch."""
    github: tuple[GitHub, ...] = ()
    """The GitHubs to watch."""
    prometheus: tuple[Prometheus, ...] = ()
    """The Prometheus servers to ask."""
    alertmanager: tuple[Alertmanager, ...] = ()
    """The Alertmanager clusters to read."""
    panels: tuple[Panel, ...] = ()
    """Charts beside those of the packs."""
    secrets: Secrets = Secrets()
    """Where secrets are kept."""
    agent: Agent = Agent()
    """How the agent runs."""
    ui: Ui = Ui()
    """How the screen looks."""
    demo: bool = False
    """Set by `quarterdeck demo` alone: everything shown is invented."""
