"""An alert: what it says, its labels, its history, and the silences that match it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget

from console.alerts.model import Alert, Silence
from console.client.replica import Changed
from console.ui.columns.alerts import alert_state, matchers
from console.ui.facts import Fact, Section
from console.ui.matching import matches
from console.ui.paint import MUTED, state
from console.ui.panes import FactsPane
from console.ui.screens.base import ConsoleScreen
from console.ui.screens.pages import pairs, when
from console.ui.standing import shown_word
from console.words import StateWord

_CHANGES: dict[str, StateWord] = {"firing": "failed", "suppressed": "waiting", "missing": "stale", "resolved": "ok"}


class AlertScreen(ConsoleScreen):
    def __init__(self, record_id: str) -> None:
        super().__init__()
        self._record_id = record_id
        self._alert: Alert | None = None
        self._left = FactsPane(id="left", classes="pane -front")
        self._right = FactsPane(id="right", classes="pane")

    def body(self) -> Iterable[Widget]:
        yield Horizontal(self._left, self._right, id="halves")

    def panes(self) -> list[Widget]:
        return [self._left, self._right]

    def sync(self) -> None:
        self._alert = self.deck.replica.get(Alert, self._record_id) or self._alert
        self._show()

    def changed(self, changed: Changed) -> None:
        if self._record_id in changed.get(Alert.topic, ()) or Silence.topic in changed:
            self.sync()

    def _show(self) -> None:
        alert, now = self._alert, self.deck.clock.now()
        if alert is None:
            return
        head = Section(
            "",
            (
                Fact("why", alert.why),
                Fact("severity", alert.severity),
                Fact("since", when(alert.since, now)),
                Fact("began", when(alert.starts_at, now) if alert.starts_at != alert.since else ""),
                Fact("cluster", ", ".join((alert.cluster, *alert.members))),
                Fact("receivers", ", ".join(alert.receivers)),
                Fact("flapping", "yes: its history changes often" if alert.flapping else "", "warning"),
                Fact("inhibited by", ", ".join(alert.inhibited_by)),
            ),
        )
        self._left.show(
            [head, Section("Annotations", pairs(alert.annotations)), Section("Labels", pairs(alert.labels))]
        )
        silences = [
            s
            for s in self.deck.replica.all(Silence)
            if s.cluster == alert.cluster and s.state != "expired" and matches(s, alert)
        ]
        quiet = tuple(
            Fact(s.state, f"{matchers(s)}\n{s.comment}, {s.created_by}, ends {when(s.ends_at, now) or 'never'}")
            for s in silences
        ) or (Fact("", "No silence matches it.", quiet=True),)
        changes = tuple(
            Fact(change.state, f"{when(change.at, now)}\n{change.why}".strip(), _CHANGES.get(change.state))
            for change in reversed(alert.history)
        ) or (Fact("", "Nothing has changed since it was first seen.", quiet=True),)
        self._right.show([Section("History", changes), Section("Silences that match it", quiet)])

    def crumbs(self) -> tuple[str, ...]:
        return ("Alerts", self._alert.name if self._alert else self._record_id)

    def facts(self) -> Content:
        alert = self._alert
        if alert is None or self.deck.replica.get(Alert, self._record_id) is None:
            return Content.styled("gone", MUTED)
        return state(shown_word(alert), f"{alert_state(alert)} {alert.severity}".strip(), ascii=self.deck.ascii)

    def ageing(self) -> bool:
        return True

    def tick(self, now: float) -> None:
        super().tick(now)
        self._show()

    def copied(self) -> str:
        return self._alert.name if self._alert else ""

    def link(self) -> str:
        return self._alert.generator_url if self._alert else ""
