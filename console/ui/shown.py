"""Values as people read them, fitted into cells: what `console.shown` says, and how wide it is on a screen."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from console.shown import NOTHING, ago, clock, duration, glyph, number, state_text

__all__ = ["NOTHING", "ago", "cells", "clock", "duration", "fit", "glyph", "number", "padded", "state_text"]


def cells(text: str) -> int:
    """How many cells `text` takes. Plain ASCII is not looked up: rich keeps 4,096 widths, which ever new names only fill."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` cells, cut at the end with an ellipsis and never through a double-width character."""
    if width <= 0:
        return ""
    if len(text) * 2 <= width or cells(text) <= width:
        return text
    # set_cell_size puts a blank in place of a double-width character that does not fit.
    return set_cell_size(text, width - 1).rstrip() + ellipsis


def padded(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells; `right` aligns figures."""
    text = fit(text, width)
    blank = " " * (width - cells(text))
    return blank + text if right else text + blank
