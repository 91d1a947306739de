"""The rows of a table: all of them, and in order those that its filter lets through. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic

from console.ui.widgets.columns import R

_Entry = tuple[Any, ...]
"""What a row is sorted by, its id last, so that no two are equal."""

_REBUILD = 256
"""Changes in one go from which sorting anew beats moving one by one: a nearly sorted list sorts in one pass."""


class Rows(Generic[R]):
    def __init__(self) -> None:
        self.all: dict[str, R] = {}
        self._entries: list[_Entry] = []
        self._entry: dict[str, _Entry] = {}
        self._arrival: dict[str, int] = {}
        self._arrivals = 0
        self._rank: Callable[[R], Any] | None = None
        self._sort: Callable[[R], Any] | None = None
        self._passes: Callable[[R], bool] | None = None
        self.reverse = False

    def __len__(self) -> int:
        return len(self._entries)

    def at(self, index: int) -> R | None:
        """The row at a place of the sorted and filtered list; None beyond its ends."""
        count = len(self._entries)
        if not 0 <= index < count:
            return None
        return self.all[self._entries[count - 1 - index if self.reverse else index][-1]]

    def index(self, row_id: str) -> int | None:
        """Where a row stands; None where it is gone or filtered out."""
        entry = self._entry.get(row_id)
        if entry is None:
            return None
        index = bisect_left(self._entries, entry)
        return len(self._entries) - 1 - index if self.reverse else index

    def order(self, rank: Callable[[R], Any] | None, sort: Callable[[R], Any] | None, *, reverse: bool) -> None:
        """Sort by `sort`, then by `rank`, then as they came; None sorts last either way round."""
        self._rank, self._sort, self.reverse = rank, sort, reverse
        self._rebuild()

    def filter(self, passes: Callable[[R], bool] | None) -> None:
        self._passes = passes
        self._rebuild()

    def replace(self, rows: Iterable[R]) -> None:
        self.all = {row.id: row for row in rows}
        self._arrival = {row_id: self._arrival.get(row_id, at) for at, row_id in enumerate(self.all, self._arrivals)}
        self._arrivals += len(self.all)
        self._rebuild()

    def apply(self, changed: Mapping[str, R | None]) -> None:
        gone: list[_Entry] = []
        come: list[_Entry] = []
        for row_id, row in changed.items():
            old = self._entry.pop(row_id, None)
            new = None
            if row is None:
                self.all.pop(row_id, None)
                self._arrival.pop(row_id, None)
            else:
                if row_id not in self._arrival:
                    self._arrival[row_id] = self._arrivals
                    self._arrivals += 1
                self.all[row_id] = row
                if self._passes is None or self._passes(row):
                    new = self._key(row)
                    self._entry[row_id] = new
            if old != new:
                if old is not None:
                    gone.append(old)
                if new is not None:
                    come.append(new)
        if len(gone) + len(come) > _REBUILD:
            self._entries = sorted(self._entry.values())
            return
        for entry in gone:
            del self._entries[bisect_left(self._entries, entry)]
        for entry in come:
            insort(self._entries, entry)

    def _rebuild(self) -> None:
        passes = self._passes
        rows = self.all.values() if passes is None else [row for row in self.all.values() if passes(row)]
        self._entry = {row.id: self._key(row) for row in rows}
        self._entries = sorted(self._entry.values())

    def _key(self, row: R) -> _Entry:
        row_id = row.id
        rank = (self._arrival[row_id],) if self._rank is None else _comparable(self._rank(row), reverse=self.reverse)
        if self._sort is None:
            return (*rank, row_id)
        return (*_comparable(self._sort(row), reverse=self.reverse), *rank, row_id)


def _comparable(value: object, *, reverse: bool) -> tuple[Any, ...]:
    """A key that compares with every other: figures before texts before tuples; nothing last, reversed or not."""
    if isinstance(value, str):
        return (2, value.casefold())
    if isinstance(value, (int, float)) and value == value:  # noqa: PLR0124  # NaN is not equal to itself, and sorts nowhere
        return (1, value)
    if isinstance(value, tuple):
        return (3, tuple(_comparable(item, reverse=reverse) for item in value))
    return (0 if reverse else 9, 0)
