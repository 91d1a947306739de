"""The Docker hosts that the settings name."""

from __future__ import annotations

from functools import partial

from console.fleet.source import DockerFeed
from console.settings.model import Settings
from console.world.feed import Wanted


def wanted(settings: Settings) -> list[Wanted]:
    return [Wanted(f"docker/{host.name}", host, partial(DockerFeed, host)) for host in settings.docker]
