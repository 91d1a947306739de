"""The lines around every screen: top line, banner, title, sources, keys. One row each, redrawn only when they differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.events import Click
from textual.style import Style
from textual.widget import Widget

from console.ui import keys
from console.ui.paint import ACCENT, CRUMB, MUTED, STRONG, sign, tone
from console.ui.shown import fit
from console.words import StateWord

MODES: tuple[tuple[str, str, str], ...] = (
    ("1", "overview", "Overview"),
    ("2", "pipelines", "Pipelines"),
    ("3", "fleet", "Fleet"),
    ("4", "metrics", "Metrics"),
    ("5", "alerts", "Alerts"),
)
"""Digit, mode, title."""


_DOES = "does"


def clickable(content: Content, action: str) -> Content:
    """`content` that does `action`, one of the key table, where the mouse hits it. Always only another way to a key."""
    return content.stylize(Style.from_meta({_DOES: action}))


class Bar(Widget):
    """One row of content."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's own word
        super().__init__(id=id, classes=classes)
        self._content = Content("")

    async def on_click(self, event: Click) -> None:
        action = event.style.meta.get(_DOES)
        if isinstance(action, str):
            event.stop()
            await self.run_action(action)

    def show(self, content: Content) -> None:
        if not content.is_same(self._content):
            self._content = content
            self.refresh()

    def render(self) -> Content:
        # A longer content would wrap, and of a wrapped line only the first words are seen.
        width = self.size.width
        return self._content if self._content.cell_length <= width else self._content.truncate(width, ellipsis=True)

    @property
    def plain(self) -> str:
        return self._content.plain


@dataclass(frozen=True)
class Top:
    """What the top line says."""

    organisation: str
    mode: str
    badges: dict[str, tuple[StateWord, int]]
    demo: bool
    who: str
    """personal agent, duty agent; empty while not known."""
    limits: str = ""
    """What it leaves alone, in a word or two."""
    ascii: bool = False


def top_line(top: Top, width: int) -> Content:
    """The top line in `width` cells: what matters least goes first, the modes and DEMO never."""
    who = [f"{top.who} · {top.limits}", top.who, ""] if top.limits else [top.who, ""]
    organisation = fit(top.organisation, 24)
    tries = [(True, organisation, w, True) for w in who]
    tries += [(True, "", "", True), (False, "", "", True), (False, "", "", False)]
    for long_name, org, right, titles in tries:
        left = Content.assemble(
            (" QUARTERDECK" if long_name else " QD", STRONG),
            (f" {org}" if org else "", MUTED),
            "  ",
            Content.assemble((" DEMO ", "bold $demo-text on $demo"), "  ") if top.demo else "",
            _modes(top, titles=titles),
        )
        if left.cell_length + (cell_len(right) + 3 if right else 0) <= width:
            return spread(left, Content.styled(f"{right} " if right else "", MUTED), width)
    return left.truncate(width)


def _modes(top: Top, *, titles: bool) -> Content:
    parts: list[Content | str] = []
    for digit, mode, title in MODES:
        current = mode == top.mode
        shown = title if titles or current else ""
        part = Content.assemble(
            (digit, MUTED if not current else ACCENT), (f" {shown}" if shown else "", ACCENT if current else "")
        )
        if badge := top.badges.get(mode):
            word, count = badge
            part = Content.assemble(part, " ", (f"{sign(word, ascii=top.ascii)}{count}", tone(word)))
        parts += [clickable(part, f"app.mode('{mode}')"), "  "]
    return Content.assemble(*parts[:-1])


def spread(left: Content, right: Content, width: int) -> Content:
    """`left` at the left and `right` at the right of `width` cells; the left one gives way."""
    room = width - right.cell_length
    if left.cell_length > room - 1:
        left = left.truncate(max(0, room - 1), ellipsis=True)
    return Content.assemble(left, " " * max(0, room - left.cell_length), right)


def title_line(crumbs: Sequence[str], facts: Content, width: int) -> Content:
    """Where one is, and what is worth knowing of it at the right."""
    *before, last = crumbs or ("",)
    facts = facts if facts.cell_length < width * 2 // 3 else facts.truncate(width * 2 // 3, ellipsis=True)
    room = width - facts.cell_length - 4 - sum(cell_len(c) + 3 for c in before)
    if room < 12:
        before = []
        room = width - facts.cell_length - 4
    parts: list[Content | str | tuple[str, str]] = [" "]
    for crumb in before:
        parts += [(crumb, MUTED), (CRUMB, MUTED)]
    parts.append((fit(last, max(8, room)), STRONG))
    return spread(Content.assemble(*parts), Content.assemble(facts, " "), width)


def sources_line(shown: Iterable[tuple[StateWord, str]], left: int, width: int, *, ascii: bool) -> Content:  # noqa: A002
    """The bar of sources; `left` of them have no room."""
    parts: list[Content | str | tuple[str, str]] = [" "]
    for word, text in shown:
        name, _, rest = text.partition(" ")
        quiet = word == "ok"
        parts += [(f"{sign(word, ascii=ascii)} ", tone(word)), (name, "" if quiet else tone(word))]
        parts += [(f" {rest}" if rest else "", MUTED if quiet else tone(word)), "   "]
    if left:
        parts.append((f"+{left}", MUTED))
    return spread(Content.assemble(*parts), Content(""), width)


def keys_line(active: Iterable[tuple[str, str]], width: int) -> Content:
    """The keys that work here, each with its word, as many as there is room for."""
    parts: list[Content | str | tuple[str, str]] = [" "]
    used = 1
    for key, word in active:
        size = cell_len(key) + 1 + cell_len(word)
        if used + size > width - 1:
            break
        parts += [(key, STRONG), (f" {word}", MUTED), "   "]
        used += size + 3
    return Content.assemble(*parts)


def shown_keys(ids: Iterable[str]) -> list[tuple[str, str]]:
    """(key, word) of the keys with these ids that are worth a place in the last line, in the table's order."""
    wanted = set(ids)
    first = [key for key in keys.KEYS if key.id in wanted and key.show]
    first.sort(key=lambda key: key.where == "everywhere")
    return [(key.shown, key.show) for key in first]
