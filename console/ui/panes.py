"""A list with its filter, and a page of facts: what most screens are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from console.client.replica import Changed, Replica
from console.ui import keys
from console.ui.bars import Bar
from console.ui.facts import Section, facts_content
from console.ui.paint import MUTED, STRONG, tone
from console.ui.widgets.columns import Column
from console.ui.widgets.table import VirtualTable
from console.world.model import Record

R = TypeVar("R", bound=Record)


class ListTable(VirtualTable[Any]):
    """The table of a list pane, with the keys of a list."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("list")]

    asked: Callable[[], Awaitable[None]] | None = None
    """Opens the filter's line. Awaited by the key itself: what is typed right behind it does not act on the list."""

    async def action_filter(self) -> None:
        if self.asked is not None:
            await self.asked()

    def action_sort_next(self) -> None:
        """Sort by the next column that sorts; after the last one in the list's own order again."""
        sorting = [column.key for column in self.columns if column.sort]
        at = sorting.index(self.sorted_by) + 1 if self.sorted_by in sorting else 0
        self.sort_by(sorting[at] if at < len(sorting) else None, reverse=False)

    def action_sort_reverse(self) -> None:
        self.sort_by(self.sorted_by, reverse=not self.reverse)


class FilterInput(Input):
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("field")]

    class Kept(Message):
        """What was typed stays, and typing is over."""

    def action_keep(self) -> None:
        self.post_message(self.Kept())


class ListPane(Vertical, Generic[R]):
    """The records of one kind in a table, and the line to filter them."""

    class Counted(Message):
        """The number of rows, the filter or the order is another one: a title may say so."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        now: Callable[[], float],
        kind: type[R] | None = None,
        only: Callable[[R], bool] | None = None,
        rank: Callable[[R], Any] | None = None,
        fields: Callable[[R], Mapping[str, object]] | None = None,
        empty: str = "",
        id: str | None = None,  # noqa: A002  # Textual's own word
        classes: str | None = None,
    ) -> None:
        """`kind` is what `sync` and `changed` show; without it a screen feeds the table itself."""
        super().__init__(id=id, classes=classes)
        self.kind = kind
        self._only = only
        self.fine = empty
        """What it says where there is nothing, and nothing is wrong with that."""
        self.table = ListTable(columns, now=now, rank=rank, fields=fields, empty=empty)
        self.table.asked = self._ask
        self._field: FilterInput | None = None
        self._note = Bar(classes="note")
        self._line: Horizontal | None = None
        """The filter's line, made when the first filter is typed: most lists never have one."""

    def compose(self) -> ComposeResult:
        yield self.table

    def sync(self, replica: Replica) -> None:
        if self.kind is not None:
            self.table.set_rows(r for r in replica.all(self.kind) if self._only is None or self._only(r))

    def changed(self, changed: Changed, replica: Replica) -> None:
        if self.kind is None or not (ids := changed.get(self.kind.topic)):
            return
        rows: dict[str, R | None] = {}
        for record_id in ids:
            record = replica.get(self.kind, record_id)
            rows[record_id] = record if record is not None and (self._only is None or self._only(record)) else None
        self.table.apply(rows)

    def say(self, text: str) -> None:
        """What stands where there is no row."""
        if text != self.table.empty:
            self.table.empty = text
            self.table.refresh()

    def summary(self) -> Content:
        """How many, and how they are filtered and sorted."""
        table = self.table
        parts: list[Content | str | tuple[str, str]] = []
        if table.where_error:
            parts.append((f"{table.shown_count:,} of {table.total_count:,}, filter not understood", tone("failed")))
        elif table.where:
            parts.append((f"{table.shown_count:,} of {table.total_count:,} match {table.where}", tone("waiting")))
        else:
            parts.append((f"{table.total_count:,}", MUTED))
        if table.sorted_by:
            title = next(c.title or c.key for c in table.columns if c.key == table.sorted_by)
            parts.append((f"  by {title}{' reversed' if table.reverse else ''}", MUTED))
        return Content.assemble(*parts)

    # The filter line.

    async def _ask(self) -> None:
        if self._line is None or self._field is None:
            prompt = Bar(classes="prompt")
            self._field = FilterInput(
                placeholder="word  !word  field:value  field>2h  re:REGEX", compact=True, select_on_focus=False
            )
            self._field.cursor_blink = False
            self._line = Horizontal(prompt, self._field, self._note, classes="filter")
            await self.mount(self._line)
            prompt.show(Content.styled("/", STRONG))
        self._line.display = True
        # Not `focus`, which waits for its turn behind the keys that have come already.
        self.screen.set_focus(self._field)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.table.where = event.value
        self._explain()

    @on(FilterInput.Kept)
    def _kept(self, event: FilterInput.Kept) -> None:
        event.stop()
        self.table.focus()
        if self._line is not None:
            self._line.display = bool(self.table.where)

    @on(VirtualTable.FilterChanged)
    @on(VirtualTable.SortChanged)
    def _counted(self) -> None:
        self.post_message(self.Counted())

    def _explain(self) -> None:
        error = self.table.where_error
        if error is None:
            self._note.show(Content.styled(f"{self.table.shown_count:,} of {self.table.total_count:,}", MUTED))
        else:
            self._note.show(Content.styled(error.message, tone("failed")))

    def clear_filter(self) -> bool:
        """Drop the filter; False where there is none."""
        if not self.filtering or self._line is None or self._field is None:
            return False
        self._field.value = ""
        self.table.where = ""
        self._line.display = False
        self.table.focus()
        return True

    @property
    def filtering(self) -> bool:
        return bool(self.table.where) or (self._line is not None and self._line.display)


class FactsPane(VerticalScroll, can_focus=True):
    """A page of labelled facts; it scrolls where it is longer than its place."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # as above
        super().__init__(id=id, classes=classes)
        self._text = Static("", markup=False)
        self._sections: Sequence[Section] = ()
        self._drawn: tuple[Sequence[Section], int] | None = None

    def compose(self) -> ComposeResult:
        yield self._text

    def show(self, sections: Sequence[Section]) -> None:
        self._sections = sections
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.scrollable_content_region.width
        if width > 0 and self._drawn != (self._sections, width):
            self._drawn = (self._sections, width)
            self._text.update(facts_content(self._sections, width))

    @property
    def plain(self) -> str:
        content = self._text.content
        return content.plain if isinstance(content, Content) else str(content)


def inside(widget: Widget | None, pane: Widget) -> bool:
    return widget is not None and (widget is pane or pane in widget.ancestors)
