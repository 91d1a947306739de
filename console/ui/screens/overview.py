"""Overview: is it all right, what changed, what needs me."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual import on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from console.alerts.model import Alert
from console.client.replica import Changed
from console.fleet.model import Container, Host
from console.monitoring.model import Panel, Series
from console.needs import ASKING, Need, need_of, runs_needing
from console.needs import needs as all_needs
from console.pipelines.model import Run, run_word
from console.ui.bars import Bar, spread
from console.ui.columns.pipelines import under_way
from console.ui.columns.world import needs
from console.ui.empty import unknown, waiting
from console.ui.paint import MUTED, STRONG, sign, tone
from console.ui.panes import ListPane
from console.ui.screens.base import ConsoleScreen
from console.ui.standing import alert_counts, container_counts, run_counts
from console.ui.widgets.table import VirtualTable
from console.words import StateWord
from console.world.interest import Look
from console.world.model import Source

HIGH = 34
"""Rows from which a trend may have two of them and leave enough for what needs a person."""
STRIP = 4
"""Panels in the strip of the last hour: more pushes what needs a person out of 24 rows."""


class OverviewScreen(ConsoleScreen):
    def __init__(self) -> None:
        super().__init__()
        self._needs_title = Bar(classes="heading")
        self._runs_title = Bar(classes="heading")
        self._strip_title = Bar(classes="heading", id="strip-title")
        self._strip = [Bar(classes="trend") for _ in range(STRIP * 2)]
        self._counts = Bar(id="counts")
        self._shown_runs: set[str] = set()

    def body(self) -> Iterable[Widget]:
        now, ascii_ = self.deck.clock.now, self.deck.ascii
        self._needs: ListPane[Any] = ListPane(
            needs(ascii=ascii_), now=now, rank=lambda n: n.rank, id="needs", empty=self._calm()
        )
        self._runs: ListPane[Run] = ListPane(
            under_way(ascii=ascii_), now=now, kind=Run, only=_under_way, rank=lambda r: (-(r.started_at or 0.0), r.id),
            id="under-way", empty="Nothing is running.",
        )  # fmt: skip
        yield Horizontal(
            Vertical(self._needs_title, self._needs, classes="pane -front", id="left"),
            Vertical(self._runs_title, self._runs, classes="pane", id="right"),
            id="upper",
        )
        yield self._strip_title
        yield from self._strip
        yield self._counts

    def _calm(self) -> str:
        """What stands where nothing needs a person: calm only where something is known."""
        sources = self.deck.replica.all(Source)
        if text := unknown(self.deck.link):
            return text
        if not sources:
            return "Nothing is watched: the settings name no sources. quarterdeck init finds what there is."
        return waiting(sources) or f"{sign('ok', ascii=self.deck.ascii)} Nothing needs you."

    def _say_calm(self) -> None:
        self._needs.say(self._calm())
        self._runs.say(unknown(self.deck.link) or self._runs.fine)

    def panes(self) -> list[Widget]:
        return [self.query_one("#left"), self.query_one("#right")]

    def crumbs(self) -> tuple[str, ...]:
        return ("Overview",)

    def facts(self) -> Content:
        agent = self.deck.agent
        return Content.styled(f"{agent.mode} agent {agent.version} on {agent.host}" if agent else "", MUTED)

    # The world.

    def sync(self) -> None:
        replica, now = self.deck.replica, self.deck.clock.now()
        self._say_calm()
        found = all_needs(replica, now)
        self._shown_runs = {need.id for need in found if need.topic == Run.topic}
        self._needs.table.set_rows(found)
        self._runs.sync(replica)
        self._paint_lower()

    def changed(self, changed: Changed) -> None:
        replica, now = self.deck.replica, self.deck.clock.now()
        rows: dict[str, Need | None] = {}
        for kind in ASKING:
            for record_id in changed.get(kind.topic, ()):
                record = replica.get(kind, record_id)
                rows[f"{kind.topic}:{record_id}"] = need_of(record) if record else None
        if "runs" in changed:
            # One run can make another's failure a thing of the past.
            wanted = {need.id: need for need in runs_needing(replica.all(Run), now)}
            rows.update(dict.fromkeys((row_id for row_id in self._shown_runs if row_id not in wanted), None))
            rows.update(wanted)
            self._shown_runs = set(wanted)
        if rows:
            self._needs.table.apply(rows)
        if "link" in changed or "sources" in changed:
            self._say_calm()
        self._runs.changed(changed, replica)
        self._paint_lower()

    def looks(self) -> frozenset[Look]:
        return frozenset(("series", panel.id) for panel in self._first_panels())

    def _first_panels(self) -> list[Panel]:
        return self.deck.replica.all(Panel)[:STRIP]

    # What stands below.

    def _paint_lower(self) -> None:
        if not self.size.width:
            return
        deck, width = self.deck, self.size.width
        left, right = self.query_one("#left"), self.query_one("#right")
        self._needs_title.show(_heading("Needs you", self._needs.table.total_count, left.size.width))
        self._runs_title.show(_heading("Under way", self._runs.table.total_count, right.size.width))
        panels = self._first_panels()
        series = [deck.replica.get(Series, panel.id) for panel in panels]
        if panels:
            self._paint_trends(panels, series)
        self._strip_title.display = bool(panels)
        for bar in self._strip if not panels else ():
            bar.display = False
        self._counts.show(self._standing(width))

    def _paint_trends(self, panels: list[Panel], series: list[Series | None]) -> None:
        from console.ui.trends import Trend, Window, axis_line, trend_rows  # loaded with the first panel

        deck, width = self.deck, self.size.width
        window = Window.of(series)
        height = 2 if self.size.height >= HIGH else 1
        rows: list[Content] = []
        for panel, its in zip(panels, series, strict=True):
            rows += trend_rows(Trend.of(panel, its), window, width, height, ascii=deck.ascii)
        self._strip_title.show(axis_line(window, width) if window else Content.styled(" Last hour", STRONG))
        for i, bar in enumerate(self._strip):
            bar.display = i < len(rows)
            if bar.display:
                bar.show(rows[i])

    def _standing(self, width: int) -> Content:
        """Pipelines, fleet and alerts in figures."""
        deck = self.deck
        if not deck.replica.all(Source):
            # No figure is known, not even nought.
            return Content("")
        replica, ascii_ = deck.replica, deck.ascii

        def counts(pairs: Iterable[tuple[StateWord, int]]) -> list[Content | str | tuple[str, str]]:
            parts: list[Content | str | tuple[str, str]] = []
            for word, n in pairs:
                parts += [" ", (f"{sign(word, ascii=ascii_)} {n:,}", tone(word) if word != "ok" else "")]
            return parts

        hosts = len(replica.all(Host))
        runs = counts(run_counts(replica.all(Run), deck.clock.now()))
        containers = counts(container_counts(replica.all(Container)))
        standing = alert_counts(replica.all(Alert))
        line = Content("")
        # Words go before figures do.
        for named, gap in ((True, "     "), (True, "  "), (False, "   "), (False, " ")):
            firing: list[Content | str | tuple[str, str]] = []
            if named:
                for word, name, n in standing:
                    firing += [" ", (f"{sign(word, ascii=ascii_)} {n:,}", tone(word)), (f" {name}", MUTED)]
            else:
                # Without their names two severities of one sign would be two figures that nobody can tell apart.
                sums: dict[StateWord, int] = {}
                for word, _, n in standing:
                    sums[word] = sums.get(word, 0) + n
                firing = counts(sums.items())
            fleet = f"Fleet {hosts} host{'' if hosts == 1 else 's'}" if named else "Fleet"
            groups = [
                Content.assemble(("Pipelines 24h" if named else "Runs 24h", MUTED), *(runs or [(" none", MUTED)])),
                Content.assemble((fleet, MUTED), *containers),
                Content.assemble(("Alerts", MUTED), *(firing or [(" none", MUTED)])),
            ]
            line = Content.assemble(" ", Content(gap).join(groups))
            if line.cell_length <= width:
                break
        return spread(line, Content(""), width)

    def paint(self) -> None:
        super().paint()
        if self.is_mounted:
            self._paint_lower()

    def ageing(self) -> bool:
        return self.chrome_ages() or self._needs.table.shown_count > 0 or self._runs.table.shown_count > 0

    def tick(self, now: float) -> None:
        super().tick(now)
        self._needs.table.tick()
        self._runs.table.tick()

    # Keys.

    def back(self) -> bool:
        return self._needs.clear_filter() or self._runs.clear_filter()

    def can_go_back(self) -> bool:
        return self._needs.filtering or self._runs.filtering

    def copied(self) -> str:
        need = self._needs.table.selected
        return need.what if isinstance(need, Need) else ""

    @on(VirtualTable.Opened)
    def _opened(self, event: VirtualTable.Opened) -> None:
        event.stop()
        if isinstance(event.record, Need):
            self.quarterdeck.open_record(event.record.topic, event.record.record_id)
        elif isinstance(event.record, Run):
            self.quarterdeck.open_record(Run.topic, event.record.id)


def _under_way(run: Run) -> bool:
    return run_word(run.status, run.conclusion) in ("running", "queued")


def _heading(title: str, count: int, width: int) -> Content:
    return spread(
        Content.assemble(" ", (title, STRONG), (f"  {count}" if count else "", MUTED)), Content(""), max(1, width)
    )
