"""Lines drawn with braille dots: two dots wide and four high in each cell. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

Span = tuple[float, float]
"""The lowest and the highest value in one column of dots."""

BLANK = 0x2800
LARGEST = 1e300
"""A peer may send any float; the difference of two beyond this overflows."""
_COLUMN = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits over U+2800 of the left and the right dots, from the top down (Unicode, chapter 21.1)."""
_FROM = tuple(tuple(sum(dots[row:]) for row in range(4)) for dots in _COLUMN)
_TO = tuple(tuple(sum(dots[: row + 1]) for row in range(4)) for dots in _COLUMN)

_ROWS = {0b0000: " ", 0b0001: "_", 0b0011: ".", 0b1111: "|", 0b1110: ":", 0b1100: '"', 0b1000: "'",
         0b0100: "-", 0b0010: "-", 0b0110: "-"}  # fmt: skip
"""What stands for a cell in ASCII, by which of its four rows of dots are set, the top one first."""


def _ascii_of(bits: int) -> str:
    rows = 0
    for row in range(4):
        rows = rows << 1 | bool(bits & (_COLUMN[0][row] | _COLUMN[1][row]))
    return _ROWS.get(rows, ":")


ASCII = {BLANK + bits: _ascii_of(bits) for bits in range(256)}
"""For str.translate."""


def known(points: Sequence[float | None]) -> list[float | None]:
    """The points, with what has no place on a scale (NaN, infinities, the edge of what a float holds) as None."""
    return [point if point is not None and math.isfinite(point) and abs(point) < LARGEST else None for point in points]


def resampled(points: Sequence[float | None], columns: int) -> list[Span | None]:
    """The points over so many columns of dots.

    Where several share a column it keeps their lowest and highest, so that no spike is lost; where there are fewer
    points than columns, straight lines join them, and a gap stays a gap.
    """
    count = len(points)
    if count == 0 or columns <= 0:
        return [None] * max(0, columns)
    if count >= columns:
        spans: list[Span | None] = []
        for column in range(columns):
            part = [p for p in points[column * count // columns : (column + 1) * count // columns] if p is not None]
            spans.append((min(part), max(part)) if part else None)
        return spans
    spans = [None] * columns
    places = [round(i * (columns - 1) / max(1, count - 1)) for i in range(count)]
    for i, point in enumerate(points):
        if point is None:
            continue
        at = places[i]
        spans[at] = (point, point)
        before = points[i - 1] if i else None
        if before is not None:
            start = places[i - 1]
            for x in range(start + 1, at):
                between = before + (point - before) * (x - start) / (at - start)
                spans[x] = (between, between)
    return spans


THRESHOLDS = 250
"""Owners from here on are levels, which give way to a line instead of mixing their dots with it."""


class Raster:
    """Cells of dots, and whose they are: a number that the caller gives each line."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.bits = [bytearray(width) for _ in range(height)]
        self.owner = [bytearray(width) for _ in range(height)]

    def line(self, spans: Sequence[Span | None], low: float, high: float, owner: int) -> None:
        """Draw a line whose neighbouring columns touch; `spans` has two for each cell."""
        before: tuple[int, int] | None = None
        for x, span in enumerate(spans):
            if span is None:
                before = None
                continue
            bottom, top = self._dot(span[0], low, high), self._dot(span[1], low, high)
            upper, lower = top, bottom
            if before is not None:
                # Reach half-way to the neighbour, so that steep slopes stay joined and thin.
                if before[0] > lower + 1:
                    lower = before[0] - 1
                elif before[1] < upper - 1:
                    upper = before[1] + 1
            self._vertical(x, upper, lower, owner)
            before = (top, bottom)

    def area(self, spans: Sequence[Span | None], low: float, high: float, owner: int) -> None:
        """Fill from the bottom up to a line."""
        for x, span in enumerate(spans):
            if span is not None:
                self._vertical(x, self._dot(span[1], low, high), self.height * 4 - 1, owner)

    def dotted(self, value: float, low: float, high: float, owner: int) -> None:
        """A thin level across all cells that are still empty."""
        row, dot = divmod(self._dot(value, low, high), 4)
        bits, owners = self.bits[row], self.owner[row]
        for x in range(self.width):
            if not bits[x]:
                bits[x] = _COLUMN[0][dot]
                owners[x] = owner

    def text(self, row: int) -> str:
        pairs = bytearray(b"\x28" * (2 * self.width))
        pairs[::2] = self.bits[row]
        return pairs.decode("utf-16-le").replace(chr(BLANK), " ")

    def _dot(self, value: float, low: float, high: float) -> int:
        """The row of dots of a value, from the top; values beyond the ends stay on the edge."""
        rows = self.height * 4 - 1
        return rows - max(0, min(rows, round((value - low) / ((high - low) or 1.0) * rows)))

    def _vertical(self, x: int, upper: int, lower: int, owner: int) -> None:
        cell, side = divmod(x, 2)
        first, last = upper >> 2, lower >> 2
        top, whole, bottom = _FROM[side][upper & 3], _FROM[side][0], _TO[side][lower & 3]
        if first == last:
            top &= bottom
        bits, owners = self.bits, self.owner
        for row in range(first, last + 1):
            dots = top if row == first else bottom if row == last else whole
            if owners[row][cell] < THRESHOLDS:
                bits[row][cell] |= dots
            else:
                bits[row][cell] = dots
            owners[row][cell] = owner


def sparkline(points: Sequence[float | None], width: int, ascii: bool = False) -> str:  # noqa: A002  # the settings' word
    """A filled line in one row of exactly `width` cells, from zero up; a gap is blank, and so is an empty line."""
    figures = [value for value in known(points) if value is not None]
    low, high = min(0.0, *figures, 0.0), max(0.0, *figures, 0.0)
    return sparkrows(points, width, 1, (low, high), ascii=ascii)[0]


def sparkrows(
    points: Sequence[float | None],
    width: int,
    height: int,
    ends: tuple[float, float],
    *,
    ascii: bool = False,  # noqa: A002  # as above
) -> list[str]:
    """A filled line between two ends, in `height` rows of exactly `width` cells."""
    values = known(points)
    figures = [value for value in values if value is not None]
    if width <= 0 or not figures:
        return [" " * max(0, width)] * height
    raster = Raster(width, height)
    # Fewer points than dots stand at the right, where now is, each in a column of its own.
    columns = width * 2
    spans = resampled([*[None] * (columns - len(values)), *values], columns)
    raster.area(spans, *ends, 1)
    rows = [raster.text(row) for row in range(height)]
    return [row.translate(ASCII) for row in rows] if ascii else rows
