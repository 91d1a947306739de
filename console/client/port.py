"""What the screen and the verbs need of an agent. `stream.py` is the real one; tests hand in their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol

from console.client.replica import Batch
from console.world.interest import Look
from console.world.model import LogLine


class Port(Protocol):
    def start(self, deliver: Callable[[Batch], None]) -> None:
        """Begin to read the world in a thread of its own, and call `deliver` from that thread.

        It connects, and connects again, for ever; how it stands is in each batch's `link`. Returns at once.
        """

    def look(self, looks: Iterable[Look]) -> None:
        """Say what is looked at now: all of it, each time. Returns at once; an agent that comes back is told again."""

    def log(
        self,
        topic: Literal["containers", "jobs"],
        record_id: str,
        *,
        follow: bool,
        tail: int = 500,
        since: float | None = None,
    ) -> Iterator[list[LogLine]]:
        """Batches of log lines, read in the caller's own thread; closing the iterator from it ends the reading.

        Raises ConsoleError where there is no such log. Without `follow` it ends with the last line; with it, an empty
        batch comes at least every second, so that the caller can stop.
        """

    def close(self) -> None:
        """End the threads and the connections. May be called twice."""
