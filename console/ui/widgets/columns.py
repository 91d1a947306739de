"""The columns of a table and how they share its width. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    """Its share of what is left over, while its texts want more than `width`."""
    align: Literal["left", "right"] = "left"
    priority: int = 0
    """The highest number goes first when the table is narrow."""
    sort: Callable[[R], Any] | None = None
    """What it sorts by: a number, a text, a tuple of them; None goes last. Without it the column does not sort."""
    ages: bool = False
    """Its text moves with time."""
    from_width: int = 0
    """It is shown only in a table of at least so many cells: in a narrower one others need the room more."""
    shorten: Callable[[str, int], str] | None = None
    """How its text is cut to a width, where its end is what matters most."""


class Span(NamedTuple):
    """Where a column stands: cells from the left edge of the first column."""

    column: int
    start: int
    width: int


def fitted(columns: Sequence[Column[Any]], width: int, wanted: Mapping[int, int] | None = None) -> list[Span]:
    """The columns that have room in `width` cells, in their order, with what they get.

    A column grows to what its texts want (by its place in `columns`) and no further, so that on a wide terminal a
    figure stays beside its name; without `wanted` it takes all it can get.
    """
    kept = [i for i, column in enumerate(columns) if i == 0 or column.from_width <= width]
    while len(kept) > 1 and _needed(columns, kept) > width:
        # Among equals the one on the right goes: what names a row stands on the left.
        kept.remove(max(kept, key=lambda i: (columns[i].priority, i)))
    widths = {i: columns[i].width for i in kept}
    spare = width - _needed(columns, kept)
    if spare < 0:
        widths[kept[0]] = max(0, widths[kept[0]] + spare)
    hungry = [i for i in kept if columns[i].grow]
    while spare > 0 and hungry:
        shares = sum(columns[i].grow for i in hungry)
        given = 0
        for i in hungry:
            part = max(1, spare * columns[i].grow // shares)
            if wanted is not None:
                part = min(part, max(0, wanted.get(i, 0) - widths[i]))
            part = min(part, spare - given)
            widths[i] += part
            given += part
        hungry = [i for i in hungry if wanted is None or wanted.get(i, 0) > widths[i]]
        spare -= given
    spans, start = [], 0
    for i in kept:
        spans.append(Span(i, start, widths[i]))
        start += widths[i] + GAP
    return spans


def _needed(columns: Sequence[Column[Any]], kept: Sequence[int]) -> int:
    return sum(columns[i].width for i in kept) + GAP * (len(kept) - 1)
