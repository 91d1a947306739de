"""A log: batches in, a bounded buffer, follow, search, copy. One line-API widget with a strip cache."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from console.regex import RegexError
from console.ui.widgets.kept import Kept
from console.ui.widgets.lines import Lines, Look, searched
from console.ui.widgets.sgr import styled
from console.world.model import LogLine

LIMIT = 50_000
"""Lines kept: some 10 MB; what is older is read again from the source."""
CACHED = 256
"""Lines kept drawn: four screens of 60, so that scrolling back and forth costs nothing twice."""

_SIGNS: dict[Look, str] = {
    "stderr": "┃ ",
    "note": "· ",
    "group": "▾ ",
    "error": "✖ ",
    "warning": "▲ ",
    "command": "$ ",
    "debug": "  ",
}
"""Two cells before each line: what it is, without colour."""
_BLANK = "  "
_FOLDED = "▸ "
_TIME = "HH:MM:SS  "


class LogView(ScrollView, can_focus=True):
    """`append` feeds it. While it follows, the newest line stays in sight; scrolling up ends that."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-view--time",
        "log-view--note",
        "log-view--stderr",
        "log-view--group",
        "log-view--error",
        "log-view--warning",
        "log-view--command",
        "log-view--debug",
        "log-view--match",
        "log-view--current",
    }

    DEFAULT_CSS = "LogView { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", id="log.down", show=False, tooltip="A line down"),
        Binding("up,k", "move(-1)", "Up", id="log.up", show=False, tooltip="A line up"),
        Binding("pagedown", "page(1)", "Page down", id="log.page-down", show=False, tooltip="A screenful down"),
        Binding("pageup", "page(-1)", "Page up", id="log.page-up", show=False, tooltip="A screenful up"),
        Binding("home,g", "first", "Top", id="log.first", show=False, tooltip="The oldest line kept"),
        Binding("end,G", "follow", "End", id="log.last", show=False, tooltip="The newest line, and follow"),
        Binding("f", "follow", "Follow", id="log.follow", show=False, tooltip="Follow the end of the log"),
        Binding("n", "match(1)", "Next match", id="log.next", show=False, tooltip="The next match below"),
        Binding("N", "match(-1)", "Previous match", id="log.previous", show=False, tooltip="The match above"),
        Binding("w", "wrap", "Wrap", id="log.wrap", show=False, tooltip="Wrap long lines, or cut them"),
        Binding("t", "times", "Times", id="log.times", show=False, tooltip="Show or hide the time of each line"),
        Binding(
            "z", "fold", "Fold", id="log.fold", show=False, tooltip="Fold the groups without an error, or open them"
        ),
        Binding("y", "copy", "Copy", id="log.copy", show=False, tooltip="Copy what is selected, or all of it"),
    ]

    class Changed(Message):
        """Follow, wrap, times, the search or the lines changed: a title line may say so, see `status`."""

        def __init__(self, view: LogView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LogView:
            return self.view

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LogView.Changed)

    class Copied(Message):
        """Somebody wants `text`; the screen knows how to hand it over."""

        def __init__(self, view: LogView, text: str) -> None:
            super().__init__()
            self.view = view
            self.text = text

        @property
        def control(self) -> LogView:
            return self.view

    def __init__(
        self,
        *,
        limit: int = LIMIT,
        empty: str = "",
        tz: tzinfo | None = None,
        id: str | None = None,  # noqa: A002  # Textual's word
        classes: str | None = None,
    ) -> None:
        """`tz` is the zone of the times, the operator's own where it is not given."""
        super().__init__(id=id, classes=classes)
        self._empty = empty
        self._tz = tz
        self._lines = Lines(limit)
        self._follow = True
        self._wrap = False
        self._times = False
        self._needle = ""
        self.find_error: RegexError | None = None
        """Why the search cannot be understood."""
        self.match_index: int | None = None
        """The current match, counted from 0."""
        self._width = 0
        self._scrolling = False
        self._styles_of: dict[str, Style] = {}
        self._strips: Kept[tuple[int, int], Strip] = Kept(CACHED)
        self.strips_built = 0
        """How many rows have been drawn so far; a measure for tests and benchmarks."""

    # What it holds

    @property
    def line_count(self) -> int:
        return len(self._lines)

    @property
    def dropped(self) -> int:
        """Lines that fell out at the top."""
        return self._lines.dropped

    @property
    def match_count(self) -> int:
        """Matches in all lines kept."""
        return len(self._lines.matches)

    @property
    def empty(self) -> str:
        """What is said where there is no line."""
        return self._empty

    @empty.setter
    def empty(self, text: str) -> None:
        self._empty = text
        if not len(self._lines):
            self.refresh()

    @property
    def status(self) -> str:
        """What a title line says of it: 4,212 lines, match 2 of 17, following."""
        parts = [f"{len(self._lines):,} lines"]
        if self.dropped:
            parts.append(f"{self.dropped:,} older dropped")
        if self.find_error is not None:
            parts.append(self.find_error.message)
        elif self._needle:
            at = "no match" if not self.match_count else f"{self.match_count:,} matches"
            parts.append(at if self.match_index is None else f"match {self.match_index + 1:,} of {self.match_count:,}")
        if self._follow:
            parts.append("following")
        return " · ".join(parts)

    def append(self, lines: Sequence[LogLine]) -> None:
        """Take in a batch of lines, oldest first."""
        if not lines:
            return
        current = self._current_match()
        before, dropped = self._lines.rows, self._lines.dropped
        fell = self._lines.append(lines)
        if self._lines.dropped != dropped:
            matches = self._lines.matches
            self.match_index = matches.index(current) if current in matches else None
        self._grow(before, fell)
        self.post_message(self.Changed(self))

    def clear(self) -> None:
        """Forget all lines; the search stays."""
        self._lines.clear()
        self._strips.clear()
        self.match_index = None
        self.virtual_size = Size(self._width, 0)
        self.refresh()
        self.post_message(self.Changed(self))

    def plain(self) -> str:
        """All lines as plain text."""
        return "\n".join(line.text for line in self._lines.kept)

    # Looks

    @property
    def follow(self) -> bool:
        return self._follow

    @follow.setter
    def follow(self, follow: bool) -> None:
        if follow:
            self._to(self._last_top)
        if follow != self._follow:
            self._follow = follow
            self.post_message(self.Changed(self))

    @property
    def wrap(self) -> bool:
        return self._wrap

    @wrap.setter
    def wrap(self, wrap: bool) -> None:
        self._wrap = wrap
        self._relay()

    @property
    def timestamps(self) -> bool:
        return self._times

    @timestamps.setter
    def timestamps(self, timestamps: bool) -> None:
        self._times = timestamps
        self._relay()

    # Search

    @property
    def needle(self) -> str:
        """What is searched for, as it was typed."""
        return self._needle

    def find(self, text: str) -> None:
        """Search all lines for a text, or for a regular expression written re:REGEX; empty ends the search.

        The first match from the top of what is in sight on becomes the current one.
        """
        self._needle = text
        self.match_index = None
        try:
            pattern = searched(text)
        except RegexError as error:
            self.find_error = error
            pattern = None
        else:
            self.find_error = None
        self._lines.find(pattern)
        if self._lines.matches:
            top = self._lines.place(round(self.scroll_y))[0] + self.dropped
            matches = self._lines.matches
            self._go(next((i for i, match in enumerate(matches) if match.line >= top), 0))
        self._redraw()

    def _current_match(self) -> object:
        return None if self.match_index is None else self._lines.matches[self.match_index]

    def _go(self, index: int) -> None:
        """Make a match the current one and bring it into sight, with lines around it."""
        self.match_index = index
        match = self._lines.matches[index]
        line = match.line - self.dropped
        self._show_line(line)
        row = self._lines.row(line)
        height = self.size.height
        self._follow = False
        if not self.scroll_y <= row < self.scroll_y + height - 1:
            self._to(row - height // 3)
        if not self._wrap and self._width:
            left, room = round(self.scroll_x), self._width - self._gutter
            if not left <= match.start <= match.end <= left + room:
                self.scroll_to(x=max(0, match.start - room // 3), animate=False, force=True)

    def show_from(self, at: float | None, *, error: bool = False) -> bool:
        """Bring the first line from `at` on (seconds since 1970) to the top, or the first error from there with what
        led to it. False where there is no such line yet.
        """
        line = self._lines.first(at, "error" if error else None)
        if line is None:
            return False
        self.follow = False
        self._show_line(line)
        self._to(self._lines.row(line) - (self.size.height // 2 if error else 0))
        return True

    # Keys

    def action_move(self, rows: int) -> None:
        self._user_to(round(self.scroll_y) + rows)

    def action_page(self, pages: int) -> None:
        self._user_to(round(self.scroll_y) + pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        self._user_to(0)

    def action_follow(self) -> None:
        self.follow = True

    def action_match(self, step: int) -> None:
        """Go to the next match below or above, and on from the other end."""
        if self._lines.matches:
            first = 0 if step > 0 else -1
            index = first if self.match_index is None else self.match_index + step
            self._go(index % len(self._lines.matches))
            self._redraw()

    def action_wrap(self) -> None:
        self.wrap = not self.wrap

    def action_fold(self) -> None:
        self._lines.fold_all(fold=not self._lines.any_folded)
        self._relay()

    @property
    def any_folded(self) -> bool:
        return self._lines.any_folded

    def on_click(self, event: Click) -> None:
        """A click on the first line of a group folds or opens it."""
        at = event.get_content_offset(self)
        row = -1 if at is None else round(self.scroll_y) + at.y
        if not 0 <= row < self._lines.rows or self.text_selection is not None:
            return
        line, part = self._lines.place(row)
        if part == 0 and self._lines.foldable(line):
            self._lines.fold(line, fold=not self._lines.folded(line))
            self._relay()

    def _show_line(self, line: int) -> None:
        """Open the group that hides a line."""
        before = self._lines.rows
        self._lines.reveal(line)
        if self._lines.rows != before:
            self._relay()

    def action_times(self) -> None:
        self.timestamps = not self.timestamps

    def action_copy(self) -> None:
        selection = self.text_selection
        found = None if selection is None else self.get_selection(selection)
        self.post_message(self.Copied(self, self.plain() if found is None else found[0]))

    # Scrolling

    @property
    def _last_top(self) -> int:
        return max(0, self._lines.rows - self.size.height)

    def _to(self, row: int) -> None:
        self._scrolling = True
        self.scroll_to(y=max(0, min(row, self._last_top)), animate=False, force=True)
        self._scrolling = False

    def _user_to(self, row: int) -> None:
        if row < round(self.scroll_y):
            self.follow = False
        self._to(row)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and not self._scrolling:
            # The wheel or the scrollbar: somebody reads what is above.
            self.follow = False

    def _grow(self, before: int, fell: int) -> None:
        """The rows are others: `fell` are gone at the top, so what is in sight moves up by as many."""
        rows, height = self._lines.rows, self.size.height
        size = Size(self._content_width, rows)
        if (before > height) != (rows > height) or not self._width:
            self._scrolling = True
            self.virtual_size = size
            self._scrolling = False
        else:
            # Only a scrollbar that comes or goes changes the layout; Textual would do it again for each line.
            self.set_reactive(Widget.virtual_size, size)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = rows
        top = round(self.scroll_y)
        if self._follow:
            self._to(self._last_top)
        elif fell and top:
            self._stay(max(0, top - fell))
        if fell > top or (self._follow and fell) or before < top + height:
            self.refresh()

    def _stay(self, top: int) -> None:
        """Scroll along with lines that moved up, without a repaint: the picture is the same."""
        self.set_reactive(Widget.scroll_y, float(top))
        self.set_reactive(Widget.scroll_target_y, float(top))
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = top

    # Drawing

    @property
    def _gutter(self) -> int:
        return len(_BLANK) + (len(_TIME) if self._times else 0)

    @property
    def _content_width(self) -> int:
        return self._width if self._wrap else max(self._width, self._lines.longest + self._gutter)

    def _relay(self) -> None:
        """Lay the rows out again and keep the line at the top where it is."""
        line = self._lines.place(round(self.scroll_y))[0] if len(self._lines) else 0
        self._lines.wrap(max(10, self._width - self._gutter) if self._wrap and self._width else 0)
        self._scrolling = True
        self.virtual_size = Size(self._content_width, self._lines.rows)
        self._scrolling = False
        if self._wrap:
            self.set_reactive(Widget.scroll_x, 0.0)
            self.set_reactive(Widget.scroll_target_x, 0.0)
        self._to(self._last_top if self._follow else self._lines.row(min(line, max(0, len(self._lines) - 1))))
        self._redraw()

    def _redraw(self) -> None:
        self._strips.clear()
        self.refresh()
        self.post_message(self.Changed(self))

    def render_lines(self, crop: Region) -> list[Strip]:
        # The scrollbar takes its column without a resize event, so the width is looked at where it is used.
        width = self.scrollable_content_region.width
        if width != self._width:
            self._width = width
            self._strips.clear()
            self._styles_cache.clear()
            if self._wrap:
                self.call_next(self._relay)
        if crop.size == self.size:
            # Textual keeps what waited to be drawn when a new layout draws it all: it would be drawn a second time.
            self._exchange_repaint_regions()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        row = round(self.scroll_y) + y
        if row >= self._lines.rows:
            text = _BLANK + self._empty if y == 0 and not len(self._lines) else ""
            return Strip([Segment(text, self._style("note"))]).adjust_cell_length(self._width, self._style(""))
        line, part = self._lines.place(row)
        selection = self.text_selection
        key = (line + self.dropped, part)
        strip = self._strips.get(key) if selection is None else None
        if strip is None:
            strip = self._draw(line, part, row, selection)
            self.strips_built += 1
            if selection is None:
                self._strips[key] = strip
        gutter = self._gutter
        left = round(self.scroll_x)
        shown = strip.crop(gutter).crop_extend(left, left + self._width - gutter, self._style(""))
        return Strip.join([strip.crop(0, gutter), shown.apply_offsets(left, row)])

    def _draw(self, line: int, part: int, row: int, selection: Selection | None) -> Strip:
        """A whole row: time, sign and text, as long as it is."""
        one = self._lines.kept[line]
        ground = self._style(one.look)
        pieces: list[Segment] = []
        if self._times:
            at = self._clock(one.at) if part == 0 else ""
            pieces.append(Segment(at.ljust(len(_TIME)), self._style("time")))
        pieces.append(Segment(self._sign(line, one.look) if part == 0 else _BLANK, ground))
        if one.look == "stderr":
            # Many programs say everything there: the sign tells it, and the text stays calm.
            ground = self._style("")
        start, end = self._lines.span(line, part)
        over: list[tuple[int, int, Style]] = []
        for match in self._lines.matches_in(line):
            current = match == self._current_match()
            over.append((match.start, match.end, self._style("current" if current else "match")))
        if selection is not None and (span := selection.get_span(row)) is not None:
            stop = end if span[1] == -1 else start + span[1]
            over.append((start + span[0], stop, self.screen.get_component_rich_style("screen--selection")))
        pieces += _pieces(styled(one.raw), ground, start, end, over)
        return Strip(pieces).simplify()

    def _sign(self, line: int, look: Look) -> str:
        if look != "group":
            return _SIGNS.get(look, _BLANK)
        return _FOLDED if self._lines.folded(line) or not self._lines.foldable(line) else _SIGNS[look]

    def _clock(self, at: float | None) -> str:
        if at is None:
            return ""
        try:
            return f"{datetime.fromtimestamp(at, UTC).astimezone(self._tz):%H:%M:%S}"
        except (OverflowError, ValueError, OSError):
            return ""

    def _style(self, name: str) -> Style:
        """The style of a part on the log's ground; kept, since Textual forgets its own at each repaint."""
        style = self._styles_of.get(name)
        if style is None:
            style = self.rich_style
            if name:
                part = self.get_component_rich_style(f"log-view--{name}", partial=True, default=Style())
                # Over a piece that has colours of its own, a match changes only what it is about.
                style = part if name in ("match", "current") else style + part
            self._styles_of[name] = style
        return style

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of.clear()
        self._strips.clear()

    def on_resize(self) -> None:
        self._relay()

    # Copy

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, with the line breaks of the log and not of the screen."""
        if not len(self._lines):
            return None
        first = self._offset(selection.start.y, selection.start.x) if selection.start else (0, 0)
        last = self._offset(selection.end.y, selection.end.x) if selection.end else (len(self._lines), 0)
        texts = [line.text for line in self._lines.kept[first[0] : last[0] + 1]]
        if not texts:
            return None
        if last[0] < len(self._lines):
            texts[-1] = texts[-1][: last[1]]
        texts[0] = texts[0][first[1] :]
        return "\n".join(texts), "\n"

    def _offset(self, row: int, x: int) -> tuple[int, int]:
        row = max(0, min(row, self._lines.rows - 1))
        line, part = self._lines.place(row)
        return line, self._lines.span(line, part)[0] + x

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002  # Textual's signature
        self.refresh()


def _pieces(
    styled_text: list[tuple[str, Style | None]], ground: Style, start: int, end: int, over: list[tuple[int, int, Style]]
) -> list[Segment]:
    """The characters from `start` to `end` with their own styles, and those of `over` upon them."""
    cuts = sorted({start, end, *(at for a, b, _ in over for at in (a, b) if start < at < end)})
    found: list[Segment] = []
    at = 0
    for text, style in styled_text:
        stop = at + len(text)
        edges = [max(at, start), *(cut for cut in cuts if max(at, start) < cut < min(stop, end)), min(stop, end)]
        for left, right in pairwise(edges):
            if left < right:
                looks = ground + style if style is not None else ground
                for a, b, on in over:
                    if a <= left and right <= b:
                        looks += on
                found.append(Segment(text[left - at : right - at], looks))
        at = stop
    return found
