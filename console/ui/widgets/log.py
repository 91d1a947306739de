"""A log: batches in, a bounded buffer, follow, search. One line-API widget with a strip cache."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.world.model import LogLine

LIMIT = 50_000
"""Lines kept: some 10 MB; more is read again from the source."""


class LogView(ScrollView, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "follow", "Follow", id="log.follow", show=False, tooltip="Follow the end of the log"),
        Binding("n", "next_match", "Next match", id="log.next", show=False, tooltip="The next match below"),
        Binding("N", "previous_match", "Previous match", id="log.previous", show=False, tooltip="The match above"),
        Binding("w", "wrap", "Wrap", id="log.wrap", show=False, tooltip="Wrap long lines or cut them"),
        Binding("t", "timestamps", "Times", id="log.times", show=False, tooltip="Show or hide the time of each line"),
    ]

    class Changed(Message):
        """Follow, wrap, times, the search or the number of lines changed: a title line may say so."""

        def __init__(self, view: LogView) -> None:
            super().__init__()
            self.view = view

    def __init__(
        self, *, limit: int = LIMIT, empty: str = "", id: str | None = None, classes: str | None = None
    ) -> None:  # Textual's word
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self._lines: deque[LogLine] = deque(maxlen=limit)
        self.dropped = 0
        """Lines that fell out at the top."""
        self.follow = True
        self.wrap = False
        self.timestamps = False
        self.needle = ""
        self.find_error = ""
        self.match_count = 0
        self.match_index: int | None = None
        """The current match, counted from 0."""

    @property
    def line_count(self) -> int:
        return len(self._lines)

    def append(self, lines: Sequence[LogLine]) -> None:
        """Take in a batch of lines, oldest first."""
        self.dropped += max(0, len(self._lines) + len(lines) - (self._lines.maxlen or 0))
        self._lines.extend(lines)
        self.virtual_size = Size(self.size.width, len(self._lines))
        if self.follow:
            self.scroll_end(animate=False)
        self.refresh()

    def clear(self) -> None:
        self._lines.clear()
        self.dropped = 0
        self.virtual_size = Size(self.size.width, 0)
        self.refresh()

    def find(self, text: str) -> None:
        """Search for a text, or for a regular expression written re:REGEX; empty ends the search."""
        self.needle = text

    def plain(self) -> str:
        """All lines as plain text."""
        return "\n".join(line.text for line in self._lines)

    def action_follow(self) -> None:
        self.follow = True
        self.scroll_end(animate=False)

    def action_next_match(self) -> None:
        pass

    def action_previous_match(self) -> None:
        pass

    def action_wrap(self) -> None:
        self.wrap = not self.wrap

    def action_timestamps(self) -> None:
        self.timestamps = not self.timestamps

    def render_line(self, y: int) -> Strip:
        index = round(self.scroll_y) + y
        text = self._lines[index].text if index < len(self._lines) else ""
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(self.size.width, self.rich_style)
