"""The feeds that the settings ask for."""

from __future__ import annotations

from console.settings.model import Alertmanager, Settings
from console.world.feed import Context, Feed, Wanted


def wanted(settings: Settings) -> list[Wanted]:
    first = settings.prometheus[0].name if settings.prometheus else ""
    return [_wanted(own, own.prometheus or first) for own in settings.alertmanager]


def _wanted(own: Alertmanager, prometheus: str) -> Wanted:
    def make(context: Context) -> Feed:
        # httpx takes 90 ms to import: only where there is an Alertmanager.
        from console.alerts.source import AlertmanagerFeed

        return AlertmanagerFeed(own, prometheus, context)

    return Wanted(f"alertmanager/{own.name}", (own, prometheus), make)
