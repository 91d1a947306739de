"""What Alertmanager says, as it says it. Nearly everything may be absent.

Source: Alertmanager's api/v2/openapi.yaml, 0.25 to 0.34.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct, field

from console import peer

T = TypeVar("T")


class Named(Struct):
    name: str = ""


class AlertStatus(Struct, rename="camel"):
    state: str = ""
    silenced_by: list[str] | None = None
    inhibited_by: list[str] | None = None
    muted_by: list[str] | None = None
    """Since 0.28."""


class Alert(Struct, rename="camel"):
    fingerprint: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    starts_at: str = ""
    updated_at: str = ""
    generator_url: str = field(default="", name="generatorURL")
    receivers: list[Named] | None = None
    status: AlertStatus = field(default_factory=AlertStatus)


class Fingerprint(Struct):
    fingerprint: str = ""


class Group(Struct, rename="camel"):
    labels: dict[str, str] | None = None
    receiver: Named = field(default_factory=Named)
    alerts: list[Fingerprint] | None = None


class Matcher(Struct, rename="camel"):
    name: str = ""
    value: str = ""
    is_regex: bool = False
    is_equal: bool = True


class SilenceStatus(Struct):
    state: str = ""


class Silence(Struct, rename="camel"):
    id: str = ""
    matchers: list[Matcher] | None = None
    starts_at: str = ""
    ends_at: str = ""
    updated_at: str = ""
    created_by: str = ""
    comment: str = ""
    status: SilenceStatus = field(default_factory=SilenceStatus)


class ClusterStatus(Struct):
    status: str = ""
    peers: list[Named] | None = None


class VersionInfo(Struct):
    version: str = ""


class Status(Struct, rename="camel"):
    uptime: str = ""
    """When it started, not how long it runs."""
    cluster: ClusterStatus = field(default_factory=ClusterStatus)
    version_info: VersionInfo = field(default_factory=VersionInfo)


def decode(body: bytes | msgspec.Raw, kind: type[T], what: str) -> T:
    """`body` as a `kind`. Raises SourceError (protocol) that says where it differs."""
    return peer.decode(body, kind, what, "an Alertmanager")
