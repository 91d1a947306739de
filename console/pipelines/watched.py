"""What is known about one repository beside its facts: how it is asked for and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from console.pipelines.model import Repository, Run
from console.pipelines.schedule import Tier

_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
NOTES = 20
"""Notes that a source shows; the rest is a number."""


@dataclass
class Trouble:
    text: str
    hint: str
    status: int
    failures: int


@dataclass
class Watched:
    asked: str
    """OWNER/NAME as in the settings."""
    name: str
    """OWNER/NAME as GitHub has it now."""
    tier: Tier = "cold"
    archived: bool = False
    held: set[str] = field(default_factory=set)
    """Of which kinds the newest answer has been taken in."""
    troubles: dict[str, Trouble] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    def renamed(self, full_name: str) -> None:
        """Use the name GitHub has now, so that it need not send us on at every call."""
        if _NAME.fullmatch(full_name):
            self.name = full_name

    def problem(self) -> str:
        """Why it cannot be read, without its name; empty while it can."""
        trouble = self.troubles.get("runs") or self.troubles.get("repository")
        return self._unnamed(trouble.text) if trouble else ""

    def note(self) -> str:
        """What is not as the settings want it, and what to do; empty where all is well."""
        trouble = next(iter(self.troubles.values()), None)
        if trouble:
            return f"{self.asked}: {self._unnamed(trouble.text)} {trouble.hint}".rstrip()
        if self.name.casefold() != self.asked.casefold():
            return f"{self.asked} is now called {self.name}: write that in the settings."
        if self.archived:
            return f"{self.asked} is archived: nothing runs there any more. It may go from the settings."
        return ""

    def _unnamed(self, text: str) -> str:
        # The name stands before it wherever it is shown.
        return text.replace(f" of {self.name}", "").replace(self.name, "the repository")

    def bare(self, source: str) -> Repository:
        return Repository(id=self.asked, source=source, full_name=self.asked)


def shown(notes: list[str]) -> tuple[str, ...]:
    """As many notes as a source shows, and how many there are beside them."""
    more = len(notes) - NOTES
    return (*notes[:NOTES], f"and {more} repositories more.") if more > 0 else tuple(notes)
