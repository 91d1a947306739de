"""Every source, and what it says of itself."""

from __future__ import annotations

from typing import ClassVar

from console.ui.columns import world
from console.ui.panes import ListPane
from console.ui.screens.lists import Listing, ListsScreen
from console.world.model import Source


class SourcesScreen(ListsScreen):
    TITLE_OF_MODE: ClassVar[str] = "Sources"

    def listings(self) -> list[Listing]:
        return [Listing("sources", self._sources_pane, "")]

    def _sources_pane(self) -> ListPane[Source]:
        columns = world.sources(ascii=self.deck.ascii)
        return ListPane(
            columns, now=self.deck.clock.now, kind=Source, rank=world.source_rank, empty="The settings name no sources."
        )
