"""The feeds that the settings ask for."""

from __future__ import annotations

from functools import partial

from console.pipelines.source import GitHubFeed
from console.settings.model import Settings
from console.world.feed import Wanted


def wanted(settings: Settings) -> list[Wanted]:
    return [Wanted(f"github/{github.name}", github, partial(GitHubFeed, github)) for github in settings.github]
