"""The real port: the world read in a thread of its own.

A blocking socket in a thread, and no event loop: the thread that paints is woken by news alone, never by a heartbeat,
and pages are decoded beside it.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from console import __version__
from console.client.replica import Batch, Link
from console.clock import Clock
from console.errors import AgentError, ConsoleError
from console.topics import TOPICS
from console.world.interest import Look
from console.world.model import LogLine, Page, Record, backoff_s

if TYPE_CHECKING:
    from console.client.connection import Connection

SILENCE_S = 30.0
"""Three heartbeats: an agent that sends nothing for so long is gone or frozen."""
LOG_SILENCE_S = 15.0
"""A followed log sends at least an empty batch a second."""
LOOKS_AGAIN_S = 1.0
"""How soon looks that an agent did not take are told again."""
RETRY_MOST_S = 5.0
"""An operator who restarts the agent looks at the screen meanwhile."""

_decoders = {topic: msgspec.json.Decoder(kind) for topic, kind in TOPICS.items()}


class AgentPort:
    """Port on the agent at a Unix socket. `reach` is called before each try: it may start an agent or a forward."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        topics: frozenset[str] = frozenset(),
        reach: Callable[[], None] = lambda: None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._topics = topics
        self._reach = reach
        self._deliver: Callable[[Batch], None] = lambda _: None
        self._closing = threading.Event()
        self._open: set[Connection] = set()
        self._client = ""
        self._looks: tuple[Look, ...] = ()
        self._looks_news = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, deliver: Callable[[Batch], None]) -> None:
        self._deliver = deliver
        for work in (self._read_for_ever, self._tell_looks):
            thread = threading.Thread(target=work, name=f"agent {work.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def look(self, looks: Iterable[Look]) -> None:
        wanted = tuple(sorted(set(looks)))
        if wanted != self._looks:
            self._looks = wanted
            self._looks_news.set()

    def log(
        self,
        topic: Literal["containers", "jobs"],
        record_id: str,
        *,
        follow: bool,
        tail: int = 500,
        since: float | None = None,
    ) -> Iterator[list[LogLine]]:
        query = {"topic": topic, "record": record_id, "follow": str(follow).lower(), "tail": str(tail)}
        if since is not None:
            query["since"] = repr(since)
        with self._connected(LOG_SILENCE_S) as connection:
            for line in connection.lines("/v1/log", query):
                yield msgspec.json.decode(line, type=list[LogLine])

    def close(self) -> None:
        self._closing.set()
        self._looks_news.set()
        for connection in tuple(self._open):
            connection.close()
        for thread in self._threads:
            thread.join(timeout=2.0)
        self._threads.clear()

    # -- the world ---------------------------------------------------------------------------------------------------

    def _read_for_ever(self) -> None:
        failures, cursor, since = 0, "", self._clock.now()
        while not self._closing.is_set():
            try:
                self._reach()
                for page_cursor in self._read(cursor):
                    cursor, failures = page_cursor, 0
                error: ConsoleError = AgentError("The agent ended.", "It is tried again.")
            except ConsoleError as failure:
                error = failure
            except msgspec.MsgspecError as failure:
                # Agent and screen are updated at different times: neither may go silent over it.
                error = AgentError(
                    f"The agent says something that this version ({__version__}) does not know: {failure}.",
                    "Start the agent again, so that both are of one version.",
                )
            except Exception as failure:  # noqa: BLE001  # the thread is all that the screen hears of the agent
                error = AgentError(
                    f"Reading the agent failed: {type(failure).__name__}: {failure}.", "It is tried again."
                )
            if self._closing.is_set():
                return
            if failures == 0:
                since = self._clock.now()
            failures += 1
            self._client = ""
            self._deliver(Batch(Link("lost", since, error.message, error.hint)))
            self._closing.wait(backoff_s(failures, 0.5, most_s=RETRY_MOST_S))

    def _read(self, cursor: str) -> Iterator[str]:
        """Read one stream to its end, delivering as it goes; yields each cursor that can be gone on from."""
        client = secrets.token_hex(8)
        query = {"since": cursor, "client": client, "topics": ",".join(sorted(self._topics))}
        gathered: list[tuple[str, str, Record | None]] = []
        link: Link | None = None
        with self._connected(SILENCE_S) as connection:
            for line in connection.lines("/v1/world/stream", query):
                page = msgspec.json.decode(line, type=Page)
                if page.kind == "heartbeat" and link is not None:
                    continue
                gathered += [(x.topic, x.id, _decoded(x.topic, x.body)) for x in page.records if x.topic in _decoders]
                if link is None:
                    link = Link("live", self._clock.now())
                    self._client = client
                    self._looks_news.set()
                if page.kind == "snapshot" and page.more:
                    continue
                self._deliver(Batch(link, page.kind == "snapshot", gathered))
                gathered = []
                yield page.cursor

    # -- what is looked at -------------------------------------------------------------------------------------------

    def _tell_looks(self) -> None:
        told: tuple[str, tuple[Look, ...]] = ("", ())
        while True:
            self._looks_news.wait()
            self._looks_news.clear()
            if self._closing.is_set():
                return
            client, looks = self._client, self._looks
            if not client or told == (client, looks) or (told[0] != client and not looks):
                continue
            body = msgspec.json.encode({"client": client, "looks": looks})
            try:
                with self._connected(5.0) as connection:
                    connection.fetch("PUT", "/v1/looks", body=body)
            except ConsoleError:
                # The reader says what is wrong with the agent; what is looked at is told as soon as it takes it.
                told = ("", ())
                self._closing.wait(LOOKS_AGAIN_S)
                self._looks_news.set()
            else:
                told = (client, looks)

    @contextlib.contextmanager
    def _connected(self, timeout_s: float) -> Iterator[Connection]:
        # Imported in the thread that reads: the first picture does not wait for h11.
        from console.client.connection import Connection

        with Connection(self._path, timeout_s) as connection:
            self._open.add(connection)
            try:
                yield connection
            finally:
                self._open.discard(connection)


def _decoded(topic: str, body: msgspec.Raw) -> Record | None:
    return None if bytes(body) == b"null" else _decoders[topic].decode(body)
