"""A chart of lines in braille dots. It is drawn once for its data and its size; painting only hands out the lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console.ui.shown import fit, number, padded
from console.ui.widgets.axis import Scale, scale
from console.ui.widgets.braille import THRESHOLDS, Raster, known, resampled
from console.words import GLYPHS

LINES = 32
"""Lines that are drawn: more cannot be told apart in dots."""
FIGURE = 8
"""Cells of the longest usual figure: 1.4k/s, 0.31 %, 0.99 GiB."""
HUES = 6
"""Colours of lines that have no state."""
_WARN, _FAIL = THRESHOLDS, THRESHOLDS + 1
_Piece = tuple[str, str]
"""Text and the name of its component style."""


class ChartLine(NamedTuple):
    """One line: its name, a point for each step from the start (None is a gap), and a StateWord for its colour."""

    name: str
    points: Sequence[float | None]
    word: str = ""


class Mark(NamedTuple):
    """Something that happened: seconds since 1970, a glyph of one cell, and a StateWord for its colour."""

    at: float
    glyph: str
    word: str = ""


class BrailleChart(Widget):
    """From one row (a name, a filled line, the newest figure) to the whole screen (axes, levels, marks, a legend)."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "braille-chart--axis",
        "braille-chart--rule",
        "braille-chart--title",
        *(f"braille-chart--line-{hue}" for hue in range(HUES)),
        *(f"braille-chart--{word}" for word in GLYPHS),
    }

    DEFAULT_CSS = "BrailleChart { height: 1fr; }"

    ALLOW_SELECT = False

    def __init__(
        self,
        *,
        title: str = "",
        empty: str = "no data",
        tz: tzinfo | None = None,
        name_width: int = 0,
        compact: bool = False,
        id: str | None = None,  # noqa: A002  # Textual's word
        classes: str | None = None,
    ) -> None:
        """`tz` is the zone of the times below the chart, the operator's own where it is not given. With a `name_width`
        charts of one row stand in columns below each other. A `compact` one has one row above the plot whatever it
        shows, so that charts beside each other stand on one line.
        """
        super().__init__(id=id, classes=classes)
        self._title = title
        self._empty = empty
        self._tz = tz
        self._name_width = name_width
        self._compact = compact
        self._lines: tuple[ChartLine, ...] = ()
        self._start = self._step_s = 0.0
        self._unit = ""
        self._levels: tuple[tuple[float, int, str], ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._styles_of: dict[str, Style] = {}
        self._drawn: list[Strip] | None = None
        self.drawn_count = 0
        """How often it has been drawn so far; a measure for tests and benchmarks."""

    @property
    def title(self) -> str:
        return self._title

    @title.setter
    def title(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self._redraw()

    @property
    def empty(self) -> str:
        """What is said where there is not one point."""
        return self._empty

    @empty.setter
    def empty(self, empty: str) -> None:
        if empty != self._empty:
            self._empty = empty
            self._redraw()

    def show(
        self,
        lines: Sequence[ChartLine],
        *,
        start: float,
        step_s: float,
        unit: str = "",
        warn: float | None = None,
        fail: float | None = None,
        marks: Sequence[Mark] = (),
    ) -> None:
        """Draw these lines, whose first points are at `start` (seconds since 1970). The same data draws nothing."""
        levels = tuple(
            (value, owner, word)
            for value, owner, word in ((warn, _WARN, "warning"), (fail, _FAIL, "failed"))
            if value is not None
        )
        given = (tuple(lines), start, step_s, unit, levels, tuple(marks))
        if given == (self._lines, self._start, self._step_s, self._unit, self._levels, self._marks):
            return
        self._lines, self._start, self._step_s, self._unit, self._levels, self._marks = given
        self._redraw()

    def _redraw(self) -> None:
        self._drawn = None
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()
        self._drawn = None

    def on_resize(self) -> None:
        self._drawn = None

    def render_lines(self, crop: Region) -> list[Strip]:
        size = self.size
        if self._drawn is None:
            self._drawn = self._draw(size.width, size.height)
            self.drawn_count += 1
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        if self._drawn is None or y >= len(self._drawn):
            return Strip.blank(self.size.width, self.rich_style)
        return self._drawn[y]

    # Drawing

    def _draw(self, width: int, height: int) -> list[Strip]:
        lines = [(line, known(line.points)) for line in self._lines[:LINES]]
        figures = [value for _, points in lines for value in points if value is not None]
        if width <= 0 or height <= 0:
            return []
        if not figures:
            return self._nothing(width, height)
        if height < 3:
            return self._small(lines, width, height)
        legend = self._legend(lines, width, height)
        timed = height - len(legend) >= 5 and self._step_s > 0
        plot = self._plot(lines, width, height - len(legend) - timed, self._scale(figures), timed=timed)
        return [self._strip(pieces, width) for pieces in (*legend, *plot)]

    def _nothing(self, width: int, height: int) -> list[Strip]:
        middle = height // 2 if height > 2 else 0
        title = [(fit(self._title, width), "title")] if self._title and middle else []
        text = self._empty if middle or not self._title else f"{self._title}  {self._empty}"
        text = fit(text, width)
        indent = " " * ((width - cell_len(text)) // 2) if middle else ""
        rows = [[(indent + text, "axis")] if row == middle else title if row == 0 else [] for row in range(height)]
        return [self._strip(row, width) for row in rows]

    def _small(self, lines: list[tuple[ChartLine, list[float | None]]], width: int, height: int) -> list[Strip]:
        """A name, a filled line from zero up, the newest figure: what fits into a row of an overview."""
        line, points = lines[0]
        name = self._title or line.name
        last = number(_last(points), self._unit)
        name = padded(name, self._name_width) if self._name_width else fit(name, width // 3)
        last = padded(last, FIGURE, right=True) if self._name_width else last
        left = f"{name}  " if name else ""
        room = width - cell_len(left) - cell_len(last) - 2
        if room < 4:
            return [self._strip([(fit(last, width), "")], width)]
        raster = Raster(room, height)
        figures = [value for value in points if value is not None]
        spans = resampled(points, room * 2)
        raster.area(spans, min(0.0, *figures, 0.0), max(0.0, *figures, 0.0), 1)
        colour = self._hue(0, line)
        rows: list[list[_Piece]] = []
        for row in range(height):
            bottom = row == height - 1
            before = left if bottom else " " * cell_len(left)
            rows.append([(before, "axis"), (raster.text(row), colour), (f"  {last}" if bottom else "", "")])
        return [self._strip(row, width) for row in rows]

    def _scale(self, figures: list[float]) -> Scale:
        low, high = min(figures), max(figures)
        reach = (high - low) or abs(high) or 1.0
        # A level far off would press the line flat; it is drawn where it is near enough to matter.
        near = [value for value, _, _ in self._levels if low - reach <= value <= high + reach]
        return scale(min(low, *near) if near else low, max(high, *near) if near else high, self._unit)

    def _plot(
        self, lines: list[tuple[ChartLine, list[float | None]]], width: int, rows: int, ends: Scale, *, timed: bool
    ) -> list[list[_Piece]]:
        labels = {0: ends.high, rows - 1: ends.low}
        if rows >= 5 and rows % 2:
            labels[rows // 2] = ends.middle
        texts = {row: number(value, self._unit) for row, value in labels.items()}
        gutter = max(cell_len(text) for text in texts.values()) + 1
        if width - gutter < 8:
            gutter, texts = 0, {}
        room = width - gutter
        raster = Raster(room, rows)
        for value, owner, _ in self._levels:
            if ends.low <= value <= ends.high:
                raster.dotted(value, ends.low, ends.high, owner)
        # The first line is the one that counts: it is drawn last, over the others.
        for index in range(len(lines) - 1, -1, -1):
            raster.line(resampled(lines[index][1], room * 2), ends.low, ends.high, index + 1)
        names = ["", *(self._hue(index, line) for index, (line, _) in enumerate(lines))]
        found: list[list[_Piece]] = []
        for row in range(rows):
            label = padded(texts.get(row, ""), gutter - 1, right=True) + " " if gutter else ""
            found.append([(label, "axis"), *_runs(raster, row, names)])
        if timed:
            found.append([(" " * gutter, "axis"), *self._times(room, max(len(points) for _, points in lines))])
        return found

    def _times(self, room: int, count: int) -> list[_Piece]:
        """The time axis: where it begins and ends, and what happened between."""
        end = self._start + self._step_s * max(1, count - 1)
        first, last = self._time(self._start), self._time(end)
        if room < len(first) + len(last) + 4:
            first = last = ""
        axis: list[_Piece] = [(sign, "rule") for sign in "─" * room]
        if first:
            axis[: len(first) + 1] = [(sign, "axis") for sign in f"{first} "]
            axis[room - len(last) - 1 :] = [(sign, "axis") for sign in f" {last}"]
        for mark in self._marks:
            if self._start <= mark.at <= end and cell_len(mark.glyph) == 1:
                axis[round((mark.at - self._start) / (end - self._start) * (room - 1))] = (
                    mark.glyph,
                    mark.word or "title",
                )
        return axis

    def _time(self, at: float) -> str:
        try:
            return f"{datetime.fromtimestamp(at, UTC).astimezone(self._tz):%H:%M}"
        except (OverflowError, ValueError, OSError):
            return ""

    def _legend(self, lines: list[tuple[ChartLine, list[float | None]]], width: int, height: int) -> list[list[_Piece]]:
        """The title with the only line's figures, or a line of the legend for each, as many as there is room for."""
        if self._compact:
            return [self._row_of_names(lines, width)]
        if len(lines) == 1:
            line, points = lines[0]
            name = " ".join(part for part in (self._title, line.name if line.name != self._title else "") if part)
            figures = _figures(points, self._unit)
            right = "  ".join(f"{what} {text}" for what, text in figures)
            if cell_len(right) + 12 > width:
                right = figures[0][1]
            left = max(0, width - cell_len(right) - 2)
            return [[(padded(name, left), "title"), ("  ", ""), (right, "axis")]]
        if len(self._lines) + bool(self._title) > max(2, height // 3):
            return [self._row_of_names(lines, width)]
        texts = [[number(value, self._unit) for _, value in _values(points)] for _, points in lines]
        widths = [max(cell_len(row[i]) for row in texts) for i in range(3)]
        rows: list[list[_Piece]] = [[(fit(self._title, width), "title")]] if self._title else []
        for index, ((line, _), (last, least, most)) in enumerate(zip(lines, texts, strict=True)):
            right = padded(last, widths[0], right=True)
            if width >= 50:
                right += f"  min {padded(least, widths[1], right=True)}  max {padded(most, widths[2], right=True)}"
            left = max(0, width - cell_len(right) - 5)
            rows.append([("━ ", self._hue(index, line)), (padded(line.name, left), ""), ("   ", ""), (right, "axis")])
        return rows

    def _row_of_names(self, lines: list[tuple[ChartLine, list[float | None]]], width: int) -> list[_Piece]:
        """Title and lines in one row, as many as fit, and how many do not."""
        row: list[_Piece] = [(fit(self._title, width // 3), "title"), ("   ", "")] if self._title else []
        room = width - sum(cell_len(text) for text, _ in row)
        for index, (line, points) in enumerate(lines):
            name, last = fit(line.name, 24), number(_last(points), self._unit)
            if not name and len(self._lines) == 1:
                # Nobody has to tell it from others: its figures say more.
                every = "  ".join(f"{what} {text}" for what, text in _figures(points, self._unit))
                last = every if cell_len(every) + 2 <= room else f"now {last}"
            rest = f"+{len(self._lines) - index}"
            needed = cell_len(name) + cell_len(last) + (5 if name else 2)
            if needed + (0 if index == len(self._lines) - 1 else len(rest)) > room:
                row.append((fit(rest, room), "axis"))
                break
            row += [("━ ", self._hue(index, line)), (f"{name} " if name else "", ""), (f"{last}  ", "axis")]
            room -= needed
        return row

    def _hue(self, index: int, line: ChartLine) -> str:
        return line.word or f"line-{index % HUES}"

    def _strip(self, pieces: Sequence[_Piece], width: int) -> Strip:
        segments = [Segment(text, self._style(name)) for text, name in pieces if text]
        return Strip(segments).simplify().adjust_cell_length(width, self._style(""))

    def _style(self, name: str) -> Style:
        style = self._styles_of.get(name)
        if style is None:
            style = self.rich_style
            if name:
                style += self.get_component_rich_style(f"braille-chart--{name}", partial=True, default=Style())
            self._styles_of[name] = style
        return style


_RUN = re.compile(rb"\x00*([^\x00]?)(?:\1|\x00)*", re.DOTALL)
"""A stretch of one owner; blank cells show no colour and go along."""


def _runs(raster: Raster, row: int, names: list[str]) -> list[_Piece]:
    """A row of dots as stretches of one colour."""
    text = raster.text(row)
    runs: list[_Piece] = []
    for run in _RUN.finditer(raster.owner[row]):
        if not run.group():
            break
        owner = run.group(1)[0] if run.group(1) else 0
        name = "warning" if owner == _WARN else "failed" if owner == _FAIL else names[owner]
        runs.append((text[run.start() : run.end()], name))
    return runs


def _last(points: Sequence[float | None]) -> float | None:
    return next((point for point in reversed(points) if point is not None), None)


def _values(points: Sequence[float | None]) -> list[tuple[str, float | None]]:
    figures = [point for point in points if point is not None]
    return [("", _last(points)), ("min", min(figures, default=None)), ("max", max(figures, default=None))]


def _figures(points: Sequence[float | None], unit: str) -> list[tuple[str, str]]:
    return [(what or "now", number(value, unit)) for what, value in _values(points)]
