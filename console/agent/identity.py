"""Who calls: the kernel's word for the peer of a Unix socket, never a header's or an environment variable's."""

from __future__ import annotations

import pwd
import socket
import struct
from typing import Literal

from msgspec import Struct

SCOPE_KEY = "quarterdeck.caller"
"""Where the caller stands in an ASGI scope. Only protocol.py writes it; no header reaches it."""


class Caller(Struct, frozen=True):
    """The process at the other end, as it was when it connected."""

    uid: int
    gid: int
    pid: int
    name: str
    """The user's name in the password database, or uid:N."""


def caller_of(sock: socket.socket) -> Caller | None:
    """The peer of a connected Unix socket (SO_PEERCRED, unix(7)); None for any other kind of socket."""
    if sock.family != socket.AF_UNIX:
        return None
    pid, uid, gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"uid:{uid}"
    return Caller(uid, gid, pid, name)


def refusal(mode: Literal["personal", "duty"], owner: int, caller: Caller | None) -> str:
    """Why `caller` may not use this agent at all; empty where it may (R1)."""
    if caller is None:
        return "This agent knows its callers by the kernel's word for a Unix socket's peer; this connection has none."
    if mode == "personal" and caller.uid != owner:
        return (
            f"This is the personal agent of uid {owner}; it looks and acts for that one person and refuses {caller.name}. "
            "Run `quarterdeck` as yourself, or connect to the team's duty agent."
        )
    return ""


PERSONAL_REFUSES = (
    "escalation ladders",
    "on-call schedules",
    "triggers",
    "automatic promotion",
    "response automation",
    "approval by a second person",
)
"""What a personal agent never does (R1): it may end at any time, and nobody else could answer it."""
