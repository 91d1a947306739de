"""The feeds that the settings ask for."""

from __future__ import annotations

from console.settings.model import Panel, Prometheus, Settings
from console.world.feed import Context, Feed, Wanted


def wanted(settings: Settings) -> list[Wanted]:
    return [
        _wanted(own, tuple(p for p in settings.panels if p.prometheus == own.name or (not p.prometheus and index == 0)))
        for index, own in enumerate(settings.prometheus)
    ]


def _wanted(own: Prometheus, panels: tuple[Panel, ...]) -> Wanted:
    def make(context: Context) -> Feed:
        # The client's library takes 0.1 s to import: only where there is a Prometheus.
        from console.monitoring.source import PrometheusFeed

        return PrometheusFeed(own, panels, context)

    return Wanted(f"prometheus/{own.name}", (own, panels), make)
