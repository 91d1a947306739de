"""A chart of lines in braille dots; rasterised once per new data or size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from console.ui.shown import fit, number
from console.ui.widgets.braille import sparkline
from console.words import GLYPHS


class ChartLine(NamedTuple):
    """One line: its name, a point for each step from the start, and a StateWord (or "") for its colour."""

    name: str
    points: Sequence[float | None]
    word: str = ""


class Mark(NamedTuple):
    """Something that happened: seconds since 1970, one glyph, a StateWord (or "") for its colour."""

    at: float
    glyph: str
    word: str = ""


class BrailleChart(Widget):
    COMPONENT_CLASSES: ClassVar[set[str]] = {"braille-chart--axis", *(f"braille-chart--{word}" for word in GLYPHS)}

    def __init__(self, *, title: str = "", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's word
        super().__init__(id=id, classes=classes)
        self.title = title
        self._lines: tuple[ChartLine, ...] = ()
        self._unit = ""

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
        """Draw these lines, whose first points are at `start` (seconds since 1970)."""
        self._lines, self._unit = tuple(lines), unit
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = self._lines[y]
        last = next((p for p in reversed(line.points) if p is not None), None)
        text = f" {number(last, self._unit)} {line.name}"
        text = fit(sparkline(line.points, max(0, width - len(text))) + text, width)
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(width, self.rich_style)
