"""A panel in a row or two, and what its newest value says. Pure but for the content it makes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from rich.cells import cell_len
from textual.content import Content

from console.monitoring.model import Line, Panel, Series, level
from console.text import clean
from console.ui.paint import MUTED, STRONG, sign, tone
from console.ui.shown import NOTHING, clock, fit, number, padded
from console.ui.widgets.axis import scale
from console.ui.widgets.braille import sparkrows
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
    name: str = ""
    """Which of several lines it is: the worst, and of equals the first."""
    start: float = 0.0
    step_s: float = 0.0

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
        name = worst.name if len(series.lines) > 1 else ""
        return cls(panel.title, panel.unit, word, newest(worst.points), worst.points, judged=judged, name=name,
                   start=series.start, step_s=series.step_s)  # fmt: skip

    @property
    def shown(self) -> str:
        return number(self.value, clean(self.unit, 12)) if not self.trouble else NOTHING

    @property
    def tone(self) -> str:
        """The style of its value: a state where there is something to judge by."""
        if self.trouble or (self.judged and self.word != "ok"):
            return tone(self.word)
        return ""


VALUE, RANGE = 9, 21
"""Cells of the newest value, and of the least and the most."""
NARROW = 100
"""Cells below which the least and the most give way to the line."""


@dataclass(frozen=True)
class Window:
    """The stretch of time that all trends below each other show: seconds since 1970."""

    start: float
    end: float

    @classmethod
    def of(cls, shown: Iterable[Series | None]) -> Window | None:
        """The last hour up to the newest point there is; None where there is none."""
        ends = [s.start + s.step_s * (len(line.points) - 1) for s in shown if s is not None for line in s.lines]
        return cls(max(ends) - 3600.0, max(ends)) if ends else None

    def cut(self, trend: Trend) -> tuple[float | None, ...]:
        """The points of a trend within it, as many as it has room for; None where there is none."""
        if trend.step_s <= 0:
            return trend.points
        count = min(MOST, round((self.end - self.start) / trend.step_s))
        first = round((self.start - trend.start) / trend.step_s)
        points = trend.points
        return tuple(points[i] if 0 <= i < len(points) else None for i in range(first, first + count + 1))


MOST = 11_000
"""Points of a line; Prometheus gives no more."""


def name_width(width: int) -> int:
    return 30 if width >= NARROW else 24


def spark_width(width: int) -> int:
    """Cells of the line itself: the same for all trends of a screen, so that they share one axis of time."""
    return max(4, width - name_width(width) - VALUE - (RANGE + 14 if width >= NARROW else 5))


def stretched(points: Sequence[float | None], columns: int) -> Sequence[float | None]:
    """Points over at least so many columns of dots, so that each stands at its time also where they are few."""
    if not 1 < len(points) < columns:
        return points
    return [points[round(at * (len(points) - 1) / (columns - 1))] for at in range(columns)]


def axis_line(window: Window, width: int, tz: tzinfo | None = None) -> Content:
    """The title above trends, with their time from left to right over the lines themselves."""
    room = spark_width(width)
    first, last = (_time(at, tz) for at in (window.start, window.end))
    rule = "─" * max(0, room - len(first) - len(last) - 2)
    title = f" {'Last hour':{name_width(width)}} "
    return Content.assemble((title, STRONG), (f"{first} ", MUTED), (rule, "$rule"), (f" {last}", MUTED))


def _time(at: float, tz: tzinfo | None) -> str:
    return clock(at, tz)[:5]


def trend_rows(
    trend: Trend,
    window: Window | None,
    width: int,
    height: int,
    *,
    ascii: bool,  # noqa: A002  # the word the settings use
) -> list[Content]:
    """Title, filled line, newest value, least and most, in `height` rows of `width` cells."""
    name = name_width(width)
    title = fit(clean(trend.title), name)
    if trend.name and cell_len(title) + 3 < name:
        title = fit(f"{title} · {clean(trend.name)}", name)
    title += " " * (name - cell_len(title))
    blank = Content(" " * (name + 2))
    if trend.trouble or window is None:
        text = fit(f"{sign(trend.word, ascii=ascii)} {clean(trend.trouble)}", width - name - 3)
        said = Content.assemble(f" {title} ", (text, tone(trend.word)))
        return [*[Content("")] * (height - 1), said]
    points = window.cut(trend)
    figures = [point for point in points if point is not None]
    least, most = (min(figures), max(figures)) if figures else (0.0, 0.0)
    unit = clean(trend.unit, 12)
    ends = scale(least, most, unit)
    judged = trend.judged and trend.word != "ok"
    colour = tone(trend.word) if judged else "$primary"
    rows = sparkrows(stretched(points, spark_width(width) * 2), spark_width(width), height, ends, ascii=ascii)
    right: list[tuple[str, str] | str] = [(padded(trend.shown, VALUE, right=True), trend.tone or STRONG)]
    if width >= NARROW:
        right.append((padded(f"   {number(least, unit)} to {number(most, unit)}", RANGE), MUTED))
    if judged:
        word = f" {trend.word}" if width >= NARROW else ""
        right.append((f"  {sign(trend.word, ascii=ascii)}{word}", tone(trend.word)))
    above = [Content.assemble(blank, (row, colour)) for row in rows[:-1]]
    return [*above, Content.assemble(f" {title} ", (rows[-1], colour), *right)]


def chart_lines(panel: Panel, series: Series) -> list[ChartLine]:
    """The lines of a panel for the chart; one that is beyond a threshold says so by its colour."""
    lines = []
    for line in series.lines:
        word = line_word(panel, line)
        lines.append(ChartLine(clean(line.name), line.points, word if word in ("warning", "failed") else ""))
    return lines
