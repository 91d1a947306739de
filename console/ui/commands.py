"""The command palette: what the table of keys offers here, each command with its key beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.types import IgnoreReturnCallbackType

from console.ui import keys
from console.ui.paint import MUTED


@dataclass(frozen=True)
class Command:
    name: str
    key: str
    help: str
    run: IgnoreReturnCallbackType


class KeyCommands(Provider):
    """Commands of the keys that work now, and the choice of a theme."""

    def _commands(self) -> Iterator[Command]:
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            key = keys.by_id(active.binding.id or "")
            if key is None or not key.palette or not active.enabled or key.id in seen:
                continue
            seen.add(key.id)
            yield Command(
                key.name, key.shown, key.help, partial(self.app.run_action, active.binding.action, active.node)
            )
        yield Command("App: Theme", "", "Choose how the console looks", self.app.search_themes)

    async def discover(self) -> Hits:
        for command in sorted(self._commands(), key=lambda c: c.name):
            yield DiscoveryHit(_shown(Content(command.name), command.key), command.run, command.name, command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            score = matcher.match(command.name)
            if score > 0:
                highlighted = Content.from_text(matcher.highlight(command.name), markup=False)
                yield Hit(score, _shown(highlighted, command.key), command.run, command.name, command.help)


def _shown(name: Content, key: str) -> Content:
    return Content.assemble(name, (f"  {key}" if key else "", MUTED))
