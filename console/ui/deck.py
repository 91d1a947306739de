"""What every screen reads: one copy of the world, one clock, one port, and how the operator wants it shown."""

from __future__ import annotations

import locale
from collections.abc import Iterable
from dataclasses import dataclass, field

from console.client.port import Port
from console.client.replica import Batch, Changed, Link, Replica
from console.clock import Clock
from console.settings.model import Ui
from console.ui.standing import Badges, badges
from console.world.interest import Look
from console.world.model import Agent

_COUNTED = frozenset({"alerts", "runs", "containers"})


@dataclass
class Deck:
    port: Port
    clock: Clock
    ui: Ui
    demo_asked: bool = False
    replica: Replica = field(default_factory=Replica)
    version: int = 0
    """Moves with every change of the copy: a screen that comes back knows whether it has missed something."""
    ascii: bool = False
    """No glyphs beyond ASCII."""
    _looks: frozenset[Look] | None = None
    _badges: Badges | None = None

    def __post_init__(self) -> None:
        self.ascii = self.ui.glyphs == "ascii" or (self.ui.glyphs == "auto" and not _utf8())
        self.replica.link = Link("connecting", self.clock.now())

    @property
    def link(self) -> Link:
        return self.replica.link

    @property
    def agent(self) -> Agent | None:
        return self.replica.get(Agent, "self")

    @property
    def demo(self) -> bool:
        """Everything shown is invented."""
        agent = self.agent
        return self.demo_asked or (agent is not None and agent.demo)

    @property
    def badges(self) -> Badges:
        """What wants looking at in each mode; counted once for each change, since there may be ten thousand alerts."""
        if self._badges is None:
            self._badges = badges(self.replica, self.clock.now())
        return self._badges

    def apply(self, batches: Iterable[Batch]) -> Changed:
        """Take batches in, in their order; what differs now, and under "link" whether the connection does."""
        changed: Changed = {}
        before = self.link
        for batch in batches:
            for topic, ids in self.replica.apply(batch).items():
                changed.setdefault(topic, set()).update(ids)
        if self.link != before:
            changed["link"] = {self.link.state}
        if changed:
            self.version += 1
        if not _COUNTED.isdisjoint(changed):
            self._badges = None
        return changed

    def look(self, looks: frozenset[Look]) -> None:
        """Tell the agent what is looked at, where that differs from what it was told."""
        if looks != self._looks:
            self._looks = looks
            self.port.look(looks)


def _utf8() -> bool:
    return "utf" in locale.getpreferredencoding(do_setlocale=False).lower()
