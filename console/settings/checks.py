"""How settings fit together. Pure: settings in, flaws out.

A value that is wrong by itself holds a default or `PLACEHOLDER` here and has been reported already.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol
from urllib.parse import SplitResult, urlsplit

from console.settings.convert import PLACEHOLDER
from console.settings.durations import format_seconds
from console.settings.model import DockerHost, GitHub, Panel, Prometheus, SecretRef, Settings, Tls
from console.settings.problems import shown

SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path that Linux takes (sun_path, unix(7))."""

TIMEOUT_S = (0.1, 300.0)
"""Below a tenth of a second no peer answers over a network; after five minutes nobody waits any more."""

POLL_S = (1.0, 3600.0)
IDLE_S = (1.0, 2_592_000.0)
RANGE_S = (1.0, 34_560_000.0)
"""A chart of more than 400 days has fewer than one column a day on any terminal."""


class Flaw(NamedTuple):
    path: str
    what: str
    allowed: str = ""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class _Login(Protocol):
    @property
    def token(self) -> SecretRef | None: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> SecretRef | None: ...


def check(settings: Settings) -> list[Flaw]:
    """Everything that does not fit together, in no order that matters."""
    return [flaw for part in _PARTS for flaw in part(settings)]


def _names(settings: Settings) -> Iterator[Flaw]:
    lists: dict[str, Sequence[_Named]] = {
        "docker": settings.docker,
        "github": settings.github,
        "prometheus": settings.prometheus,
        "alertmanager": settings.alertmanager,
        "panels": settings.panels,
    }
    for kind, items in lists.items():
        yield from _twice((one.name for one in items), _at(kind, ".name"), "name")


def _docker(settings: Settings) -> Iterator[Flaw]:
    yield from _twice((one.url for one in settings.docker), _at("docker", ".url"), "engine")
    for index, host in enumerate(settings.docker):
        at = f"docker[{index}]"
        yield from _bounds(f"{at}.timeout", host.timeout, TIMEOUT_S)
        yield from _tls(f"{at}.tls", host.tls)
        yield from _docker_url(at, host)


def _docker_url(at: str, host: DockerHost) -> Iterator[Flaw]:
    allowed = "unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST[:PORT]"
    url = _split(host.url)
    if url is None or url.scheme not in ("unix", "tcp", "ssh"):
        yield Flaw(f"{at}.url", "is not the address of a Docker engine", allowed)
        return
    if url.password is not None:
        yield Flaw(f"{at}.url", "holds a password", "use an SSH key or a client certificate")
    if url.scheme == "unix":
        if url.netloc or not url.path.startswith("/") or url.path == "/":
            yield Flaw(f"{at}.url", "names no socket", "three slashes: unix:///var/run/docker.sock")
        elif len(url.path.encode()) > SOCKET_PATH_LIMIT:
            yield Flaw(f"{at}.url", f"the socket's path is longer than {SOCKET_PATH_LIMIT} bytes")
    elif not url.hostname or url.path.strip("/") or url.query or url.fragment:
        yield Flaw(f"{at}.url", "is not the address of a Docker engine", allowed)
    elif url.scheme == "tcp":
        if not url.port:
            yield Flaw(f"{at}.url", "has no port", "2376 is usual with TLS")
        if host.tls is None and not is_loopback(url.hostname):
            yield Flaw(
                f"{at}.url",
                "is not encrypted: whoever reaches this port is root on that host",
                f"add {at}.tls with ca, cert and key, or use ssh://",
            )
    if url.scheme != "tcp" and host.tls is not None:
        yield Flaw(f"{at}.tls", f"has no meaning with {url.scheme}://", "remove it")


def _github(settings: Settings) -> Iterator[Flaw]:
    for index, one in enumerate(settings.github):
        at = f"github[{index}]"
        yield from _bounds(f"{at}.timeout", one.timeout, TIMEOUT_S)
        yield from _tls(f"{at}.tls", one.tls)
        yield from _twice(
            (repository.lower() for repository in one.repositories),
            _at(f"{at}.repositories"),
            "repository",
        )
        yield from _github_url(at, one)


def _github_url(at: str, one: GitHub) -> Iterator[Flaw]:
    path = f"{at}.api_url"
    url = _split(one.api_url)
    flaws = list(_http_url(path, one.api_url))
    yield from flaws
    if flaws or url is None:
        return
    host = url.hostname or ""
    if url.scheme == "http" and not is_loopback(host):
        yield Flaw(path, "is not encrypted: the token could be read on its way", "begin it with https://")
    if host in ("github.com", "www.github.com"):
        yield Flaw(path, "is the web site, not the API", "https://api.github.com")
    elif host == "api.github.com" and url.path.strip("/"):
        yield Flaw(path, "has a path", "https://api.github.com")


def _prometheus(settings: Settings) -> Iterator[Flaw]:
    for index, one in enumerate(settings.prometheus):
        at = f"prometheus[{index}]"
        yield from _http_url(f"{at}.url", one.url)
        yield from _bounds(f"{at}.timeout", one.timeout, TIMEOUT_S)
        yield from _login(at, one)
        yield from _tls(f"{at}.tls", one.tls)
        yield from _twice(one.packs, _at(f"{at}.packs"), "pack")


def _panels(settings: Settings) -> Iterator[Flaw]:
    for index, panel in enumerate(settings.panels):
        at = f"panels[{index}]"
        yield from _reference(f"{at}.prometheus", panel.prometheus, settings.prometheus, needed=True)
        yield from _bounds(f"{at}.range", panel.range, RANGE_S)
        for key in ("title", "query"):
            if not getattr(panel, key).strip():
                yield Flaw(f"{at}.{key}", "is empty")
        if panel.step and panel.step > panel.range:
            yield Flaw(f"{at}.step", f"is longer than the range ({format_seconds(panel.range)})")
        yield from _thresholds(at, panel)


def _thresholds(at: str, panel: Panel) -> Iterator[Flaw]:
    if panel.warn is None or panel.fail is None:
        return
    if panel.below and panel.fail > panel.warn:
        yield Flaw(f"{at}.fail", "lies above warn although below is true", "lower fail, or remove below")
    if not panel.below and panel.fail < panel.warn:
        yield Flaw(f"{at}.fail", "lies below warn", "raise fail, or add below: true")


def _alertmanager(settings: Settings) -> Iterator[Flaw]:
    for index, one in enumerate(settings.alertmanager):
        at = f"alertmanager[{index}]"
        if not one.members:
            yield Flaw(f"{at}.members", "is empty", "the URL of each member of the cluster")
        for number, member in enumerate(one.members):
            yield from _http_url(f"{at}.members[{number}]", member)
        yield from _twice((member.rstrip("/") for member in one.members), _at(f"{at}.members"), "member")
        yield from _reference(f"{at}.prometheus", one.prometheus, settings.prometheus, needed=False)
        yield from _bounds(f"{at}.timeout", one.timeout, TIMEOUT_S)
        yield from _bounds(f"{at}.poll", one.poll, POLL_S)
        yield from _login(at, one)
        yield from _tls(f"{at}.tls", one.tls)


def _agent(settings: Settings) -> Iterator[Flaw]:
    agent = settings.agent
    yield from _bounds("agent.idle_exit", agent.idle_exit, IDLE_S)
    if agent.mode == "duty" and not agent.group:
        yield Flaw("agent.group", "is missing: a duty agent serves a group", "the operating system's group of the team")
    if agent.mode == "personal" and agent.group:
        yield Flaw("agent.group", "has a meaning only with mode: duty", "remove it, or set agent.mode: duty")
    if len(agent.socket.encode()) > SOCKET_PATH_LIMIT:
        yield Flaw("agent.socket", f"is longer than the {SOCKET_PATH_LIMIT} bytes that the system takes")
    if agent.metrics:
        url = _split(f"tcp://{agent.metrics}")
        if url is None or not url.hostname or not url.port or url.netloc != agent.metrics or url.username is not None:
            yield Flaw("agent.metrics", f"{shown(agent.metrics)} is not HOST:PORT", "for example 127.0.0.1:9464")


def _rest(settings: Settings) -> Iterator[Flaw]:
    secrets = settings.secrets
    if secrets.vault and secrets.vault == secrets.key_file:
        yield Flaw("secrets.key_file", "is the vault itself", "keep the key in another file, best on another disk")
    if not settings.ui.theme:
        yield Flaw("ui.theme", "is empty", "quarterdeck is the standard one")
    if settings.demo:
        yield Flaw("demo", "is not for a file", "run: quarterdeck demo")


_PARTS: tuple[Callable[[Settings], Iterable[Flaw]], ...] = (
    _names,
    _docker,
    _github,
    _prometheus,
    _panels,
    _alertmanager,
    _agent,
    _rest,
)


def is_loopback(host: str) -> bool:
    """127.0.0.0/8, ::1, localhost and what ends in .localhost (RFC 6761)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _at(items: str, key: str = "") -> Callable[[int], str]:
    return lambda index: f"{items}[{index}]{key}"


def _twice(values: Iterable[str], path: Callable[[int], str], what: str) -> Iterator[Flaw]:
    first: dict[str, int] = {}
    for index, value in enumerate(values):
        if value == PLACEHOLDER:
            continue
        if value in first:
            yield Flaw(path(index), f"the same {what} as in {path(first[value])}", f"each {what} once")
        first.setdefault(value, index)


def _reference(path: str, name: str, among: tuple[Prometheus, ...], *, needed: bool) -> Iterator[Flaw]:
    names = [one.name for one in among]
    if PLACEHOLDER in names:
        return
    if name and name not in names:
        known = "known: " + ", ".join(names) if names else "none is set: add a prometheus section"
        yield Flaw(path, f"there is no Prometheus named {shown(name)}", known)
    elif needed and not names:
        yield Flaw(path, "there is no Prometheus to ask", "add a prometheus section")


def _bounds(path: str, value: float, allowed: tuple[float, float]) -> Iterator[Flaw]:
    low, high = allowed
    if not low <= value <= high:
        yield Flaw(
            path,
            f"{format_seconds(value)} is too {'short' if value < low else 'long'}",
            f"allowed: {format_seconds(low)} to {format_seconds(high)}",
        )


def _http_url(path: str, text: str) -> Iterator[Flaw]:
    if text == PLACEHOLDER:
        return
    url = _split(text)
    if url is None or url.scheme not in ("http", "https") or not url.hostname:
        yield Flaw(path, "is not a web address", "http://HOST:PORT or https://HOST")
    elif url.username is not None or url.password is not None:
        yield Flaw(path, "holds a login", "use the keys username and password: secret:NAME, or token: secret:NAME")
    elif url.query or url.fragment:
        yield Flaw(path, "has a query or a fragment", "end it with the path")


def _login(at: str, one: _Login) -> Iterator[Flaw]:
    if one.token is not None and (one.username or one.password is not None):
        yield Flaw(f"{at}.token", "stands beside username and password", "keep one of the two ways")
    elif one.username and one.password is None:
        yield Flaw(f"{at}.username", "has no password beside it", "add password: secret:NAME")
    elif one.password is not None and not one.username:
        yield Flaw(f"{at}.password", "has no username beside it", "add username")


def _tls(path: str, tls: Tls | None) -> Iterator[Flaw]:
    if tls is not None and bool(tls.cert) != bool(tls.key):
        yield Flaw(f"{path}.{'cert' if tls.cert else 'key'}", "cert and key belong together", "give both or neither")


def _split(text: str) -> SplitResult | None:
    """The parts of a URL, or None where it is none: blanks, control characters, a port that is no number."""
    if not text.isprintable() or " " in text:
        return None
    try:
        url = urlsplit(text)
        _ = url.port, url.hostname
    except ValueError:
        return None
    return url
