"""The URL of a Docker host, taken apart and checked before anything is connected. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from console.errors import SourceError
from console.text import clean

DEFAULT_SOCKET = "/var/run/docker.sock"

_SSH_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]*|[0-9A-Fa-f:.]+(%[\w.-]+)?")
"""Host and user names that OpenSSH cannot take for an option or hand to a shell."""


class Address(Struct, frozen=True, kw_only=True):
    kind: Literal["unix", "tcp", "tls", "ssh"]
    url: str
    """As it stands in the settings, made safe to show."""
    path: str = ""
    """unix: the socket; ssh: the socket on the other machine."""
    host: str = ""
    port: int | None = None
    user: str = ""

    @property
    def http(self) -> str:
        """What the HTTP client is given."""
        if self.kind == "unix":
            return f"http+unix://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.kind == 'tls' else 'http'}://{host}:{self.port}"


def parse(url: str, *, tls: bool) -> Address:
    """`tls` says that the settings have a `tls` section. Raises SourceError for what is not a Docker host's URL."""
    shown = clean(url, 200)
    try:
        parts = urlsplit(url)
        host, port, user = parts.hostname or "", parts.port, unquote(parts.username or "")
    except ValueError as error:
        raise _bad(shown, str(error)) from error
    if parts.query or parts.fragment:
        raise _bad(shown, "it has a query or a fragment")
    if parts.password:
        raise _bad(clean(url.replace(parts.password, "…"), 200), "it holds a password")
    match parts.scheme:
        case "unix":
            path = unquote(f"{parts.netloc}{parts.path}")
            if not path.startswith("/"):
                raise _bad(shown, "the socket's path is not absolute")
            return Address(kind="unix", url=shown, path=path)
        case "tcp" | "http" | "https":
            if not host or parts.path.strip("/") or user:
                raise _bad(shown, "tcp:// takes a host and a port and nothing else")
            if parts.scheme == "https" or tls:
                return Address(kind="tls", url=shown, host=host, port=port or 2376)
            if not _loopback(host):
                raise SourceError(
                    f"{shown} is plain TCP to another machine: whoever reaches it is root there",
                    "Use ssh://, or give the host a `tls` section with its CA and a client certificate.",
                    kind="tls",
                )
            return Address(kind="tcp", url=shown, host=host, port=port or 2375)
        case "ssh":
            if not _SSH_WORD.fullmatch(host) or (user and not _SSH_WORD.fullmatch(user)):
                raise _bad(shown, "the host or user is not one that ssh takes")
            path = unquote(parts.path) if parts.path not in ("", "/") else DEFAULT_SOCKET
            if ":" in path:
                raise _bad(shown, "the socket's path has a colon, which ssh -L cannot carry")
            return Address(kind="ssh", url=shown, host=host, port=port, user=user, path=path)
    raise _bad(shown, f"{parts.scheme or 'no scheme'} is not one of unix, tcp, ssh")


def _bad(url: str, why: str) -> SourceError:
    return SourceError(
        f"{url} is not a Docker host: {why}",
        "Write unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST[:PORT][/SOCKET].",
        kind="failed",
    )


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
