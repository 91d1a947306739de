"""The feeds that the settings ask for."""

from __future__ import annotations

from console.settings.model import Settings
from console.world.feed import Context, Wanted


def wanted(settings: Settings) -> list[Wanted]:
    found = []
    for index, own in enumerate(settings.prometheus):
        panels = tuple(p for p in settings.panels if p.prometheus == own.name or (not p.prometheus and index == 0))

        def make(context: Context, own=own, panels=panels):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # bound now
            # The client's library takes 0.1 s to import: only where there is a Prometheus.
            from console.monitoring.source import PrometheusFeed

            return PrometheusFeed(own, panels, context)

        found.append(Wanted(f"prometheus/{own.name}", (own, panels), make))
    return found
