"""Cells that many lists share."""

from __future__ import annotations

from console.ui.shown import NOTHING, ago, glyph
from console.ui.widgets.columns import Cell
from console.words import StateWord

LOUD: frozenset[StateWord] = frozenset({"failed", "warning", "stale", "unknown"})
"""States that may colour more than their own cell."""


def state(word: StateWord, text: str = "", *, ascii: bool) -> Cell:  # noqa: A002  # the word the settings use
    """Glyph and word: `● ok`, or `text` in the word's place."""
    return Cell(f"{glyph(word, ascii)} {text or word}", word)


def age(at: float | None, now: float) -> Cell:
    return Cell(ago(None if at is None else now - at), "dim")


def dim(text: str) -> Cell:
    return Cell(text or NOTHING, "dim")


def count(number: int) -> Cell:
    """A number that is nothing to look at while it is zero."""
    return Cell(str(number), "" if number else "dim")
