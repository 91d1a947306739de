"""The world: the newest record of each topic and id, and who waits for news.

One ordered dictionary, oldest change first. A client is only a cursor, so nothing is queued for it and nothing can
overflow: a slow client skips states, never ends states.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from console.clock import Clock
from console.world.model import Line, Page, Record

R = TypeVar("R", bound=Record)

PAGE_RECORDS = 250
"""Records a page: 0.6 ms to decode, so that a screen's loop is never held up (measured in docs/figures.md)."""
TOMBSTONE_S = 120.0
"""How long the world remembers that a record is gone; an older cursor gets a snapshot."""
GONE = msgspec.Raw(b"null")


class World:
    def __init__(self, clock: Clock, redact: Callable[[bytes], bytes] = bytes) -> None:
        """`redact` takes secrets out of what leaves the process: a peer may send back what it was sent."""
        self._clock = clock
        self._redact = redact
        self._encode = msgspec.json.Encoder(order="deterministic").encode
        self._lines: OrderedDict[tuple[str, str], Line] = OrderedDict()
        self._live: dict[str, dict[str, Record]] = {}
        self._gone: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._seq = 0
        self._floor = 0
        """Cursors below this one may have missed a tombstone."""
        self._epoch = secrets.token_hex(4)
        self._waiters: set[asyncio.Future[None]] = set()
        self._listeners: list[Callable[[Record | None, str, str], None]] = []

    # -- writing -----------------------------------------------------------------------------------------------

    def put(self, record: Record) -> bool:
        """Keep `record`; say whether it differs from what was known. An equal record changes nothing."""
        key = (record.topic, record.id)
        live = self._live.setdefault(record.topic, {})
        if live.get(record.id) == record:
            return False
        live[record.id] = record
        self._gone.pop(key, None)
        self._append(key, msgspec.Raw(self._redact(self._encode(record))))
        for listener in self._listeners:
            listener(record, *key)
        return True

    def drop(self, topic: str, record_id: str) -> bool:
        """Forget a record; say whether there was one."""
        if self._live.get(topic, {}).pop(record_id, None) is None:
            return False
        key = (topic, record_id)
        self._append(key, GONE)
        self._gone[key] = self._clock.monotonic()
        self._forget_tombstones()
        for listener in self._listeners:
            listener(None, topic, record_id)
        return True

    def replace(self, topic: str, records: Iterable[R], *, scope: Callable[[R], bool] | None = None) -> None:
        """Make `records` all there is of `topic`, or all of it for which `scope` holds."""
        keep = set()
        for record in records:
            keep.add(record.id)
            self.put(record)
        live = self._live.get(topic, {})
        for record_id in [i for i, r in live.items() if i not in keep and (scope is None or scope(r))]:  # type: ignore[arg-type]  # a topic holds one type
            self.drop(topic, record_id)

    # -- reading -----------------------------------------------------------------------------------------------

    def get(self, kind: type[R], record_id: str) -> R | None:
        return self._live.get(kind.topic, {}).get(record_id)  # type: ignore[return-value]  # a topic holds one type

    def all(self, kind: type[R]) -> list[R]:
        return list(self._live.get(kind.topic, {}).values())  # type: ignore[arg-type]  # a topic holds one type

    def topic(self, topic: str) -> list[Record]:
        """Every record of a topic by its name: how a room reads what a room beside it says."""
        return list(self._live.get(topic, {}).values())

    def body(self, topic: str, record_id: str) -> bytes | None:
        """A record as JSON, as clients get it; None where there is none."""
        line = self._lines.get((topic, record_id))
        return None if line is None or line.body is GONE else bytes(line.body)

    def counts(self) -> dict[str, int]:
        """How many records each topic holds."""
        return {topic: len(live) for topic, live in self._live.items()}

    @property
    def cursor(self) -> str:
        return f"{self._epoch}.{self._seq}"

    def read(self, since: str = "", topics: frozenset[str] = frozenset()) -> list[Page]:
        """Pages that bring a client from cursor `since` to now; an empty list where nothing is newer.

        `topics` narrows what is sent; empty means all. A cursor of another epoch, or one too old to have seen every
        tombstone, gets a snapshot. Never raises: what cannot be read as a cursor is an old one.
        """
        at = self._clock.now()
        epoch, _, tail = since.partition(".")
        seq = int(tail) if tail.isdecimal() and len(tail) < 20 else -1
        if epoch != self._epoch or not self._floor <= seq <= self._seq:
            lines = [x for x in self._lines.values() if x.body is not GONE and (not topics or x.topic in topics)]
            return self._pages("snapshot", lines, at) or [Page("snapshot", self.cursor, at)]
        if seq == self._seq:
            return []
        newer: list[Line] = []
        for line in reversed(self._lines.values()):
            if line.seq <= seq:
                break
            if not topics or line.topic in topics:
                newer.append(line)
        newer.reverse()
        return self._pages("changes", newer, at) or [Page("changes", self.cursor, at)]

    async def changed(self, since: str) -> None:
        """Return as soon as something is newer than `since`."""
        if since != self.cursor:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def listen(self, listener: Callable[[Record | None, str, str], None]) -> None:
        """Call `listener(record or None, topic, id)` at every change, at once and in order: how rooms react."""
        self._listeners.append(listener)

    # -- inside ------------------------------------------------------------------------------------------------

    def _append(self, key: tuple[str, str], body: msgspec.Raw) -> None:
        self._seq += 1
        self._lines[key] = Line(*key, self._seq, body)
        self._lines.move_to_end(key)
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _forget_tombstones(self) -> None:
        old = self._clock.monotonic() - TOMBSTONE_S
        while self._gone:
            key, at = next(iter(self._gone.items()))
            if at > old:
                return
            del self._gone[key]
            self._floor = max(self._floor, self._lines.pop(key).seq)

    def _pages(self, kind: str, lines: list[Line], at: float) -> list[Page]:
        cuts = range(0, len(lines), PAGE_RECORDS)
        # Only the last page of a snapshot carries a cursor that can be gone on from: a client cut off in the middle of
        # one starts again. Changes are ordered, so each of their pages stands for itself.
        pages = []
        for cut in cuts:
            part = tuple(lines[cut : cut + PAGE_RECORDS])
            more = cut + PAGE_RECORDS < len(lines)
            cursor = self.cursor if not more else "" if kind == "snapshot" else f"{self._epoch}.{part[-1].seq}"
            pages.append(Page(kind, cursor, at, part, more))  # type: ignore[arg-type]  # kind is one of the literals
        return pages
