"""A log with its search line, fed by a follower."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from console.client.port import Port
from console.ui import keys
from console.ui.bars import Bar, spread
from console.ui.follow import Follower
from console.ui.paint import MUTED, STRONG, tone
from console.ui.panes import FilterInput
from console.ui.widgets.log import LogView
from console.world.model import LogLine


class ConsoleLog(LogView):
    """The log of a log pane, with the key that searches."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("log")]

    class SearchAsked(Message):
        """Somebody wants to type a search."""

    def action_search(self) -> None:
        self.post_message(self.SearchAsked())


class LogPane(Vertical):
    class LinesArrived(Message, bubble=False):
        """Lines wait at the follower, or it has ended."""

        def __init__(self, follower: Follower) -> None:
            super().__init__()
            self.follower = follower

    def __init__(self, *, empty: str = "", id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__(id=id, classes=classes)
        self.view = ConsoleLog(empty=empty)
        self._heading = Bar(classes="heading")
        self._title = Content("")
        self._follower: Follower | None = None
        self._last_at: float | None = None
        self._wanted: tuple[float | None, bool] | None = None
        """Where to go when its lines are there: a time, and whether to the first error from then on."""
        self._what: tuple[Port, Literal["containers", "jobs"], str, bool] | None = None
        self._field = FilterInput(placeholder="text, or re:REGEX", compact=True, select_on_focus=False)
        self._field.cursor_blink = False
        self._note = Bar(classes="note")
        self._line = Horizontal(Bar(classes="prompt"), self._field, self._note, classes="filter")

    def compose(self) -> ComposeResult:
        yield self._heading
        yield self.view
        yield self._line

    def on_mount(self) -> None:
        self._line.display = False
        self._line.query_one(".prompt", Bar).show(Content.styled("/", STRONG))

    def read(self, port: Port, topic: Literal["containers", "jobs"], record_id: str, *, follow: bool) -> bool:
        """Show the log of a record from its last lines on; False where it is shown already."""
        if self._what == (port, topic, record_id, follow):
            return False
        self.stop()
        self.view.clear()
        self._last_at = None
        self._wanted = None
        self._what = (port, topic, record_id, follow)
        self._start()
        return True

    def seek(self, at: float | None, *, error: bool) -> None:
        """Show the log from a time on (seconds since 1970), or from the first error after it, as soon as it is there."""
        self._wanted = None if self.view.show_from(at, error=error) else (at, error)

    def resume(self) -> None:
        """Go on where it broke off, if it did; one that is followed goes on where it ended too."""
        follower = self._follower
        if self._what is None or follower is None or not follower.ended:
            return
        if follower.error is not None or self._what[3]:
            self._start()

    def _start(self) -> None:
        if self._what is None:
            return
        port, topic, record_id, follow = self._what
        # One microsecond on: `since` takes what is newer, and the last line is shown already.
        since = None if self._last_at is None else self._last_at + 1e-6
        tail = 0 if since is not None or not follow else 500
        self._follower = follower = Follower(
            port, topic, record_id, lambda: self._tell(follower), follow=follow, tail=tail, since=since
        )
        follower.start()

    def _tell(self, follower: Follower) -> None:
        self.post_message(self.LinesArrived(follower))

    def stop(self) -> None:
        if self._follower is not None:
            self._follower.stop()
            self._follower = None
        self._what = None

    def on_unmount(self) -> None:
        self.stop()

    @on(LinesArrived)
    def _take(self, event: LinesArrived) -> None:
        if event.follower is not self._follower:
            return
        lines = event.follower.take()
        if lines:
            self._last_at = next((line.at for line in reversed(lines) if line.at is not None), self._last_at)
            self.view.append(lines)
            self._go()
        error = event.follower.error
        if event.follower.ended and error is not None:
            self.view.append([LogLine(None, "note", text) for text in (error.message, error.hint) if text])
        self.paint()

    def _go(self) -> None:
        if self._wanted is None:
            return
        if not self.view.follow:
            # Somebody reads somewhere else by now.
            self._wanted = None
        elif self.view.show_from(self._wanted[0], error=self._wanted[1]):
            self._wanted = None

    # Title and search.

    def title(self, title: Content) -> None:
        self._title = title
        self.paint()

    def paint(self) -> None:
        view = self.view
        parts = [f"{view.line_count:,} line{'' if view.line_count == 1 else 's'}"] if view.line_count else []
        if view.dropped:
            parts.append(f"{view.dropped:,} older ones dropped")
        if view.any_folded:
            parts.append("groups folded")
        if self._what is not None and self._what[3]:
            parts.append("following" if view.follow else "not following")
        self._heading.show(spread(self._title, Content.styled(" · ".join(parts), MUTED), max(1, self.size.width - 1)))
        if view.find_error:
            self._note.show(Content.styled(str(view.find_error).partition("\n")[0], tone("failed")))
        elif view.needle:
            at = "" if view.match_index is None else f"{view.match_index + 1} of "
            self._note.show(
                Content.styled(f"{at}{view.match_count:,} match" if view.match_count else "no match", MUTED)
            )
        else:
            self._note.show(Content(""))

    def on_resize(self) -> None:
        self.paint()

    @on(LogView.Changed)
    def _changed(self, event: LogView.Changed) -> None:
        event.stop()
        self.paint()

    @on(LogView.Copied)
    def _copied(self, event: LogView.Copied) -> None:
        event.stop()
        self.app.copy_to_clipboard(event.text)
        lines = event.text.count("\n") + 1
        self.notify(
            f"{lines:,} line{'' if lines == 1 else 's'}", title="Sent to the terminal's clipboard", markup=False
        )

    @on(ConsoleLog.SearchAsked)
    def _ask(self, event: ConsoleLog.SearchAsked) -> None:
        event.stop()
        self._line.display = True
        self._field.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.view.find(event.value)
        self.paint()

    @on(FilterInput.Kept)
    def _kept(self, event: FilterInput.Kept) -> None:
        event.stop()
        self.view.focus()
        self._line.display = bool(self.view.needle)

    def clear_search(self) -> bool:
        """End the search; False where there is none."""
        if not self._line.display and not self.view.needle:
            return False
        self._field.value = ""
        self.view.find("")
        self._line.display = False
        self.view.focus()
        self.paint()
        return True
