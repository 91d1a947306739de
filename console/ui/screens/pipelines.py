"""Pipelines: the runs of all repositories."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content

from console.pipelines.model import Run
from console.ui.columns import pipelines
from console.ui.panes import ListPane
from console.ui.screens.lists import Listing, ListsScreen


class PipelinesScreen(ListsScreen):
    TITLE_OF_MODE: ClassVar[str] = "Pipelines"

    def listings(self) -> list[Listing]:
        return [Listing("runs", self._runs, "github")]

    def _runs(self) -> ListPane[Run]:
        return ListPane(
            pipelines.runs(ascii=self.deck.ascii),
            now=self.deck.clock.now,
            kind=Run,
            rank=pipelines.run_rank,
            fields=pipelines.run_fields,
            empty="No runs: nothing has started a workflow yet.",
        )

    def facts(self) -> Content:
        return Content.assemble(self.pane.summary(), (" runs", "$muted"))

    def copied(self) -> str:
        run = self.selected()
        return f"{run.repository} #{run.number} {run.sha}" if isinstance(run, Run) else ""
