"""The application: one copy of the world, fed by a port, and the screens that show it.

Batches arrive on the port's thread and are posted to the loop. They are applied at most five times a second; the
screen in front is told which records changed, and hidden ones catch up when they come back. With no change nothing
wakes the loop, but for a slow tick while an age is in sight.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual._compositor import ChopsUpdate
from textual.app import App
from textual.message import Message

from console.client.replica import Batch
from console.settings.model import Ui
from console.ui import keys, themes
from console.ui.deck import Deck
from console.ui.plain import PlainFilter
from console.ui.screens.base import ConsoleScreen
from console.ui.trim import CellsUpdate
from console.ui.widgets.ascii import AsciiFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType
    from textual._path import CSSPathType
    from textual.binding import BindingType
    from textual.command import Provider
    from textual.filter import LineFilter
    from textual.screen import Screen
    from textual.timer import Timer

    from console.client.port import Port
    from console.clock import Clock

APPLY_EVERY_S = 0.2
"""Five times a second: faster than that nobody reads, and each repaint is bytes over SSH."""
GREETING_S = 20.0
"""Long enough to read two lines and look around meanwhile."""
HANG_UP_S = 3.0
"""How long the loop may take to end after the terminal is gone; a clean end takes a fifth of a second."""
TICK_S = 10.0
"""How often ages in sight are drawn anew: an age of minutes is never more than ten seconds wrong."""


class BatchesArrived(Message, bubble=False):
    """Batches wait to be applied."""


def _overview() -> Screen[None]:
    from console.ui.screens.overview import OverviewScreen  # a mode is loaded when it is shown

    return OverviewScreen()


def _pipelines() -> Screen[None]:
    from console.ui.screens.pipelines import PipelinesScreen  # as above

    return PipelinesScreen()


def _fleet() -> Screen[None]:
    from console.ui.screens.fleet import FleetScreen  # as above

    return FleetScreen()


def _metrics() -> Screen[None]:
    from console.ui.screens.metrics import MetricsScreen  # as above

    return MetricsScreen()


def _alerts() -> Screen[None]:
    from console.ui.screens.alerts import AlertsScreen  # as above

    return AlertsScreen()


def _commands() -> type[Provider]:
    from console.ui.commands import KeyCommands  # the palette is loaded when it is opened

    return KeyCommands


class QuarterdeckApp(App[None], inherit_bindings=False):
    """The console. `port` is all it knows of an agent."""

    TITLE = "Quarterdeck"
    CSS_PATH: ClassVar[CSSPathType | None] = ["styles/widgets.tcss", "styles/app.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("everywhere")]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {
        "overview": _overview,
        "pipelines": _pipelines,
        "fleet": _fleet,
        "metrics": _metrics,
        "alerts": _alerts,
    }
    DEFAULT_MODE = "overview"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_commands}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-broad")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]

    def __init__(
        self, port: Port, *, clock: Clock, ui: Ui | None = None, demo: bool = False, greeting: str = ""
    ) -> None:
        """`greeting` is shown once, when the first picture stands."""
        ui = ui or Ui()
        super().__init__()
        self._greeting = greeting
        self.animation_level = "none"
        # Before the first stylesheet is read: a theme set later has all of them read again.
        loaded, self._broken_themes = themes.load()
        for theme in loaded:
            self.register_theme(theme)
        known = ui.theme in self.available_themes
        self.set_reactive(App.theme, ui.theme if known else themes.FALLBACK)
        self._theme_known = known
        self.stylesheet.set_variables(self.get_css_variables())
        self.deck = Deck(port, clock, ui, demo_asked=demo)
        self._inbox: deque[Batch] = deque()
        self._pause: Timer | None = None
        self._ticker: Timer | None = None

    # The world.

    def on_mount(self) -> None:
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            # The terminal is gone or somebody asks us to go: leave as by the key.
            loop.add_signal_handler(signal.SIGTERM, self.exit)
            loop.add_signal_handler(signal.SIGHUP, self._hung_up)
        self.call_after_refresh(self._begin)

    def _hung_up(self) -> None:
        """The terminal is gone: leave, and never stay behind as a process that nobody sees."""
        nothing = os.open(os.devnull, os.O_RDWR)
        # What is still drawn goes nowhere: a write to a dead terminal ends the driver's thread, and waiting for that
        # thread would hold the loop for ever.
        for fd in (0, 1, 2):
            os.dup2(nothing, fd)
        threading.Thread(target=self._leave, daemon=True, name="hang-up").start()
        self.exit()

    def _leave(self) -> None:
        """End the process where the loop could not."""
        time.sleep(HANG_UP_S)
        self.deck.port.close()
        os._exit(0)

    def _begin(self) -> None:
        """The first picture stands: now connect."""
        gc.enable()
        gc.freeze()
        self.deck.port.start(self.deliver)
        if self._broken_themes or not self._theme_known:
            # Says what is wrong with them.
            themes.register(cast("App[object]", self), self.deck.ui.theme)
        if self._greeting:
            self.notify(self._greeting, timeout=GREETING_S, markup=False)
        if screen := self.front:
            self.deck.look(screen.looks())

    def deliver(self, batch: Batch) -> None:
        """Take a batch from any thread. Returns at once."""
        self._inbox.append(batch)
        if len(self._inbox) == 1:
            self.post_message(BatchesArrived())

    def on_batches_arrived(self) -> None:
        if self._pause is None:
            self.apply_batches()

    def apply_batches(self) -> None:
        """Apply what has arrived, tell the screen in front, and hold the next back for a fifth of a second."""
        batches = [self._inbox.popleft() for _ in range(len(self._inbox))]
        if not batches:
            return
        self._pause = self.set_timer(APPLY_EVERY_S, self._resume)
        changed = self.deck.apply(batches)
        if changed and (screen := self.front):
            screen.take(changed)
            self.settle(screen)

    def _resume(self) -> None:
        self._pause = None
        self.apply_batches()

    @property
    def front(self) -> ConsoleScreen | None:
        """The console screen one sees, also under the palette."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, ConsoleScreen):
                return screen
        return None

    def settle(self, screen: ConsoleScreen) -> None:
        """After `screen` was shown or changed: say what is looked at, and tick only while an age is in sight."""
        if screen is not self.front:
            return
        self.deck.look(screen.looks())
        if screen.ageing() and self._ticker is None:
            self._ticker = self.set_interval(TICK_S, self.tick)
        elif not screen.ageing() and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def tick(self) -> None:
        """Draw the ages in sight anew, where their text moved."""
        if screen := self.front:
            screen.tick(self.deck.clock.now())

    # Keys that work everywhere.

    def action_mode(self, mode: str) -> None:
        """To a mode, and to its first screen where one is in it already."""
        if mode == self.current_mode:
            while len(self.screen_stack) > 1:
                self.pop_screen()
        else:
            self.switch_mode(mode)

    async def action_back(self) -> None:
        screen = self.screen
        if isinstance(screen, ConsoleScreen) and screen.back():
            return
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def action_pane(self, step: int) -> None:
        if isinstance(self.screen, ConsoleScreen):
            self.screen.move_pane(step)
        elif step > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def action_help(self) -> None:
        from console.ui.screens.help import HelpScreen  # loaded when it is asked for

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_sources(self) -> None:
        from console.ui.screens.sources import SourcesScreen  # loaded when it is asked for

        if not isinstance(self.screen, SourcesScreen):
            self.push_screen(SourcesScreen())

    def action_copy(self) -> None:
        screen = self.front
        text = screen.copied() if screen else ""
        if not text:
            self.notify("Nothing is selected that has a name.", markup=False)
            return
        self.copy_to_clipboard(text)
        # OSC 52 has no answer: whether the terminal took it cannot be known, so the text is shown.
        self.notify(text, title="Sent to the terminal's clipboard", markup=False)

    def action_link(self) -> None:
        screen = self.front
        link = screen.link() if screen else ""
        if not link:
            self.notify("The selected thing has no web address.", markup=False)
            return
        self.copy_to_clipboard(link)
        self.notify(link, title="Its web address, sent to the terminal's clipboard", markup=False)

    def action_how_to_quit(self) -> None:
        self.notify("ctrl+q closes this screen. The agent goes on without it.", title="Nothing was ended", markup=False)

    def open_record(self, topic: str, record_id: str) -> None:
        """Show the detail of a record on top of the current screen."""
        from console.ui.screens.details import detail  # loaded when the first detail is opened

        screen = detail(topic, record_id)
        if screen is not None:
            self.push_screen(screen)

    # How it looks.

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, CellsUpdate.of(renderable) if isinstance(renderable, ChopsUpdate) else renderable)

    def get_line_filters(self) -> Sequence[LineFilter]:
        ours: list[LineFilter] = [PlainFilter(), AsciiFilter()] if self.deck.ascii else [PlainFilter()]
        return [*super().get_line_filters(), *ours]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        # A theme that knows nothing of our states gets those that can be read on its ground.
        ours = themes.DEFAULTS if self.current_theme.dark else themes.defaults("quarterdeck-light")
        return {**ours, "demo": "#5fd7c7", "demo-text": "#10201d"}
