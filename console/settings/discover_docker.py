"""The Docker engines that the docker command knows: sockets, DOCKER_HOST, contexts.

Source: docs.docker.com/engine/manage-resources/contexts; a context is `contexts/meta/ID/meta.json` and its certificates
`contexts/tls/ID/docker/`, where ID is the SHA-256 of its name.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from console.settings.checks import check
from console.settings.model import DockerHost, Settings, Tls
from console.settings.private_files import read_bounded
from console.text import clean

MOST_CONTEXTS = 200
META_LIMIT = 1_048_576


class Seen(Struct, frozen=True):
    what: str
    detail: str
    settings: DockerHost | None = None
    """None where it cannot be used as it is."""


class _Endpoint(Struct, frozen=True):
    Host: str = ""
    SkipTLSVerify: bool = False


class _Meta(Struct, frozen=True):
    Name: str = ""
    Endpoints: dict[str, _Endpoint] = {}


def docker_hosts(env: Mapping[str, str], timeout_s: float) -> list[Seen]:
    """Each engine once, local ones first; those that cannot be used carry the reason."""
    seen: list[Seen] = []
    taken: dict[str, str] = {}
    names: set[str] = set()
    for what, wanted, url, tls in _candidates(env):
        if not url or url in taken:
            continue
        taken[url] = what
        detail, usable = _looked_at(url, tls, timeout_s)
        host = None
        if usable:
            host = DockerHost(name=_free(wanted, names), url=url, tls=tls)
            names.add(host.name)
        seen.append(Seen(clean(what, 80), clean(detail, 200), host))
    return seen


def _candidates(env: Mapping[str, str]) -> Iterator[tuple[str, str, str, Tls | None]]:
    """What it is, the name it would like, its URL, its certificates."""
    if given := env.get("DOCKER_HOST"):
        certificates = env.get("DOCKER_CERT_PATH") if env.get("DOCKER_TLS_VERIFY") else None
        yield "$DOCKER_HOST", "docker-host", given, _tls(Path(certificates)) if certificates else None
    yield "socket /var/run/docker.sock", "local", "unix:///var/run/docker.sock", None
    if runtime := env.get("XDG_RUNTIME_DIR"):
        rootless = f"{runtime}/docker.sock"
        if Path(rootless).exists():
            yield f"socket {rootless}", "rootless", f"unix://{rootless}", None
    home = Path(env.get("DOCKER_CONFIG") or Path(env.get("HOME") or Path.home()) / ".docker")
    try:
        metas = sorted((home / "contexts/meta").glob("*/meta.json"))[:MOST_CONTEXTS]
    except OSError:
        return
    for path in metas:
        try:
            meta = msgspec.json.decode(read_bounded(path, META_LIMIT, private=False), type=_Meta)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue  # the docker command skips a context it cannot read, too
        if (endpoint := meta.Endpoints.get("docker")) is not None:
            certificates_of = home / "contexts/tls" / path.parent.name / "docker"
            url = endpoint.Host
            tls = _tls(certificates_of) if url.startswith("tcp://") and certificates_of.is_dir() else None
            yield f"context {meta.Name}", meta.Name, url, tls


def _tls(folder: Path) -> Tls:
    def file(name: str) -> str:
        return str(folder / name) if (folder / name).is_file() else ""

    return Tls(ca=file("ca.pem"), cert=file("cert.pem"), key=file("key.pem"))


def _looked_at(url: str, tls: Tls | None, timeout_s: float) -> tuple[str, bool]:
    """What is to be said of it, and whether it can be used."""
    if flaws := check(Settings(docker=(DockerHost(name="one", url=url, tls=tls),))):
        return f"left out: {flaws[0].what}; {flaws[0].allowed}", False
    if not url.startswith("unix://"):
        return f"{url}, not contacted", True
    path = url.removeprefix("unix://")
    try:
        version = _ping(path, timeout_s)
    except FileNotFoundError:
        return "there is no such socket", False
    except PermissionError:
        # Joining the group is one command; the console then only has to be started again.
        return "this user may not use it: sudo usermod -aG docker $USER, then log in again", Path(path).exists()
    except (OSError, ValueError) as exc:
        return f"nothing answers there ({clean(str(getattr(exc, 'strerror', None) or exc), 80)})", False
    return f"Docker {version}", True


def _ping(path: str, timeout_s: float) -> str:
    """The engine's version, by one bounded request. Raises OSError, ValueError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        until = time.monotonic() + timeout_s
        client.settimeout(timeout_s)
        client.connect(path)
        client.sendall(b"GET /version HTTP/1.0\r\nHost: docker\r\n\r\n")
        raw = b""
        while len(raw) < 65_536 and (left := until - time.monotonic()) > 0:
            client.settimeout(left)
            if not (part := client.recv(16_384)):
                break
            raw += part
    head, _, body = raw.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.") or b" 200 " not in head[:16]:
        raise ValueError("no Docker engine")
    version = json.loads(body)
    found = version.get("Version") if isinstance(version, dict) else None
    if not isinstance(found, str):
        raise ValueError("no Docker engine")  # noqa: TRY004  # a wrong answer, not a wrong argument
    return clean(found, 40)


def _free(wanted: str, taken: set[str]) -> str:
    """A name of the settings' own form that is not taken yet."""
    base = re.sub(r"[^a-z0-9._-]+", "-", wanted.lower()).strip("._-")[:56] or "docker"
    return next(name for name in (base, *(f"{base}-{number}" for number in range(2, 1000))) if name not in taken)
