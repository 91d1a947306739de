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


class Match(NamedTuple):
    line: int
    """The line's number since the beginning of the log, from 0; it stays its own when lines above are dropped."""
    start: int
    end: int


def shown(line: LogLine) -> Shown | None:
    """None for a line that says nothing: the end of a group."""
    raw, look = line.text, "note" if line.stream == "note" else "stderr" if line.stream == "stderr" else ""
    if "##[" in raw and (command := _WORKFLOW.search(raw)) and not plain(raw[: command.start()]).strip():
        word = command.group(1)
        if word == "endgroup":
            return None
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
        self._pattern: re.Pattern[str] | None = None
        self.matches: list[Match] = []

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def rows(self) -> int:
        return (self._ends[-1] - self._first_row if self._ends else 0) if self._width else len(self.kept)

    def append(self, lines: Sequence[LogLine]) -> int:
        """Take lines in. Returns how many rows fell out at the top."""
        come = [one for line in lines if (one := shown(line)) is not None]
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
        self.dropped = self.longest = self._first_row = 0

    def wrap(self, width: int) -> None:
        """Wrap at `width` cells, or not at all for 0."""
        if width != self._width:
            self._width = width
            self._ends, self._first_row = [], 0
            if width:
                self._measure(self.kept)

    def place(self, row: int) -> tuple[int, int]:
        """The line (its place among those kept) that has a row, and which of its rows that is."""
        if not self._width:
            return row, 0
        line = bisect_right(self._ends, row + self._first_row)
        return line, row + self._first_row - (self._ends[line - 1] if line else self._first_row)

    def row(self, line: int) -> int:
        """The first row of a line."""
        if not self._width or line == 0:
            return line if not self._width else 0
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
        if self._width:
            self._measure(come)
        self.matches.extend(self._search(first))

    def _measure(self, lines: Iterable[Shown]) -> None:
        row = self._ends[-1] if self._ends else self._first_row
        for line in lines:
            row += len(breaks(line.text, self._width))
            self._ends.append(row)

    def _drop(self, count: int) -> int:
        if count <= 0:
            return 0
        rows = self.row(count) if count < len(self.kept) else self.rows
        del self.kept[:count]
        self.dropped += count
        if self._width:
            self._first_row += rows
            del self._ends[:count]
        del self.matches[: bisect_left(self.matches, (self.dropped,))]
        return rows


def searched(text: str) -> re.Pattern[str] | None:
    """What to search for: `re:REGEX`, or the text itself; small letters find both. None for an empty text.

    Raises RegexError.
    """
    if text.startswith("re:"):
        return compiled(text[3:], ignore_case=text == text.lower(), scans=2)
    return re.compile(re.escape(text), 0 if text != text.lower() else re.IGNORECASE) if text else None
