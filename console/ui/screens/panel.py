"""A panel: its chart over a range of one's own, its lines, and what it asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from console.client.replica import Changed
from console.monitoring.model import Panel, Series
from console.text import clean
from console.ui import keys
from console.ui.bars import Bar
from console.ui.facts import Fact, Section
from console.ui.paint import ACCENT, MUTED, sign, tone
from console.ui.panes import FactsPane
from console.ui.screens.base import ConsoleScreen
from console.ui.shown import clock, number
from console.ui.trends import Trend, chart_lines, line_word, newest
from console.ui.widgets.chart import BrailleChart
from console.world.interest import Look

RANGES: tuple[tuple[str, int], ...] = (("15m", 900), ("1h", 3600), ("6h", 21_600), ("24h", 86_400), ("7d", 604_800))


class PanelScreen(ConsoleScreen):
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("panel")]

    def __init__(self, record_id: str) -> None:
        super().__init__()
        self._panel_id = record_id
        self._panel: Panel | None = None
        self._range = 1
        self._chart = BrailleChart(id="big-chart")
        self._ranges = Bar(id="ranges")
        self._note = Bar(id="panel-note")
        self._facts = FactsPane(id="panel-facts")

    def body(self) -> Iterable[Widget]:
        yield self._ranges
        yield self._note
        yield self._chart
        yield self._facts

    def on_mount(self) -> None:
        super().on_mount()
        self._facts.focus()

    @property
    def _series_id(self) -> str:
        return f"{self._panel_id}@{RANGES[self._range][1]}"

    def looks(self) -> frozenset[Look]:
        return frozenset({("series", self._series_id)})

    def action_zoom(self, step: int) -> None:
        at = max(0, min(len(RANGES) - 1, self._range + step))
        if at != self._range:
            self._range = at
            self._show()
            self.paint_title()
            self.quarterdeck.settle(self)

    def sync(self) -> None:
        found = self.deck.replica.get(Panel, self._panel_id)
        if found is not None and self._panel is None:
            # The first look is over the panel's own range, or the nearest of ours.
            self._range = min(range(len(RANGES)), key=lambda i: abs(RANGES[i][1] - found.range_s))
        self._panel = found or self._panel
        self._show()

    def changed(self, changed: Changed) -> None:
        if self._series_id in changed.get(Series.topic, ()) or self._panel_id in changed.get(Panel.topic, ()):
            self.sync()

    def _show(self) -> None:
        panel = self._panel
        if panel is None:
            return
        series = self.deck.replica.get(Series, self._series_id)
        self._ranges.show(
            Content.assemble(
                "  ", *(Content.assemble((name, ACCENT if i == self._range else MUTED), "  ") for i, (name, _) in enumerate(RANGES)),
                (" - longer  + shorter", MUTED),
            )
        )  # fmt: skip
        trend = Trend.of(panel, series)
        note, word = trend.trouble, trend.word
        if not note and series and series.warnings:
            note, word = "; ".join(series.warnings), "warning"
        self._note.display = bool(note)
        self._note.show(Content.styled(f"  {sign(word, ascii=self.deck.ascii)} {clean(note)}", tone(word)))
        unit = clean(panel.unit, 12)
        lines = chart_lines(panel, series) if series else ()
        self._chart.show(lines, start=series.start if series else 0.0, step_s=(series.step_s if series else 0.0) or 1.0,
                         unit=unit, warn=panel.warn, fail=panel.fail)  # fmt: skip
        self._facts.show(self._sections(panel, series, unit))

    def _sections(self, panel: Panel, series: Series | None, unit: str) -> list[Section]:
        def limit(value: float | None) -> str:
            return "" if value is None else f"{'at or below' if panel.below else 'at or above'} {number(value, unit)}"

        facts = [
            Fact("query", panel.query),
            Fact("warning", limit(panel.warn), "warning"),
            Fact("failed", limit(panel.fail), "failed"),
            Fact("prometheus", panel.source),
        ]
        values: list[Fact] = []
        if series is not None:
            facts += [Fact("do", series.hint if series.error else ""), Fact("answered", clock(series.at) if series.at else ""),
                      Fact("not shown", f"{series.dropped} more lines" if series.dropped else "")]  # fmt: skip
            for line in series.lines:
                known = [p for p in line.points if p is not None]
                word = line_word(panel, line)
                text = f"{number(newest(line.points), unit)}    least {number(min(known, default=None), unit)}    most {number(max(known, default=None), unit)}"
                values.append(Fact(clean(line.name) or "value", text, word if word in ("warning", "failed") else None))
        return [Section("Lines", tuple(values)), Section("Panel", tuple(facts))]

    def crumbs(self) -> tuple[str, ...]:
        panel = self._panel
        return (
            tuple(clean(part) for part in ("Metrics", panel.group, panel.title) if part)
            if panel
            else ("Metrics", self._panel_id)
        )

    def facts(self) -> Content:
        if self._panel is None:
            return Content("")
        trend = Trend.of(self._panel, self.deck.replica.get(Series, self._series_id))
        if trend.trouble:
            return Content("")
        judged = f"{sign(trend.word, ascii=self.deck.ascii)} {trend.word} " if trend.judged else ""
        return Content.styled(f"{judged}{trend.shown}", trend.tone)

    def copied(self) -> str:
        return self._panel.query if self._panel else ""
