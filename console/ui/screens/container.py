"""A container: its facts, what it uses, and its log as it comes."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from console.client.replica import Changed
from console.fleet.model import Container, Stats, container_word
from console.needs import container_trouble
from console.ui.columns.fleet import container_state, ports, since
from console.ui.facts import Fact, Section
from console.ui.logpane import LogPane
from console.ui.paint import MUTED, STRONG, state
from console.ui.panes import FactsPane
from console.ui.screens.base import ConsoleScreen
from console.ui.screens.pages import pairs, when
from console.ui.shown import ago, number
from console.ui.widgets.chart import BrailleChart, ChartLine
from console.world.interest import Look


class ContainerScreen(ConsoleScreen):
    def __init__(self, record_id: str) -> None:
        super().__init__()
        self._record_id = record_id
        self._container: Container | None = None
        self._facts = FactsPane(id="left", classes="pane")
        self._cpu = BrailleChart(title="CPU", empty="waiting for data")
        self._memory = BrailleChart(title="Memory", empty="waiting for data")
        self._log = LogPane(empty="No lines yet.", id="log")
        self._lost = False

    def body(self) -> Iterable[Widget]:
        yield Horizontal(
            self._facts,
            Vertical(
                Horizontal(self._cpu, self._memory, id="uses"),
                self._log,
                classes="pane -front",
                id="right",
            ),
            id="halves",
        )

    def panes(self) -> list[Widget]:
        return [self.query_one("#right"), self._facts]

    def bring(self, pane: Widget) -> None:
        super().bring(pane)
        if pane.id == "right":
            self._log.view.focus()

    def on_mount(self) -> None:
        super().on_mount()
        self._log.view.focus()
        self._log.title(Content.styled(" Log", STRONG))
        self._log.read(self.deck.port, "containers", self._record_id, follow=True)

    def looks(self) -> frozenset[Look]:
        return frozenset({(Stats.topic, self._record_id)})

    def sync(self) -> None:
        self._container = self.deck.replica.get(Container, self._record_id) or self._container
        self._show()
        self._show_use()

    def changed(self, changed: Changed) -> None:
        if self._record_id in changed.get(Container.topic, ()):
            was = self._container
            self._container = self.deck.replica.get(Container, self._record_id) or self._container
            self._show()
            if was and self._container and was.started_at != self._container.started_at:
                # Started again: the log goes on.
                self._log.resume()
        if self._record_id in changed.get(Stats.topic, ()):
            self._show_use()
        link = self.deck.link
        if self._lost and link.state == "live":
            self._log.resume()
        self._lost = link.state == "lost"

    def _show(self) -> None:
        container, now = self._container, self.deck.clock.now()
        if container is None:
            return
        word = container_word(container)
        trouble = container_trouble(container) if word == "failed" else ""
        head = Section(
            "",
            (
                Fact("why", trouble, "failed"),
                Fact("health", container.health if container.health != "none" else ""),
                Fact("host", container.host),
                Fact("image", container.image),
                Fact("belongs to", "/".join(part for part in (container.project, container.service) if part)),
                Fact("started", when(container.started_at, now)),
                Fact("ended", when(container.finished_at, now) if container.state in ("exited", "dead") else ""),
                Fact("created", when(container.created_at, now)),
                Fact("restarts", f"{container.restarts}, policy {container.restart_policy or 'none'}"),
                Fact("ports", ports(container.ports)),
                Fact("networks", ", ".join(container.networks)),
                Fact("memory limit", number(container.memory_limit, "bytes") if container.memory_limit else "none"),
                Fact("command", container.command),
                Fact("health check", container.health_log if container.health_log != trouble else ""),
                Fact("id", container.id),
            ),
        )
        mounts = tuple(
            Fact(m.kind, f"{m.source} → {m.target}{'' if m.writable else ' (read only)'}") for m in container.mounts
        )
        self._facts.show([head, Section("Mounts", mounts), Section("Labels", pairs(container.labels))])

    def _show_use(self) -> None:
        stats = self.deck.replica.get(Stats, self._record_id)
        limit = (stats.memory_limit if stats else 0) or (self._container.memory_limit if self._container else 0)
        self._memory.title = f"Memory of {number(limit, 'bytes')}" if limit else "Memory"
        if stats and len(stats.at) > 1:
            step = (stats.at[-1] - stats.at[0]) / (len(stats.at) - 1) or 1.0
            self._cpu.show([ChartLine("", stats.cpu)], start=stats.at[0], step_s=step, unit="percent")
            self._memory.show(
                [ChartLine("", stats.memory)], start=stats.at[0], step_s=step, unit="bytes", fail=limit or None
            )

    def crumbs(self) -> tuple[str, ...]:
        container = self._container
        return ("Fleet", container.host, container.name) if container else ("Fleet", self._record_id)

    def facts(self) -> Content:
        container = self._container
        if container is None or self.deck.replica.get(Container, self._record_id) is None:
            return Content.styled("gone", MUTED)
        at = since(container)
        text = container_state(container)
        age = f" {ago(self.deck.clock.now() - at)}" if at is not None else ""
        return state(container_word(container), f"{text}{age}", ascii=self.deck.ascii)

    def ageing(self) -> bool:
        return True

    def tick(self, now: float) -> None:
        super().tick(now)
        self._show()
        self.paint_title()

    def back(self) -> bool:
        return self._log.clear_search()

    def copied(self) -> str:
        return self._container.name if self._container else ""
