"""The detail of a record: which screen shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from textual.content import Content
from textual.widget import Widget

from console.alerts.model import Alert, Silence
from console.client.replica import Changed
from console.fleet.model import Container, Host, Image, Network, Volume
from console.monitoring.model import Panel, Rule, Target
from console.pipelines.model import Run
from console.ui.facts import Section
from console.ui.paint import MUTED, state
from console.ui.panes import FactsPane
from console.ui.screens.base import ConsoleScreen
from console.words import StateWord
from console.world.model import Notice, Record, Source

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R", bound=Record)


def detail(topic: str, record_id: str) -> ConsoleScreen | None:
    """The screen for a record; None where its topic has none."""
    match topic:
        case Run.topic:
            from console.ui.screens.run import RunScreen  # loaded when it is opened

            return RunScreen(record_id)
        case Container.topic:
            from console.ui.screens.container import ContainerScreen  # as above

            return ContainerScreen(record_id)
        case Panel.topic:
            from console.ui.screens.panel import PanelScreen  # as above

            return PanelScreen(record_id)
        case Alert.topic:
            from console.ui.screens.alert import AlertScreen  # as above

            return AlertScreen(record_id)
    from console.ui.screens import pages  # as above

    kinds: dict[str, tuple[type[Record], Callable[..., pages.Page]]] = {
        Source.topic: (Source, pages.source),
        Notice.topic: (Notice, pages.notice),
        Host.topic: (Host, pages.host),
        Image.topic: (Image, pages.image),
        Network.topic: (Network, pages.network),
        Volume.topic: (Volume, pages.volume),
        Rule.topic: (Rule, pages.rule),
        Target.topic: (Target, pages.target),
        Silence.topic: (Silence, pages.silence),
    }
    if topic not in kinds:
        return None
    kind, page = kinds[topic]
    return PageScreen(kind, record_id, page)


class PageScreen(ConsoleScreen, Generic[R]):
    """A record as a page of facts."""

    def __init__(
        self,
        kind: type[R],
        record_id: str,
        page: Callable[..., tuple[tuple[str, ...], StateWord, str, Sequence[Section]]],
    ) -> None:
        super().__init__()
        self._kind = kind
        self._record_id = record_id
        self._page = page
        self._record: R | None = None
        self._facts = FactsPane(id="page")

    def body(self) -> Iterable[Widget]:
        yield self._facts

    def sync(self) -> None:
        # What is gone from the world stays on the screen as it was last seen, and the title says so.
        self._record = self.deck.replica.get(self._kind, self._record_id) or self._record
        self._show()

    def changed(self, changed: Changed) -> None:
        if self._record_id in changed.get(self._kind.topic, ()):
            self.sync()

    def _show(self) -> None:
        if self._record is not None:
            self._facts.show(self._page(self._record, self.deck.clock.now())[3])

    def crumbs(self) -> tuple[str, ...]:
        if self._record is None:
            return (self._kind.__name__.lower(), self._record_id)
        return self._page(self._record, self.deck.clock.now())[0]

    def facts(self) -> Content:
        if self._record is None or self.deck.replica.get(self._kind, self._record_id) is None:
            return Content.styled("gone", MUTED)
        _, word, text, _ = self._page(self._record, self.deck.clock.now())
        return state(word, text, ascii=self.deck.ascii)

    def ageing(self) -> bool:
        return True

    def tick(self, now: float) -> None:
        super().tick(now)
        self._show()
        self.paint_title()

    def copied(self) -> str:
        return self._record_id

    def link(self) -> str:
        return str(getattr(self._record, "url", "") or "")
