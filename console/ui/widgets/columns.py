"""The columns of a table and how they share its width. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

GAP = 2
"""Blank cells between two columns: one reads as a blank inside of a text."""


class Row(Protocol):
    """What a table shows: any record of the world."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Row)


class Cell(NamedTuple):
    """One cell: plain text, and `""`, `dim`, `bold` or a StateWord for its looks."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Column(Generic[R]):
    key: str
    title: str
    cell: Callable[[R, float], Cell | str]
    """The cell of a row at a time (seconds since 1970)."""
    width: int
    """Cells it needs."""
    grow: int = 0
    """Its share of what is left over."""
    align: Literal["left", "right"] = "left"
    priority: int = 0
    """The highest number goes first when the table is narrow."""
    sort: Callable[[R], Any] | None = None
    """What it sorts by: a number, a text, a tuple of them; None goes last. Without it the column does not sort."""
    ages: bool = False
    """Its text moves with time."""


class Span(NamedTuple):
    """Where a column stands: cells from the left edge of the first column."""

    column: int
    start: int
    width: int


def fitted(columns: Sequence[Column[Any]], width: int) -> list[Span]:
    """The columns that have room in `width` cells, in their order, with what they get."""
    kept = list(range(len(columns)))
    while len(kept) > 1 and _needed(columns, kept) > width:
        # Among equals the one on the right goes: what names a row stands on the left.
        kept.remove(max(kept, key=lambda i: (columns[i].priority, i)))
    widths = {i: columns[i].width for i in kept}
    spare = width - _needed(columns, kept)
    if spare < 0:
        widths[kept[0]] = max(0, widths[kept[0]] + spare)
    shares = sum(columns[i].grow for i in kept)
    for i in kept:
        if spare <= 0 or not shares:
            break
        part = spare * columns[i].grow // shares
        widths[i] += part
        spare -= part
        shares -= columns[i].grow
    spans, start = [], 0
    for i in kept:
        spans.append(Span(i, start, widths[i]))
        start += widths[i] + GAP
    return spans


def _needed(columns: Sequence[Column[Any]], kept: Sequence[int]) -> int:
    return sum(columns[i].width for i in kept) + GAP * (len(kept) - 1)
