"""What a source of facts is to the supervisor, and what it is given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from console.clock import Clock
from console.settings.model import SecretRef, Settings
from console.world.interest import Interest
from console.world.model import LogLine
from console.world.report import Report
from console.world.world import World


class Shelf(Protocol):
    """A small durable shelf of bytes by key: what should outlive the agent and can be had again if it is lost."""

    def load(self) -> dict[str, bytes]:
        """Everything on it; empty where the state folder cannot be read, which is a notice and never an error here."""

    def save(self, key: str, value: bytes | None) -> None:
        """Keep `value`, or drop `key` for None. Returns at once; written together with others within a second."""


@dataclass(frozen=True)
class Context:
    """What every feed is built from."""

    world: World
    interest: Interest
    clock: Clock
    shelf: Callable[[str], Shelf]
    """The shelf of a name: github/etags."""
    secret: Callable[[SecretRef], Awaitable[str]]
    """What a reference stands for. Raises SecretError, which says where it was looked for."""
    hide: Callable[[str], None] = lambda _: None
    """Name a secret that was found elsewhere, so that no log and no record ever shows it."""


class Feed(Protocol):
    """Reads one peer outside and puts what it says into the world."""

    name: str
    """kind/name, as in the `sources` topic."""

    async def run(self, report: Report) -> None:
        """Read until cancelled. Raises when a try fails: the supervisor notes it, waits and calls again.

        Reports `ok` each time the facts are whole. Every call to the outside has its time-out. On cancellation it
        closes what is open and lets CancelledError through.
        """

    def forget(self) -> None:
        """Drop its records from the world: the settings no longer name it."""


class LogReader(Protocol):
    """A feed that can read logs of its records."""

    def log(self, record_id: str, *, follow: bool, tail: int, since: float | None) -> AsyncIterator[list[LogLine]]:
        """Batches of lines, oldest first: the last `tail` (0: all), newer than `since`, then as they come if `follow`.

        Raises ConsoleError where there is no such log, saying why. Closing the iterator ends the reading.
        """


@dataclass(frozen=True)
class Wanted:
    """A feed that the settings ask for. Each room's `feeds.py` has `def wanted(settings: Settings) -> list[Wanted]`."""

    name: str
    key: Hashable
    """Equal keys mean an equal feed: it goes on undisturbed when other settings change."""
    make: Callable[[Context], Feed]


WantedOf = Callable[[Settings], list[Wanted]]
