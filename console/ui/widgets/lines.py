"""The lines of a log: a bounded buffer, their rows on a screen of some width, and what a search found. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len

from console.regex import compiled
from console.ui.widgets.sgr import plain
from console.world.model import LogLine

Look = Literal["", "stderr", "note", "group", "error", "warning", "command", "debug"]

MATCHES_A_LINE = 50
"""Matches kept of one line: more cannot be told apart."""
WORD = 20
"""Characters that a row may stay short to end with a word; a longer one is an identifier or a path, and is cut."""
SEARCH_LIMIT = 2048
"""Characters of a line that a regular expression sees; with two scans 2 million steps at worst, some 20 ms."""

_WORKFLOW = re.compile(r"##\[(group|endgroup|error|warning|command|debug|section|notice)\]")
"""The workflow commands that GitHub writes into logs of jobs."""


class Shown(NamedTuple):
    """A line as it is shown."""

    at: float | None
    look: Look
    raw: str
    """With its colours, without a workflow command."""
    text: str
    """Plain."""
    end: bool = False
    """Only the end of a group: nothing to show."""


class Match(NamedTuple):
    line: int
    """The line's number since the beginning of the log, from 0; it stays its own when lines above are dropped."""
    start: int
    end: int


def shown(line: LogLine) -> Shown:
    """A line as it is shown; the end of a group shows nothing."""
    raw, look = line.text, "note" if line.stream == "note" else "stderr" if line.stream == "stderr" else ""
    if "##[" in raw and (command := _WORKFLOW.search(raw)) and not plain(raw[: command.start()]).strip():
        word = command.group(1)
        if word == "endgroup":
            return Shown(line.at, "", "", "", end=True)
        raw = raw[: command.start()] + raw[command.end() :]
        look = {"section": "group", "notice": "note"}.get(word, word)
    return Shown(line.at, look, raw, plain(raw))  # type: ignore[arg-type]  # the words above are looks


def breaks(text: str, width: int) -> list[int]:
    """Where each row of a wrapped line begins: characters from its start.

    Behind a blank where one is near, and never through a double-width character.
    """
    wide = not text.isascii()
    if len(text) * (2 if wide else 1) <= width:
        return [0]
    starts, at = [0], 0
    while True:
        end = at + width
        if wide:
            end, used = at, 0
            while end < len(text) and used + (size := cell_len(text[end])) <= width:
                used += size
                end += 1
            end = max(end, at + 1)
        if end >= len(text):
            return starts
        blank = text.rfind(" ", max(at + 1, end - WORD), end)
        at = end if blank < 0 else blank + 1
        starts.append(at)


class Lines:
    """At most `limit` lines. Rows count from the first line kept; a width of 0 gives each line one row."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.kept: list[Shown] = []
        self.dropped = 0
        self.longest = 0
        """Cells of the longest line since the last `clear`."""
        self._width = 0
        self._ends: list[int] = []
        """Row after each line's last, counted from the first line ever wrapped at this width."""
        self._first_row = 0
        self._group: int | None = None
        """The number of the line that opened the group which is not ended yet."""
        self._groups: dict[int, int] = {}
        """The number of the last line of each group, by that of the line which opened it."""
        self._folded: set[int] = set()
        self._pattern: re.Pattern[str] | None = None
        self.matches: list[Match] = []

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def rows(self) -> int:
        return (self._ends[-1] - self._first_row if self._ends else 0) if self._mapped else len(self.kept)

    @property
    def _mapped(self) -> bool:
        """Whether a line may have another number of rows than one."""
        return bool(self._width or self._folded)

    def append(self, lines: Sequence[LogLine]) -> int:
        """Take lines in. Returns how many rows fell out at the top."""
        come = self._grouped([shown(line) for line in lines])
        surplus = len(come) - self.limit
        if surplus > 0:
            # More than all of it at once: what would not stay is not taken in.
            rows = self.rows
            self._drop(len(self.kept))
            self.dropped += surplus
            come = come[surplus:]
            self._take(come)
            return rows
        rows = self._drop(max(0, len(self.kept) + len(come) - self.limit))
        self._take(come)
        return rows

    def clear(self) -> None:
        self.kept.clear()
        self._ends.clear()
        self.matches.clear()
        self._groups.clear()
        self._folded.clear()
        self._group = None
        self.dropped = self.longest = self._first_row = 0

    def wrap(self, width: int) -> None:
        """Wrap at `width` cells, or not at all for 0."""
        if width != self._width:
            self._width = width
            self._remeasure()

    def _remeasure(self) -> None:
        self._ends, self._first_row = [], 0
        if self._mapped:
            self._measure(0)

    # Groups

    def _grouped(self, come: list[Shown]) -> list[Shown]:
        """Without the ends of groups, which are noted."""
        kept: list[Shown] = []
        number = self.dropped + len(self.kept)
        for one in come:
            if one.end:
                self._group = None
                continue
            at = number + len(kept)
            if one.look == "group":
                self._group = at
                self._groups[at] = at
            elif self._group is not None:
                self._groups[self._group] = at
            kept.append(one)
        return kept

    def foldable(self, line: int) -> bool:
        """Whether a line (its place among those kept) opens a group that has lines."""
        number = line + self.dropped
        return self._groups.get(number, number) > number

    def folded(self, line: int) -> bool:
        return line + self.dropped in self._folded

    def group_of(self, line: int) -> int | None:
        """The line that opens the group which `line` is in, or is itself."""
        number = line + self.dropped
        found = max((first for first, last in self._groups.items() if first <= number <= last), default=None)
        return None if found is None or found < self.dropped else found - self.dropped

    def fold(self, line: int, *, fold: bool) -> None:
        """Show only the first line of a group, or all of them."""
        number = line + self.dropped
        (self._folded.add if fold else self._folded.discard)(number)
        self._remeasure()

    def fold_all(self, *, fold: bool) -> None:
        """All groups but those with an error in them, which one came for."""
        errors = {line for line, one in enumerate(self.kept, self.dropped) if one.look == "error"}
        self._folded = {
            first
            for first, last in self._groups.items()
            if fold and last > first and errors.isdisjoint(range(first, last + 1))
        }
        self._remeasure()

    @property
    def any_folded(self) -> bool:
        return bool(self._folded)

    def reveal(self, line: int) -> None:
        """Open the group that hides a line."""
        first = self.group_of(line)
        if first is not None and first != line and self.folded(first):
            self.fold(first, fold=False)

    def _hidden(self) -> set[int]:
        """The numbers of lines that are folded away."""
        return {n for first in self._folded for n in range(first + 1, self._groups.get(first, first) + 1)}

    def place(self, row: int) -> tuple[int, int]:
        """The line (its place among those kept) that has a row, and which of its rows that is."""
        if not self._mapped:
            return row, 0
        line = bisect_right(self._ends, row + self._first_row)
        return line, row + self._first_row - (self._ends[line - 1] if line else self._first_row)

    def row(self, line: int) -> int:
        """The first row of a line."""
        if not self._mapped or line == 0:
            return line if not self._mapped else 0
        return self._ends[line - 1] - self._first_row

    def first(self, at: float | None, look: Look | None) -> int | None:
        """The first line kept that is not older than `at` and has this look; None stands for any."""
        for line, one in enumerate(self.kept):
            if (at is None or (one.at is not None and one.at >= at)) and (look is None or one.look == look):
                return line
        return None

    def span(self, line: int, part: int) -> tuple[int, int]:
        """The characters of a line that one of its rows shows."""
        text = self.kept[line].text
        if not self._width:
            return 0, len(text)
        starts = breaks(text, self._width)
        return starts[part], starts[part + 1] if part + 1 < len(starts) else len(text)

    def find(self, pattern: re.Pattern[str] | None) -> None:
        """Search all lines, and those that come."""
        self._pattern = pattern
        self.matches = list(self._search(0)) if pattern else []

    def matches_in(self, line: int) -> list[Match]:
        """What was found in a line, by its place among those kept."""
        number = line + self.dropped
        start = bisect_left(self.matches, (number,))
        return self.matches[start : bisect_left(self.matches, (number + 1,), start)]

    def _search(self, first: int) -> Iterable[Match]:
        if self._pattern is None:
            return
        find = self._pattern.finditer
        for number, line in enumerate(self.kept[first:], self.dropped + first):
            count = 0
            for match in find(line.text, 0, SEARCH_LIMIT):
                if match.end() > match.start() and count < MATCHES_A_LINE:
                    count += 1
                    yield Match(number, match.start(), match.end())

    def _take(self, come: list[Shown]) -> None:
        first = len(self.kept)
        self.kept.extend(come)
        for line in come:
            size = len(line.text) if line.text.isascii() else cell_len(line.text)
            self.longest = max(self.longest, size)
        if self._mapped:
            self._measure(first)
        self.matches.extend(self._search(first))

    def _measure(self, first: int) -> None:
        """Count the rows of the lines kept from `first` on."""
        row = self._ends[-1] if self._ends else self._first_row
        hidden = self._hidden() if self._folded else ()
        for number, line in enumerate(self.kept[first:], self.dropped + first):
            if number not in hidden:
                row += len(breaks(line.text, self._width)) if self._width else 1
            self._ends.append(row)

    def _drop(self, count: int) -> int:
        if count <= 0:
            return 0
        if gone := {first for first in self._folded if first < self.dropped + count}:
            # Without its first line nobody could open a group again.
            self._folded -= gone
            self._remeasure()
        rows = self.row(count) if count < len(self.kept) else self.rows
        del self.kept[:count]
        self.dropped += count
        if self._mapped:
            self._first_row += rows
            del self._ends[:count]
        self._groups = {first: last for first, last in self._groups.items() if last >= self.dropped}
        del self.matches[: bisect_left(self.matches, (self.dropped,))]
        return rows


def searched(text: str) -> re.Pattern[str] | None:
    """What to search for: `re:REGEX`, or the text itself; small letters find both. None for an empty text.

    Raises RegexError.
    """
    if text.startswith("re:"):
        return compiled(text[3:], ignore_case=text == text.lower(), scans=2)
    return re.compile(re.escape(text), 0 if text != text.lower() else re.IGNORECASE) if text else None
