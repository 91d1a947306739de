"""What Alertmanager says, as it says it. Nearly everything may be absent.

Source: Alertmanager's api/v2/openapi.yaml, 0.25 to 0.34.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct, field

from console import peer

T = TypeVar("T")


class Said(Struct, gc=False):
    """None of these can be part of a cycle, and ten thousand of them are much to look through for one."""


class Named(Said):
    name: str = ""


class AlertStatus(Said, rename="camel"):
    state: str = ""
    silenced_by: tuple[str, ...] | None = None
    inhibited_by: tuple[str, ...] | None = None
    muted_by: tuple[str, ...] | None = None
    """Since 0.28."""


class Alert(Said, rename="camel"):
    fingerprint: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    starts_at: str = ""
    updated_at: str = ""
    generator_url: str = field(default="", name="generatorURL")
    receivers: tuple[Named, ...] | None = None
    status: AlertStatus = field(default_factory=AlertStatus)


class Fingerprint(Said):
    fingerprint: str = ""


class Group(Said, rename="camel"):
    labels: dict[str, str] | None = None
    receiver: Named = field(default_factory=Named)
    alerts: tuple[Fingerprint, ...] | None = None


class Matcher(Said, rename="camel"):
    name: str = ""
    value: str = ""
    is_regex: bool = False
    is_equal: bool = True


class SilenceStatus(Said):
    state: str = ""


class Silence(Said, rename="camel"):
    id: str = ""
    matchers: tuple[Matcher, ...] | None = None
    starts_at: str = ""
    ends_at: str = ""
    updated_at: str = ""
    created_by: str = ""
    comment: str = ""
    status: SilenceStatus = field(default_factory=SilenceStatus)


class ClusterStatus(Said):
    status: str = ""
    peers: tuple[Named, ...] | None = None


class VersionInfo(Said):
    version: str = ""


class Status(Said, rename="camel"):
    uptime: str = ""
    """When it started, not how long it runs."""
    cluster: ClusterStatus = field(default_factory=ClusterStatus)
    version_info: VersionInfo = field(default_factory=VersionInfo)


def decode(body: bytes | msgspec.Raw, kind: type[T], what: str) -> T:
    """`body` as a `kind`. Raises SourceError (protocol) that says where it differs."""
    return peer.decode(body, kind, what, "an Alertmanager")
