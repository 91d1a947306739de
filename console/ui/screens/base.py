"""What every screen has: the lines around it, and its part in the flow from the world to the picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from console.client.replica import Changed
from console.ui.bars import Bar, Top, keys_line, shown_keys, sources_line, spread, title_line, top_line
from console.ui.freshness import entries, fitted
from console.ui.paint import MUTED, sign, tone
from console.ui.panes import inside
from console.ui.shown import ago, clock, fit
from console.world.interest import Look
from console.world.model import Source

if TYPE_CHECKING:
    from console.ui.app import QuarterdeckApp
    from console.ui.deck import Deck


class ConsoleScreen(Screen[None], inherit_bindings=False):
    """A screen of the console.

    A subclass gives `body`, `crumbs`, and where it needs them `sync`, `changed`, `looks`, `facts`, `tick`, `ageing`.
    """

    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self._seen = -1
        # A screen is styled as it is mounted. Textual begins at -1, which has every stylesheet read again for the first
        # screen of each mode (App._init_mode); after a change of theme the counts differ and it still does.
        self._css_update_count = 0
        self._top = Bar(id="top")
        self._banner = Bar(id="banner")
        self._title = Bar(id="title")
        self._sources = Bar(id="sources")
        self._keys = Bar(id="keys")

    @property
    def quarterdeck(self) -> QuarterdeckApp:
        return cast("QuarterdeckApp", self.app)

    @property
    def deck(self) -> Deck:
        return self.quarterdeck.deck

    def compose(self) -> ComposeResult:
        yield self._top
        yield self._banner
        yield self._title
        yield from self.body()
        yield self._sources
        yield self._keys

    # What a subclass says.

    def body(self) -> Iterable[Widget]:
        """The widgets between the title and the bar of sources."""
        return ()

    def crumbs(self) -> tuple[str, ...]:
        """Where one is: the mode, then the way to here."""
        return ()

    def facts(self) -> Content:
        """What stands at the right of the title."""
        return Content("")

    def sync(self) -> None:
        """Show the whole copy of the world anew: the screen was not in front for a while."""

    def changed(self, changed: Changed) -> None:
        """Show what changed: ids by topic, and under "link" how the connection stands."""

    def looks(self) -> frozenset[Look]:
        """What is looked at while this screen is in front."""
        return frozenset()

    def ageing(self) -> bool:
        """Whether a text in sight grows older by itself."""
        return self.chrome_ages()

    def tick(self, now: float) -> None:
        """Draw what grows older anew, where its text moved."""
        self.paint_bars(now)

    def panes(self) -> list[Widget]:
        """The panes that tab goes through, in its order; at a narrow width only the one in front is shown."""
        return []

    def back(self) -> bool:
        """Take one step back within the screen; False where there is none and the screen itself goes."""
        return False

    def copied(self) -> str:
        """The name of the selected thing."""
        return ""

    def link(self) -> str:
        """The web address of the selected thing."""
        return ""

    # The flow.

    def on_mount(self) -> None:
        self.bindings_updated_signal.subscribe(self, lambda _: self.paint_keys())

    def on_screen_resume(self) -> None:
        """In front again: catch up, if anything was missed."""
        if self._seen != self.deck.version:
            self._seen = self.deck.version
            self.sync()
        self.paint()
        self.quarterdeck.settle(self)

    def on_resize(self) -> None:
        self.call_after_refresh(self.paint)

    def take(self, changed: Changed) -> None:
        """The world changed while this screen is in front."""
        self._seen = self.deck.version
        self.changed(changed)
        self.paint()

    def move_pane(self, step: int) -> None:
        """To the next pane, or the one before."""
        panes = [pane for pane in self.panes() if not pane.has_class("-off")]
        if not panes:
            self.focus_next() if step > 0 else self.focus_previous()
            return
        at = next((i for i, pane in enumerate(panes) if inside(self.focused, pane)), -step)
        self.bring(panes[(at + step) % len(panes)])

    def bring(self, pane: Widget) -> None:
        """Put a pane in front and the focus into it."""
        for other in self.panes():
            other.set_class(other is pane, "-front")
        target = pane if pane.can_focus else next((w for w in pane.query("*") if w.can_focus and w.display), pane)
        target.focus()

    # The lines around it.

    def paint(self) -> None:
        if not self.is_mounted or not self.size.width:
            return
        self.paint_bars(self.deck.clock.now())
        self.paint_title()
        self.paint_keys()

    def paint_bars(self, now: float) -> None:
        deck, width = self.deck, self.size.width
        agent = deck.agent
        self._top.show(
            top_line(
                Top(
                    organisation=agent.organisation if agent else "",
                    mode=self.quarterdeck.current_mode,
                    badges=deck.badges,
                    demo=deck.demo,
                    who=f"{agent.mode} agent" if agent else "",
                    limits="no paging" if agent and agent.mode == "personal" else "",
                    ascii=deck.ascii,
                ),
                width,
            )
        )
        self._paint_banner(now, width)
        self._paint_sources(now, width)

    def _paint_banner(self, now: float, width: int) -> None:
        link = self.deck.link
        lost = link.state == "lost"
        if self._banner.display != lost:
            self._banner.display = lost
        if not lost:
            return
        why = f": {link.error}" if link.error else ""
        hint = f"  {link.hint}" if link.hint else ""
        left = f" {sign('stale', ascii=self.deck.ascii)} no agent for {ago(now - link.since)}{why}"
        right = "what you see is from then; trying again "
        self._banner.show(spread(Content(fit(left + hint, width - len(right) - 2)), Content(right), width))

    def _paint_sources(self, now: float, width: int) -> None:
        deck = self.deck
        sources = deck.replica.all(Source)
        if deck.link.state == "lost" and sources:
            # How fresh a source is only the agent knows.
            text = f"{sign('stale', ascii=deck.ascii)} all facts as of {ago(now - deck.link.since)} ago, {clock(deck.link.since, now=now)}"
            self._sources.show(Content.styled(f" {text}", tone("stale")))
            return
        if not sources:
            words = {
                "connecting": "connecting to the agent",
                "live": "no sources: the settings name none",
                "lost": "no agent",
            }
            text = words[deck.link.state]
            self._sources.show(
                spread(Content.assemble(" ", (f"{sign('queued', ascii=deck.ascii)} {text}", MUTED)), Content(""), width)
            )
            return
        shown, left = fitted(sources, now, width - 2)
        self._sources.show(sources_line(shown, left, width, ascii=deck.ascii))

    def paint_title(self) -> None:
        self._title.show(title_line(self.crumbs(), self.facts(), self.size.width))

    def paint_keys(self) -> None:
        if not self.is_mounted or not self.size.width:
            return
        ids = [active.binding.id for active in self.active_bindings.values() if active.binding.id and active.enabled]
        if len(self.app.screen_stack) == 1 and not self.can_go_back():
            ids = [key_id for key_id in ids if key_id != "back"]
        self._keys.show(keys_line(shown_keys(ids), self.size.width))

    def can_go_back(self) -> bool:
        """Whether esc would do something on the first screen of a mode."""
        return False

    def chrome_ages(self) -> bool:
        now = self.deck.clock.now()
        return self.deck.link.state == "lost" or any(e.ages for e in entries(self.deck.replica.all(Source), now))
