"""A panel in one line, and what its newest value says. Pure but for the content it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from console.monitoring.model import Line, Panel, Series, level
from console.text import clean
from console.ui.paint import sign, tone
from console.ui.shown import NOTHING, fit, number
from console.ui.widgets.braille import sparkline
from console.ui.widgets.chart import ChartLine
from console.words import SEVERITY, StateWord


def newest(points: Sequence[float | None]) -> float | None:
    return next((point for point in reversed(points) if point is not None), None)


def line_word(panel: Panel, line: Line) -> StateWord:
    return level(newest(line.points), panel.warn, panel.fail, below=panel.below)


@dataclass(frozen=True)
class Trend:
    """A panel as it stands now."""

    title: str
    unit: str
    word: StateWord
    """The worst of its lines; unknown where there is no data, failed where the query fails."""
    value: float | None
    """Of the worst line."""
    points: tuple[float | None, ...]
    trouble: str = ""
    """Why there is nothing to see."""
    judged: bool = False
    """There are thresholds: without them a value is neither well nor ill."""

    @classmethod
    def of(cls, panel: Panel, series: Series | None) -> Trend:
        judged = panel.warn is not None or panel.fail is not None
        if series is None:
            return cls(panel.title, panel.unit, "queued", None, (), "waiting for data")
        if series.error:
            return cls(panel.title, panel.unit, "failed", None, (), series.error)
        if not series.lines:
            return cls(panel.title, panel.unit, "unknown", None, (), "the query answers with nothing")
        worst = min(series.lines, key=lambda line: SEVERITY[line_word(panel, line)])
        word = line_word(panel, worst)
        return cls(panel.title, panel.unit, word, newest(worst.points), worst.points, judged=judged)

    @property
    def shown(self) -> str:
        return number(self.value, clean(self.unit, 12)) if not self.trouble else NOTHING

    @property
    def tone(self) -> str:
        """The style of its value: a state where there is something to judge by."""
        if self.trouble or (self.judged and self.word != "ok"):
            return tone(self.word)
        return ""


def trend_line(trend: Trend, width: int, *, ascii: bool) -> Content:  # noqa: A002  # the word the settings use
    """Title, sparkline and newest value in `width` cells."""
    name = 22 if width >= 100 else 16
    title = fit(clean(trend.title), name)
    parts: list[Content | str | tuple[str, str]] = [f" {title}{' ' * (name - cell_len(title) + 1)}"]
    if trend.trouble:
        parts.append(
            (fit(f"{sign(trend.word, ascii=ascii)} {clean(trend.trouble)}", width - name - 4), tone(trend.word))
        )
        return Content.assemble(*parts)
    # Two points a cell: more room than that would stand empty.
    room = min(len(trend.points) // 2 + 1, width - name - 20)
    judged = trend.judged and trend.word != "ok"
    parts += [
        (sparkline(trend.points, room, ascii), tone(trend.word) if judged else "$primary"),
        (f"  {trend.shown}", trend.tone),
        (f"  {sign(trend.word, ascii=ascii)} {trend.word}" if judged else "", tone(trend.word)),
    ]
    return Content.assemble(*parts)


def chart_lines(panel: Panel, series: Series) -> list[ChartLine]:
    """The lines of a panel for the chart; one that is beyond a threshold says so by its colour."""
    lines = []
    for line in series.lines:
        word = line_word(panel, line)
        lines.append(ChartLine(clean(line.name), line.points, word if word in ("warning", "failed") else ""))
    return lines
