"""A mode that is one list, or several of which one is in front."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from console.client.replica import Changed
from console.ui import keys
from console.ui.bars import clickable, spread
from console.ui.empty import nothing
from console.ui.paint import CRUMB, MUTED, STRONG
from console.ui.panes import ListPane
from console.ui.screens.base import ConsoleScreen
from console.ui.widgets.table import VirtualTable
from console.world.model import Record, Source


@dataclass(frozen=True)
class Listing:
    """One list of a mode."""

    title: str
    make: Callable[[], ListPane[Any]]
    source: str
    """The kind of the sources that feed it."""


class ListsScreen(ConsoleScreen):
    """Several lists; `[` and `]` move between them. Only the list in front is fed; another catches up when it comes."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("tabs")]
    TITLE_OF_MODE: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._listings = self.listings()
        self._made: dict[int, ListPane[Any]] = {}
        self._fed: dict[int, int] = {}
        """The version of the world each list shows."""
        self._at = 0

    def listings(self) -> list[Listing]:
        raise NotImplementedError

    def body(self) -> Iterable[Widget]:
        self._made[0] = self._listings[0].make()
        yield self._made[0]

    @property
    def pane(self) -> ListPane[Any]:
        """The list in front."""
        return self._made[self._at]

    def sync(self) -> None:
        self._fed[self._at] = self.deck.version
        self.pane.sync(self.deck.replica)
        self._say()

    def changed(self, changed: Changed) -> None:
        self._fed[self._at] = self.deck.version
        self.pane.changed(changed, self.deck.replica)
        if "link" in changed or "sources" in changed:
            self._say()

    def _say(self) -> None:
        sources = self.deck.replica.all(Source)
        self.pane.say(nothing(self.deck.link, sources, self._listings[self._at].source, self.pane.fine))

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._fed[self._at] = self.deck.version

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's own
        return len(self._listings) > 1 if action == "tab" else True

    async def action_tab(self, step: int) -> None:
        if len(self._listings) < 2:
            return
        self.pane.display = False
        self._at = (self._at + step) % len(self._listings)
        if self._at not in self._made:
            self._made[self._at] = self._listings[self._at].make()
            await self.mount(self._made[self._at], before="#sources")
        self.pane.display = True
        if self._fed.get(self._at) != self.deck.version:
            self.sync()
        self.pane.table.focus()
        self.paint()
        self.quarterdeck.settle(self)

    def paint_title(self) -> None:
        if len(self._listings) < 2:
            super().paint_title()
            return
        parts: list[Content | str | tuple[str, str]] = [" ", (self.TITLE_OF_MODE, MUTED), (CRUMB, MUTED)]
        for i, listing in enumerate(self._listings):
            tab = Content.styled(listing.title, f"{STRONG} underline" if i == self._at else MUTED)
            parts += [clickable(tab, f"screen.tab({i - self._at})"), "  "]
        width = self.size.width
        strip = Content.assemble(*parts)
        if strip.cell_length > width - 12:
            title = self._listings[self._at].title
            strip = Content.assemble(" ", (self.TITLE_OF_MODE, MUTED), (CRUMB, MUTED), (title, STRONG), (" [ ]", MUTED))
        self._title.show(spread(strip, Content.assemble(self.facts(), " "), width))

    def crumbs(self) -> tuple[str, ...]:
        return (self.TITLE_OF_MODE,)

    def facts(self) -> Content:
        return self.pane.summary()

    def ageing(self) -> bool:
        table = self.pane.table
        return self.chrome_ages() or (table.shown_count > 0 and any(column.ages for column in table.columns))

    def tick(self, now: float) -> None:
        super().tick(now)
        self.pane.table.tick()

    def back(self) -> bool:
        return self.pane.clear_filter()

    def can_go_back(self) -> bool:
        return self.pane.filtering

    def selected(self) -> Record | None:
        record = self.pane.table.selected
        return record if isinstance(record, Record) else None

    def copied(self) -> str:
        record = self.selected()
        return str(getattr(record, "name", "") or getattr(record, "id", "")) if record else ""

    def link(self) -> str:
        return str(getattr(self.selected(), "url", ""))

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        event.stop()
        if isinstance(event.record, Record):
            self.quarterdeck.open_record(event.record.topic, event.record.id)

    @on(ListPane.Counted)
    def _counted(self) -> None:
        self.paint_title()
        self.paint_keys()
