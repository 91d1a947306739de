"""A port without an agent: a test says what arrives, and reads what was looked at."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from console.client.replica import Batch, Link
from console.errors import ConsoleError
from console.world.interest import Look
from console.world.model import LogLine, Record


class FakePort:
    def __init__(self) -> None:
        self.looks: list[frozenset[Look]] = []
        self.started = threading.Event()
        self.closed = 0
        self.logs: dict[str, list[LogLine]] = {}
        self.log_error: ConsoleError | None = None
        self.followed: list[str] = []
        self.ended: list[str] = []
        self._more: queue.Queue[list[LogLine]] = queue.Queue()
        self._deliver: Callable[[Batch], None] | None = None

    # What the screen calls.

    def start(self, deliver: Callable[[Batch], None]) -> None:
        self._deliver = deliver
        self.started.set()

    def look(self, looks: Iterable[Look]) -> None:
        self.looks.append(frozenset(looks))

    def log(
        self,
        topic: Literal["containers", "jobs"],
        record_id: str,
        *,
        follow: bool,
        tail: int = 500,
        since: float | None = None,
    ) -> Iterator[list[LogLine]]:
        if self.log_error:
            raise self.log_error
        self.followed.append(record_id)
        try:
            yield self.logs.get(record_id, [])
            while follow and not self.closed:
                try:
                    yield self._more.get(timeout=0.05)
                except queue.Empty:
                    yield []
        finally:
            self.ended.append(record_id)

    def close(self) -> None:
        self.closed += 1

    # What a test calls.

    @property
    def looked(self) -> frozenset[Look]:
        return self.looks[-1] if self.looks else frozenset()

    def deliver(self, batch: Batch) -> None:
        """As the real one does: from a thread that is not the screen's."""
        assert self._deliver is not None, "the screen has not started its port"
        thread = threading.Thread(target=self._deliver, args=(batch,))
        thread.start()
        thread.join()

    def snapshot(self, records: Iterable[Record], at: float = 0.0) -> None:
        self.deliver(Batch(Link("live", at), reset=True, records=[(r.topic, r.id, r) for r in records]))

    def put(self, *records: Record, at: float = 0.0) -> None:
        self.deliver(Batch(Link("live", at), records=[(r.topic, r.id, r) for r in records]))

    def drop(self, *records: Record, at: float = 0.0) -> None:
        self.deliver(Batch(Link("live", at), records=[(r.topic, r.id, None) for r in records]))

    def lose(self, at: float, error: str = "the socket was closed", hint: str = "") -> None:
        self.deliver(Batch(Link("lost", at, error, hint)))

    def say(self, *texts: str, at: float | None = None) -> None:
        """More lines of the log that is followed."""
        self._more.put([LogLine(at, "stdout", text) for text in texts])
