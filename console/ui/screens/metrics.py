"""Metrics: panels in a grid, a page of them at a time, so that only what is seen is asked for (R45)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from console.client.replica import Changed
from console.monitoring.model import Panel, Series
from console.text import clean
from console.ui import keys
from console.ui.bars import Bar, clickable, spread
from console.ui.empty import nothing
from console.ui.paint import ACCENT, CRUMB, MUTED, STRONG, sign, tone
from console.ui.screens.base import ConsoleScreen
from console.ui.shown import fit
from console.ui.trends import Trend, chart_lines
from console.ui.widgets.chart import BrailleChart
from console.words import StateWord
from console.world.interest import Look
from console.world.model import Source

NO_PANELS = "No panels: write some under panels in the settings, or name packs of a Prometheus."
LEAST_WIDTH, LEAST_HEIGHT = 38, 7
"""Cells of a panel below which a chart with its axis says nothing any more."""


class PanelBox(Vertical):
    """One panel: a title with its newest value, and its chart."""

    def __init__(self) -> None:
        super().__init__(classes="panel-box")
        self.panel: Panel | None = None
        self._line = Bar(classes="panel-title")
        self._trouble = Bar(classes="panel-note")
        self._chart = BrailleChart(empty="", compact=True)
        self._note = Bar(classes="panel-note")
        self._drawn: tuple[Panel, Series | None] | None = None
        self._shown: tuple[Series | None, bool, bool] = (None, False, False)
        """Its series, whether it is selected, whether signs are ASCII."""

    def compose(self) -> ComposeResult:
        yield self._line
        yield self._trouble
        yield self._chart
        yield self._note

    def show(self, panel: Panel | None, series: Series | None, *, selected: bool, ascii: bool) -> None:  # noqa: A002  # the settings' word
        self.panel = panel
        self._shown = (series, selected, ascii)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        panel = self.panel
        series, selected, ascii_ = self._shown
        self.visible = panel is not None
        if panel is None:
            return
        trend = Trend.of(panel, series)
        width = self.size.width
        judged = trend.judged and trend.word != "ok" and not trend.trouble
        right = Content.styled(f"{sign(trend.word, ascii=ascii_)} {trend.word}" if judged else "", tone(trend.word))
        mark = ("> " if ascii_ else "▸ ") if selected else "  "
        title = fit(clean(panel.title), max(8, width - right.cell_length - 4))
        self._line.show(spread(Content.assemble((mark, ACCENT), (title, ACCENT if selected else STRONG)), right, width))
        # Above the chart only where there is none to push down; else in the row that parts it from the one below.
        self._trouble.display = bool(trend.trouble)
        self._trouble.show(_said(trend.word, trend.trouble, width, ascii=ascii_))
        warning = series.warnings[0] if series and series.warnings and not trend.trouble else ""
        self._note.show(_said("warning", warning, width, ascii=ascii_))
        if self._drawn == (panel, series):
            return
        self._drawn = (panel, series)
        if series is None:
            self._chart.show((), start=0.0, step_s=1.0, unit=clean(panel.unit, 12))
        else:
            lines = chart_lines(panel, series)
            if len(lines) == 1 and lines[0].name == clean(panel.title):
                lines = [lines[0]._replace(name="")]
            self._chart.show(lines, start=series.start, step_s=series.step_s or 1.0,
                             unit=clean(panel.unit, 12), warn=panel.warn, fail=panel.fail)  # fmt: skip


def _said(word: StateWord, text: str, width: int, *, ascii: bool) -> Content:  # noqa: A002  # as above
    return Content.styled(fit(f"  {sign(word, ascii=ascii)} {clean(text)}", width) if text else "", tone(word))


class PanelGrid(Widget, can_focus=True):
    """A page of panels; moving past its edge brings the next row."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("metrics")]

    class Opened(Message):
        """A panel was opened."""

        def __init__(self, panel_id: str) -> None:
            super().__init__()
            self.panel_id = panel_id

    class Moved(Message):
        """Another panel is selected, or other panels are in sight."""

    def __init__(self, *, ascii: bool) -> None:  # noqa: A002  # as above
        super().__init__()
        self._ascii = ascii
        self._panels: list[Panel] = []
        self._series: dict[str, Series] = {}
        self._columns = self._rows = 1
        self._first = 0
        """The row of panels at the top."""
        self._selected = 0

    def show(self, panels: list[Panel], series: dict[str, Series]) -> None:
        selected, before = self.selected, len(self._panels)
        self._panels, self._series = panels, series
        if len(panels) != before and self.size:
            self.call_next(self._lay_out, self.size)
        if selected is not None:
            ids = [panel.id for panel in panels]
            self._selected = ids.index(selected.id) if selected.id in ids else min(self._selected, max(0, len(ids) - 1))
        self._draw()

    @property
    def selected(self) -> Panel | None:
        return self._panels[self._selected] if self._selected < len(self._panels) else None

    @property
    def first(self) -> int:
        """Where the first panel in sight stands among all."""
        return self._first * self._columns

    @property
    def total(self) -> int:
        return len(self._panels)

    def in_sight(self) -> list[Panel]:
        return self._panels[self.first : self.first + self._columns * self._rows]

    async def on_resize(self, event: Resize) -> None:
        await self._lay_out(event.size)

    async def _lay_out(self, size: Size) -> None:
        columns = max(1, min(4, size.width // LEAST_WIDTH, max(1, len(self._panels))))
        # Fewer panels than there is room for share all of it.
        needed = -(-max(1, len(self._panels)) // columns)
        rows = max(1, min(4, size.height // LEAST_HEIGHT, needed))
        wanted = columns * rows
        boxes = list(self.query(PanelBox))
        if (columns, rows) != (self._columns, self._rows) or len(boxes) != wanted:
            self._columns, self._rows = columns, rows
            self.styles.grid_size_columns = columns
            self.styles.grid_size_rows = rows
            if len(boxes) < wanted:
                await self.mount_all(PanelBox() for _ in range(wanted - len(boxes)))
            for box in boxes[wanted:]:
                await box.remove()
        self._to_selected()
        self.call_after_refresh(self._draw)
        self.post_message(self.Moved())

    def _draw(self) -> None:
        seen = self.in_sight()
        chosen = self.selected
        for i, box in enumerate(self.query(PanelBox)):
            panel = seen[i] if i < len(seen) else None
            box.show(panel, self._series.get(panel.id) if panel else None,
                     selected=panel is not None and panel is chosen and self.has_focus, ascii=self._ascii)  # fmt: skip

    def _to_selected(self) -> None:
        row = self._selected // self._columns
        self._first = min(max(self._first, row - self._rows + 1), row)

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def action_move(self, step: int) -> None:
        if not self._panels:
            return
        self._selected = max(0, min(len(self._panels) - 1, self._selected + step))
        self._to_selected()
        self._draw()
        self.post_message(self.Moved())

    def action_row(self, step: int) -> None:
        self.action_move(step * self._columns)

    def action_page(self, step: int) -> None:
        self.action_move(step * self._columns * self._rows)

    def action_open(self) -> None:
        if self.selected is not None:
            self.post_message(self.Opened(self.selected.id))

    def on_click(self, event: Click) -> None:
        boxes = [box for box in self.query(PanelBox) if box.panel is not None]
        at = next((box for box in boxes if box.region.contains(event.screen_x, event.screen_y)), None)
        if at is None or at.panel is None:
            return
        self._selected = self._panels.index(at.panel)
        self._draw()
        self.post_message(self.Moved())
        if event.chain == 2:
            self.action_open()


class MetricsScreen(ConsoleScreen):
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("tabs")]

    def __init__(self) -> None:
        super().__init__()
        self._group = ""
        self._nothing = Bar(id="nothing")

    def body(self) -> Iterable[Widget]:
        self._grid = PanelGrid(ascii=self.deck.ascii)
        yield self._nothing
        yield self._grid

    def panes(self) -> list[Widget]:
        return [self._grid]

    def _groups(self) -> list[str]:
        """No group stands for all of them."""
        groups = list(dict.fromkeys(panel.group for panel in self.deck.replica.all(Panel) if panel.group))
        return ["", *groups] if len(groups) > 1 else [""]

    def sync(self) -> None:
        replica = self.deck.replica
        if self._group not in self._groups():
            self._group = ""
        panels = [panel for panel in replica.all(Panel) if not self._group or panel.group == self._group]
        self._grid.show(panels, {series.id: series for series in replica.all(Series)})
        self._nothing.display = not panels
        self._nothing.show(
            Content.styled(f"   {nothing(self.deck.link, replica.all(Source), 'prometheus', NO_PANELS)}", MUTED)
        )

    def changed(self, changed: Changed) -> None:
        if not {"panels", "series", "link", "sources"}.isdisjoint(changed):
            self.sync()

    def looks(self) -> frozenset[Look]:
        return frozenset(("series", panel.id) for panel in self._grid.in_sight())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's own
        return len(self._groups()) > 1 if action == "tab" else True

    def action_tab(self, step: int) -> None:
        groups = self._groups()
        if len(groups) < 2:
            return
        self._group = groups[(groups.index(self._group) + step) % len(groups)]
        self.sync()
        self.paint_title()
        self.quarterdeck.settle(self)

    def _first_tab(self, groups: list[str], at: int) -> int:
        """The first group that the title names, so that the one in front fits behind it."""
        room = self.size.width - len(" Metrics") - len(CRUMB) - 18
        first = 0
        while first < at - 1 and sum(len(fit(clean(g) or "all", 20)) + 2 for g in groups[first : at + 1]) > room:
            first += 1
        return first

    def paint_title(self) -> None:
        groups = self._groups()
        parts: list[Content | str | tuple[str, str]] = [" ", ("Metrics", MUTED if len(groups) > 1 else STRONG)]
        if len(groups) > 1:
            parts.append((CRUMB, MUTED))
            at = groups.index(self._group)
            # The group in front is always in sight, and one before it, that one sees there is a way back.
            first = self._first_tab(groups, at)
            if first:
                parts.append((f"+{first}  ", MUTED))
            for i in range(first, len(groups)):
                title = Content.styled(fit(clean(groups[i]) or "all", 20), f"{STRONG} underline" if i == at else MUTED)
                parts += [clickable(title, f"screen.tab({i - at})"), "  "]
        total, seen = self._grid.total, self._grid.in_sight()
        first = self._grid.first + 1
        where = f"{first}-{first + len(seen) - 1} of {total} " if total else ""
        self._title.show(spread(Content.assemble(*parts), Content.styled(where, MUTED), self.size.width))

    def copied(self) -> str:
        panel = self._grid.selected
        return panel.query if panel else ""

    @on(PanelGrid.Moved)
    def _moved(self) -> None:
        self.paint_title()
        self.quarterdeck.settle(self)

    @on(PanelGrid.Opened)
    def _opened(self, event: PanelGrid.Opened) -> None:
        self.quarterdeck.open_record(Panel.topic, event.panel_id)
