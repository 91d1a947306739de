"""Alerts: what fires; silences, rules and targets as further lists."""

from __future__ import annotations

from typing import ClassVar

from console.alerts.model import Alert, Silence
from console.monitoring.model import Rule, Target
from console.ui.columns import alerts, monitoring
from console.ui.panes import ListPane
from console.ui.screens.lists import Listing, ListsScreen


class AlertsScreen(ListsScreen):
    TITLE_OF_MODE: ClassVar[str] = "Alerts"

    def listings(self) -> list[Listing]:
        return [
            Listing("alerts", self._alerts, "alertmanager"),
            Listing("silences", self._silences, "alertmanager"),
            Listing("rules", self._rules, "prometheus"),
            Listing("targets", self._targets, "prometheus"),
        ]

    def _alerts(self) -> ListPane[Alert]:
        columns = alerts.alerts(ascii=self.deck.ascii)
        return ListPane(columns, now=self.deck.clock.now, kind=Alert, rank=alerts.alert_rank, fields=alerts.alert_fields,
                        empty="No alerts. The bar below says how fresh that is.")  # fmt: skip

    def _silences(self) -> ListPane[Silence]:
        columns = alerts.silences(ascii=self.deck.ascii)
        return ListPane(columns, now=self.deck.clock.now, kind=Silence, rank=alerts.silence_rank, empty="No silences.")

    def _rules(self) -> ListPane[Rule]:
        columns = monitoring.rules(ascii=self.deck.ascii)
        return ListPane(
            columns,
            now=self.deck.clock.now,
            kind=Rule,
            rank=monitoring.rule_rank,
            empty="No rules: Prometheus has no rule files.",
        )

    def _targets(self) -> ListPane[Target]:
        columns = monitoring.targets(ascii=self.deck.ascii)
        return ListPane(
            columns,
            now=self.deck.clock.now,
            kind=Target,
            rank=monitoring.target_rank,
            empty="No targets: Prometheus scrapes nothing.",
        )
