"""Reads a log in a thread of its own and hands the lines to the loop in bounded portions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Literal

from console.client.port import Port
from console.errors import ConsoleError
from console.world.model import LogLine

PORTION = 2_000
"""Lines that may wait for the loop; the reader pauses there, so that a flood stays with the agent."""


class Follower(threading.Thread):
    """`arrived` is called from this thread whenever lines wait or the reading has ended; it must only post a message.

    A thread of its own and no worker: those share the default pool, which a few long readers would fill.
    """

    def __init__(
        self,
        port: Port,
        topic: Literal["containers", "jobs"],
        record_id: str,
        arrived: Callable[[], None],
        *,
        follow: bool,
        tail: int = 500,
        since: float | None = None,
    ) -> None:
        super().__init__(name=f"log {topic} {record_id}"[:40], daemon=True)
        self._port, self._topic, self._record_id = port, topic, record_id
        self._follow, self._tail, self._since = follow, tail, since
        self._arrived = arrived
        self._lines: list[LogLine] = []
        self._room = threading.Condition()
        self._stopped = False
        self.ended = False
        self.error: ConsoleError | None = None
        """Why it ended, where it was not asked to."""

    def run(self) -> None:
        try:
            batches = self._port.log(
                self._topic, self._record_id, follow=self._follow, tail=self._tail, since=self._since
            )
            try:
                for lines in batches:
                    if self._stopped or not self._hand(lines):
                        return
            finally:
                # Closing the iterator from the thread that reads it is what ends the request.
                if isinstance(batches, Generator):
                    batches.close()
        except ConsoleError as error:
            self.error = error
        finally:
            self.ended = True
            if not self._stopped:
                self._arrived()

    def _hand(self, lines: list[LogLine]) -> bool:
        """Put lines down for the loop; False where nobody wants them any more."""
        if not lines:
            return True
        with self._room:
            first = not self._lines
            self._lines += lines
        if first:
            self._arrived()
        with self._room:
            self._room.wait_for(lambda: self._stopped or len(self._lines) < PORTION)
        return not self._stopped

    def take(self) -> list[LogLine]:
        """The lines that wait."""
        with self._room:
            taken, self._lines = self._lines, []
            self._room.notify()
        return taken

    def stop(self) -> None:
        """Read no further. Returns at once; the thread ends with its next batch."""
        with self._room:
            self._stopped = True
            self._room.notify()
