"""A table that costs what it shows, not what it holds: one line-API widget with a strip cache.

A row's strip is kept by its id and looks for as long as its cells are the same; a change repaints the cells that differ
and nothing else. The selection belongs to a record, not to a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from console import where
from console.ui.shown import cells as cells_of
from console.ui.shown import fit, padded
from console.ui.widgets.columns import GAP, Cell, Column, R, Span, fitted
from console.ui.widgets.kept import Kept
from console.ui.widgets.rows import Rows
from console.words import GLYPHS

__all__ = ["Cell", "Column", "VirtualTable"]

MARGIN = 2
"""Cells left of the first column: the mark of the selection, and a blank."""
CACHED = 192
"""Rows kept drawn: three screens of 60. Each costs some 5 KB, and where rows come and go a larger cache only fills."""

_LOOKS = ("", "blurred", "selected")


class _OfTable(Message):
    def __init__(self, table: VirtualTable[Any]) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> VirtualTable[Any]:
        return self.table


class _OfRow(_OfTable):
    def __init__(self, table: VirtualTable[Any], record: Any) -> None:
        super().__init__(table)
        self.record = record


class VirtualTable(ScrollView, Generic[R], can_focus=True):
    """Rows of records in columns; `set_rows` and `apply` feed it, `where` filters, `sort_by` sorts."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "virtual-table--row",
        "virtual-table--header",
        "virtual-table--selected",
        "virtual-table--blurred",
        "virtual-table--dim",
        "virtual-table--bold",
        *(f"virtual-table--{word}" for word in GLYPHS),
    }
    """`row`, `header`, `selected` (`blurred` without the focus) are grounds; the others are the styles of cells."""

    DEFAULT_CSS = "VirtualTable { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }"

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", id="table.down", show=False, tooltip="Select the next row"),
        Binding("up,k", "move(-1)", "Up", id="table.up", show=False, tooltip="Select the row above"),
        Binding("pagedown", "page(1)", "Page down", id="table.page-down", show=False, tooltip="A screenful down"),
        Binding("pageup", "page(-1)", "Page up", id="table.page-up", show=False, tooltip="A screenful up"),
        Binding("home,g", "first", "First", id="table.first", show=False, tooltip="Select the first row"),
        Binding("end,G", "last", "Last", id="table.last", show=False, tooltip="Select the last row"),
        Binding("enter", "open", "Open", id="table.open", show=False, tooltip="Open the selected row"),
    ]

    class Highlighted(_OfRow):
        """Another row is selected; `record` is None where there is none."""

    class Opened(_OfRow):
        """A row was opened with enter or a double click."""

    class FilterChanged(_OfTable):
        """The filter is another one, or cannot be understood: see `table.where_error`."""

    class SortChanged(_OfTable):
        """The rows are sorted by `table.sorted_by`, `table.reverse`."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        now: Callable[[], float],
        fields: Callable[[R], Mapping[str, object]] | None = None,
        empty: str = "",
        rank: Callable[[R], Any] | None = None,
        id: str | None = None,  # noqa: A002  # Textual's word
        classes: str | None = None,
    ) -> None:
        """`fields` gives what the filter looks at, by name (the texts of the columns where it is not given); `rank`
        orders rows where nothing else does; `empty` is what stands where there are no rows.
        """
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.empty = empty
        self._now = now
        self._fields = fields or self._texts
        self._rank = rank
        self._rows: Rows[R] = Rows()
        self._rows.order(rank, None, reverse=False)
        self._filter = where.compile("")
        self._where = ""
        self.where_error: where.WhereError | None = None
        """Why the filter cannot be understood; the last good one holds meanwhile."""
        self.sorted_by: str | None = None
        self._selected_id: str | None = None
        self._selected_at = 0
        self._held = False
        """Somebody chose the selected row; until then it is only the first one."""
        self._above = False
        self._ages = any(column.ages for column in self.columns)
        self._ticks = 0
        self._width = 0
        self._spans: list[Span] = []
        self._growing = [index for index, column in enumerate(self.columns) if column.grow]
        self._wanted = dict.fromkeys(self._growing, 0)
        self._refit = False
        self._styles_of: dict[tuple[str, str], Style] = {}
        self._cells: Kept[str, tuple[R, int, tuple[Cell, ...]]] = Kept(CACHED)
        self._strips: Kept[tuple[str, str], tuple[tuple[Cell, ...], Strip]] = Kept(CACHED)
        self._header: Strip | None = None
        self.strips_built = 0
        """How many rows have been drawn so far; a measure for tests and benchmarks."""

    # What it holds

    @property
    def selected(self) -> R | None:
        return None if self._selected_id is None else self._rows.all.get(self._selected_id)

    @property
    def shown_count(self) -> int:
        return len(self._rows)

    @property
    def total_count(self) -> int:
        return len(self._rows.all)

    @property
    def reverse(self) -> bool:
        return self._rows.reverse

    def set_rows(self, rows: Iterable[R]) -> None:
        """Hold exactly these rows."""
        self._change(lambda: self._rows.replace(rows))

    def apply(self, changed: Mapping[str, R | None]) -> None:
        """Take in rows that changed, by their id; None means that a row is gone."""
        self._change(lambda: self._rows.apply(changed))

    @property
    def where(self) -> str:
        """The filter as it was typed."""
        return self._where

    @where.setter
    def where(self, text: str) -> None:
        self._where = text
        first = next(iter(self._rows.all.values()), None)
        try:
            found = where.compile(text, None if first is None else frozenset(self._fields(first)))
        except where.WhereError as error:
            self.where_error = error
        else:
            self.where_error = None
            self._filter = found
            passes = (lambda row: found.matches(self._fields(row))) if found else None
            self._change(lambda: self._rows.filter(passes), asked=True)
        self.post_message(self.FilterChanged(self))

    def sort_by(self, key: str | None, reverse: bool | None = None) -> None:
        """Sort by a column; again by the same one turns it round. None is the order of `rank`.

        Raises KeyError where no column of that key sorts.
        """
        sort = None
        if key is not None:
            sort = {column.key: column.sort for column in self.columns if column.sort}[key]
        if reverse is None:
            reverse = key == self.sorted_by and key is not None and not self.reverse
        self.sorted_by = key
        self._header = None
        self._change(lambda: self._rows.order(self._rank, sort, reverse=reverse), asked=True)
        self._refresh_cells(0, 0, self._width)
        self.post_message(self.SortChanged(self))

    def select(self, row_id: str) -> bool:
        """Select a row and bring it into view; False where it is not shown."""
        index = self._rows.index(row_id)
        if index is None:
            return False
        self._select_at(index)
        return True

    def tick(self) -> None:
        """Time has passed: repaint the visible cells whose text has moved with it."""
        if not self._ages:
            return
        self._ticks += 1
        if self._filter.fields & {column.key for column in self.columns if column.ages}:
            found = self._filter
            self._change(lambda: self._rows.filter(lambda row: found.matches(self._fields(row))))
        for line, row in self._window():
            old = self._cells.get(row.id)
            if old is not None:
                self._refresh_changed(line, old[2], self._cells_of(row))

    # Change and repaint

    def _change(self, mutate: Callable[[], None], *, asked: bool = False) -> None:
        """Do `mutate`, keep the selection on its row and its row in its place, and repaint what differs.

        `asked` says that a person wanted another order or choice of rows: the first one is theirs, unless the row they
        hold is still there.
        """
        before = {line: (row.id, self._cells_of(row)) for line, row in self._window()} if self._width else {}
        count, total = len(self._rows), len(self._rows.all)
        top, was = round(self.scroll_y), self._selected_id
        anchor, anchor_line = self._anchor(top)
        mutate()
        index = None if was is None else self._rows.index(was)
        restart = asked and (index is None or not self._held)
        if restart:
            index, self._held = 0, False
        elif index is None:
            index = min(self._selected_at, len(self._rows) - 1)
        selected = self._rows.at(index)
        self._selected_at = max(0, index)
        self._selected_id = None if selected is None else selected.id
        if self._selected_id != was:
            self.post_message(self.Highlighted(self, selected))
        if not self._width:
            return
        if len(self._rows) != count:
            self._resize_rows(count)
        anchored = None if anchor is None else self._rows.index(anchor)
        if restart:
            self._jump(0)
        elif anchored is not None and (top or self._held):
            self._jump(anchored - anchor_line)
            self._note_above(came=round(self.scroll_y) > top)
        self._repaint(before, was)
        if not len(self._rows) and (count or total != len(self._rows.all) or asked):
            # What is said where there is no row.
            self._refresh_cells(1, 0, self._width)

    def _repaint(self, before: Mapping[int, tuple[str, tuple[Cell, ...]]], was: str | None) -> None:
        """Repaint the lines that show another row than `before`, and the cells that differ in the others."""
        after = dict(self._window())
        for line in before.keys() | after.keys():
            row, old = after.get(line), before.get(line)
            if row is None or old is None or row.id != old[0] or (row.id == self._selected_id) != (old[0] == was):
                self._refresh_cells(line, 0, self._width)
            else:
                self._refresh_changed(line, old[1], self._cells_of(row))

    def _note_above(self, *, came: bool) -> None:
        """Keep in mind, and in the header, whether rows came in above what is in sight."""
        above = (self._above or came) and round(self.scroll_y) > 0
        if above != self._above:
            self._above = above
            self._header = None
            self._refresh_cells(0, 0, self._width)

    def _anchor(self, top: int) -> tuple[str | None, int]:
        """The row that stays in its place, and its line: the selected one where it can be seen, else the topmost."""
        if self._selected_id is not None and top <= self._selected_at < top + self._page:
            return self._selected_id, self._selected_at - top
        row = self._rows.at(top)
        return (None if row is None else row.id), 0

    def _jump(self, top: int) -> None:
        """Scroll without a repaint: what differs on the screen is repainted by the caller."""
        top = max(0, min(top, len(self._rows) - self._page))
        if top == round(self.scroll_y):
            return
        self.set_reactive(Widget.scroll_y, float(top))
        self.set_reactive(Widget.scroll_target_y, float(top))
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = top

    def _resize_rows(self, before: int) -> None:
        height = len(self._rows) + 1
        size = Size(self._width, height)
        if (before > self._page) != (len(self._rows) > self._page):
            # The scrollbar comes or goes, which moves the columns.
            self.virtual_size = size
            return
        self.set_reactive(Widget.virtual_size, size)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = height
        self._jump(round(self.scroll_y))

    def _refresh_changed(self, line: int, old: tuple[Cell, ...], new: tuple[Cell, ...]) -> None:
        if old is new:
            return
        for span in self._spans:
            if old[span.column] != new[span.column]:
                self._refresh_cells(line, MARGIN + span.start, span.width)

    def _refresh_cells(self, line: int, start: int, width: int) -> None:
        self.refresh(Region(start, line, width, 1))

    # Drawing

    @property
    def _page(self) -> int:
        """Rows that can be seen at once."""
        return max(1, self.size.height - 1)

    def _window(self) -> list[tuple[int, R]]:
        """The visible rows with their lines."""
        top = round(self.scroll_y)
        rows = ((line, self._rows.at(top + line - 1)) for line in range(1, self.size.height))
        return [(line, row) for line, row in rows if row is not None]

    def _cells_of(self, row: R) -> tuple[Cell, ...]:
        """The cells of a row now; the same tuple as before while nothing in it differs."""
        known = self._cells.get(row.id)
        if known is not None and known[0] is row:
            if known[1] == self._ticks or not self._ages:
                return known[2]
            now = self._now()
            cells = tuple(
                _cell(column, row, now) if column.ages else cell
                for column, cell in zip(self.columns, known[2], strict=True)
            )
        else:
            now = self._now()
            cells = tuple(_cell(column, row, now) for column in self.columns)
        if known is not None and cells == known[2]:
            cells = known[2]
        else:
            self._want(cells)
        self._cells[row.id] = (row, self._ticks, cells)
        return cells

    def _want(self, cells: tuple[Cell, ...]) -> None:
        """Note how wide the texts of growing columns are; in steps, so that columns seldom move."""
        for index in self._growing:
            text = cells[index].text
            if len(text) > self._wanted[index] or not text.isascii():
                size = cells_of(text)
                if size > self._wanted[index]:
                    self._wanted[index] = -(-size // 4) * 4
                    self._refit = True

    def render_lines(self, crop: Region) -> list[Strip]:
        # The scrollbar takes its column without a resize event, so the width is looked at where it is used.
        width = self.scrollable_content_region.width
        for _, row in self._window():
            self._cells_of(row)
        if width != self._width or self._refit:
            self._refit = False
            spans = fitted(self.columns, width - MARGIN - 1, self._wanted)
            if (width, spans) != (self._width, self._spans):
                self._width, self._spans = width, spans
                self._forget()
                # Lines drawn for the other width are not dirty in Textual's eyes.
                self._styles_cache.clear()
                if crop.size != self.size:
                    self.call_next(self.refresh)
        if crop.size == self.size:
            # Textual keeps what waited to be drawn when a new layout draws it all: it would be drawn a second time.
            self._exchange_repaint_regions()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        if y == 0:
            if self._header is None:
                self._header = self._draw_header()
            return self._header
        row = self._rows.at(round(self.scroll_y) + y - 1)
        if row is None:
            text = self._nothing() if y == 1 and not len(self._rows) else ""
            return Strip([Segment(" " * MARGIN + text, self._style("", "dim"))]).adjust_cell_length(
                self._width, self._style("", "")
            )
        look = "" if row.id != self._selected_id else "selected" if self.has_focus else "blurred"
        cells = self._cells_of(row)
        known = self._strips.get((row.id, look))
        if known is not None and known[0] is cells:
            return known[1]
        strip = self._draw(cells, look)
        self._strips[(row.id, look)] = (cells, strip)
        self.strips_built += 1
        return strip

    def _draw(self, cells: tuple[Cell, ...], look: str) -> Strip:
        ground = self._style(look, "")
        # One arrow on a screen: it says where the keys go.
        mark = ("▸ ", "bold") if look == "selected" else ("· ", "dim") if look else (" " * MARGIN, "")
        pieces = [(mark[0], self._style(look, mark[1]))]
        for span in self._spans:
            text, style = cells[span.column]
            text = (self.columns[span.column].shorten or fit)(text, span.width)
            blank = " " * (span.width - cells_of(text))
            before, after = (blank, "") if self.columns[span.column].align == "right" else ("", blank)
            # Only the text has the looks of the cell: reverse or underlined blanks would be bars.
            pieces += [(before, ground), (text, self._style(look, style)), (after + " " * GAP, ground)]
        drawn = MARGIN + sum(span.width + GAP for span in self._spans)
        return (
            Strip((Segment(text, style) for text, style in pieces), drawn)
            .simplify()
            .adjust_cell_length(self._width, ground)
        )

    def _draw_header(self) -> Strip:
        style = self._component("virtual-table--header")
        pieces = [("↑ " if self._above else " " * MARGIN, self._style("", "bold") if self._above else style)]
        for span in self._spans:
            column = self.columns[span.column]
            mark = ("▾" if self.reverse else "▴") if column.key == self.sorted_by else ""
            right = column.align == "right"
            title = f"{column.title} {mark}" if mark and len(column.title) + 2 <= span.width else column.title
            if mark and title == column.title:
                title = column.title[: max(0, span.width - 1)] + mark
            pieces.append((padded(title, span.width, right=right), style))
            pieces.append((" " * GAP, style))
        strip = Strip(Segment(text, piece) for text, piece in pieces)
        return strip.adjust_cell_length(self._width, style)

    def _nothing(self) -> str:
        if self.total_count:
            return f"nothing matches {self._filter.text!r} among {self.total_count:,}"
        return self.empty

    def _style(self, look: str, name: str) -> Style:
        """The style of a cell on a ground; kept, since Textual forgets its own at each repaint."""
        style = self._styles_of.get((look, name))
        if style is None:
            style = self._component(f"virtual-table--{look or 'row'}")
            if name:
                style += self.get_component_rich_style(f"virtual-table--{name}", partial=True, default=Style())
            self._styles_of[(look, name)] = style
        return style

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(name)

    def _texts(self, row: R) -> Mapping[str, object]:
        now = self._now()
        return {column.key: _cell(column, row, now).text for column in self.columns}

    def _forget(self) -> None:
        self._styles_of.clear()
        self._strips.clear()
        self._header = None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._forget()

    def on_mount(self) -> None:
        self.virtual_size = Size(self._width, len(self._rows) + 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._note_above(came=False)

    def on_resize(self) -> None:
        # A taller or shorter table shows another part of the rows; the selection stays in sight if it was.
        self._jump(round(self.scroll_y))

    # Keys and mouse

    def _select_at(self, index: int) -> None:
        row = self._rows.at(max(0, min(index, len(self._rows) - 1)))
        if row is None:
            return
        self._held = True
        index = self._rows.index(row.id) or 0
        moved = row.id != self._selected_id
        if moved:
            self._refresh_cells(self._selected_at - round(self.scroll_y) + 1, 0, self._width)
            self._selected_id = row.id
        self._selected_at = index
        top = round(self.scroll_y)
        target = min(max(top, index - self._page + 1), index)
        if target != top:
            self.scroll_to(y=target, animate=False, force=True)
        self._refresh_cells(index - round(self.scroll_y) + 1, 0, self._width)
        if moved:
            self.post_message(self.Highlighted(self, row))

    def action_move(self, rows: int) -> None:
        self._select_at(self._selected_at + rows)

    def action_page(self, pages: int) -> None:
        self._select_at(self._selected_at + pages * max(1, self._page - 1))

    def action_first(self) -> None:
        self._select_at(0)

    def action_last(self) -> None:
        self._select_at(len(self._rows) - 1)

    def action_open(self) -> None:
        if self.selected is not None:
            self.post_message(self.Opened(self, self.selected))

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            for span in self._spans:
                if span.start <= event.x - MARGIN < span.start + span.width + GAP and self.columns[span.column].sort:
                    self.sort_by(self.columns[span.column].key)
            return
        row = self._rows.at(round(self.scroll_y) + event.y - 1)
        if row is None:
            return
        self.select(row.id)
        if event.chain == 2:
            self.action_open()


def _cell(column: Column[R], row: R, now: float) -> Cell:
    cell = column.cell(row, now)
    return cell if isinstance(cell, Cell) else Cell(cell)
