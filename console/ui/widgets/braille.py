"""Lines drawn with braille dots: two dots wide and four high in each cell. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of U+2800 by column, from the top row down (Unicode 15, 21.1)."""
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_LEVELS = " _.-=+*#"


def sparkline(points: Sequence[float | None], width: int, ascii: bool = False) -> str:  # noqa: A002  # the settings' word
    """The newest points in `width` cells of one line, two points a cell; a gap is a blank. Starts at zero."""
    if width <= 0:
        return ""
    taken = [p if p is not None and math.isfinite(p) else None for p in points[-width * 2 :]]
    known = [p for p in taken if p is not None]
    if not known:
        return " " * width
    low, high = min(0.0, *known), max(0.0, *known)
    spread = (high - low) or 1.0
    if ascii:
        return "".join(_level(taken[i : i + 2], low, spread) for i in range(0, len(taken), 2)).rjust(width)
    if len(taken) % 2:
        taken.insert(0, None)
    cells = []
    for i in range(0, len(taken), 2):
        bits = 0
        for column, point in enumerate(taken[i : i + 2]):
            if point is not None:
                for dot in range(1 + round((point - low) / spread * 3)):
                    bits |= _DOTS[column][3 - dot]
        cells.append(chr(0x2800 + bits) if bits else " ")
    return "".join(cells).rjust(width)


def _level(points: Sequence[float | None], low: float, spread: float) -> str:
    known = [p for p in points if p is not None]
    return _LEVELS[1 + round((max(known) - low) / spread * (len(_LEVELS) - 2))] if known else " "
