"""Help: the keys that work where one came from, all others, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterable

from textual.screen import Screen
from textual.widget import Widget

from console.ui import keys
from console.ui.facts import Fact, Section
from console.ui.panes import FactsPane
from console.ui.screens.base import ConsoleScreen
from console.ui.shown import glyph
from console.words import GLYPHS, StateWord

_MEANINGS: dict[StateWord, str] = {
    "ok": "as it should be",
    "running": "under way",
    "queued": "not begun",
    "waiting": "waits for a person, or is held on purpose: silenced, paused",
    "warning": "wants looking at",
    "failed": "broken",
    "cancelled": "ended on purpose, or left out",
    "unknown": "nothing is known",
    "stale": "the last facts, with their age: what they come from does not answer",
}


class HelpScreen(ConsoleScreen):
    def __init__(self, before: Screen[object]) -> None:
        super().__init__()
        self._here = {active.binding.id for active in before.active_bindings.values() if active.binding.id}
        self._page = FactsPane(id="page")

    def body(self) -> Iterable[Widget]:
        yield self._page

    def crumbs(self) -> tuple[str, ...]:
        return ("Help",)

    def sync(self) -> None:
        here = [key for key in keys.KEYS if key.id in self._here and key.where != "everywhere"]
        sections = [Section("Here", _facts(here))] if here else []
        sections.append(Section(keys.SCOPES["everywhere"].title, _facts(keys.scope("everywhere"))))
        signs = tuple(Fact(f"{glyph(word, self.deck.ascii)} {word}", _MEANINGS[word]) for word in GLYPHS)
        sections.append(Section("Signs", signs))
        sections.append(Section("Agent", self._agent()))
        for where, scope in keys.SCOPES.items():
            others = [key for key in keys.scope(where) if key.id not in self._here]
            if where != "everywhere" and others:
                sections.append(Section(scope.title, _facts(others)))
        self._page.show(sections)

    def _agent(self) -> tuple[Fact, ...]:
        agent = self.deck.agent
        if agent is None:
            return (Fact("", "No agent has answered yet."),)
        refuses = ", ".join(agent.refuses)
        about = {
            "personal": "It looks, and acts for you alone. It ends some minutes after the last screen is closed.",
            "duty": "It is the team's: it goes on when every screen is closed.",
        }
        return (
            Fact("mode", f"{agent.mode}. {about[agent.mode]}"),
            Fact("leaves alone", refuses),
            Fact("runs on", f"{agent.host}, process {agent.pid}, version {agent.version}"),
            Fact("settings", agent.settings_path),
            Fact("demo", "Everything shown is invented." if self.deck.demo else "", "warning"),
        )


def _facts(shown: Iterable[keys.Key]) -> tuple[Fact, ...]:
    return tuple(Fact(key.all_shown, key.help) for key in shown)
