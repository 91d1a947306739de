"""Shelves: small durable maps of bytes, read once and written together.

A write that fails is kept and tried again, so that a full disk loses nothing while the agent lives; it never stops
what asked for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from console.clock import Clock
from console.errors import StoreError

if TYPE_CHECKING:
    from console.store.store import Store

T = TypeVar("T")

GATHER_S = 1.0
"""How long writes are gathered: at most this much is lost to a kill -9, and all of it can be read anew."""
RETRY_S = 30.0
"""How soon a state folder that could not be written is tried again: `df` by hand is slower."""


class Shelves:
    """Every shelf of one state folder. Without a usable folder it is only memory, and says so."""

    def __init__(self, folder: Path, clock: Clock, notice: Callable[[StoreError | None], None]) -> None:
        self._folder = folder
        self._clock = clock
        self._notice = notice
        self._store: Store | None = None
        self._shelves: dict[str, dict[str, bytes]] = {}
        self._dirty: dict[tuple[str, str], bytes | None] = {}
        self._news = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    @property
    def pending(self) -> int:
        """Writes that wait."""
        return len(self._dirty)

    async def open(self) -> None:
        """Read every shelf. A folder that cannot be read becomes a notice; the agent goes on in memory."""
        try:
            self._shelves = await self._call(self._load)
        except StoreError as error:
            self._notice(error)

    def shelf(self, name: str) -> OneShelf:
        return OneShelf(self, name)

    async def run(self) -> None:
        """Write what is dirty, until cancelled."""
        while True:
            await self._news.wait()
            await self._clock.sleep(GATHER_S)
            if not await self.flush():
                await self._clock.sleep(RETRY_S)

    async def flush(self) -> bool:
        """Write what is dirty now; say whether it is on the disk."""
        dirty, self._dirty = self._dirty, {}
        self._news.clear()
        if not dirty:
            return True
        try:
            await self._call(lambda: self._write(dirty))
        except StoreError as error:
            self._dirty = {**dirty, **self._dirty}
            self._news.set()
            self._notice(error)
            return False
        self._notice(None)
        return True

    async def close(self) -> None:
        """Write the rest and let go of the file."""
        await self.flush()
        if self._store is not None:
            await self._call(self._store.close)
        self._thread.shutdown(wait=True)

    def read(self, name: str) -> dict[str, bytes]:
        return dict(self._shelves.get(name, {}))

    def mark(self, name: str, key: str, value: bytes | None) -> None:
        shelf = self._shelves.setdefault(name, {})
        if shelf.get(key) == value:
            return
        if value is None:
            del shelf[key]
        else:
            shelf[key] = value
        self._dirty[name, key] = value
        self._news.set()

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _opened(self) -> Store:
        # SQLAlchemy and Alembic take 0.4 s to import: in this thread, while the agent already answers.
        from console.store.store import Store, translated

        if self._store is None:
            with translated(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            store = Store(self._folder)
            store.open()
            self._store = store
        return self._store

    def _load(self) -> dict[str, dict[str, bytes]]:
        from console.store.tables import shelf

        rows = self._opened().read(lambda c: c.execute(shelf.select()).fetchall())
        shelves: dict[str, dict[str, bytes]] = {}
        for name, key, value, _ in rows:
            shelves.setdefault(name, {})[key] = value
        return shelves

    def _write(self, dirty: dict[tuple[str, str], bytes | None]) -> None:
        from sqlalchemy import Connection, bindparam
        from sqlalchemy.dialects.sqlite import insert

        from console.store.tables import shelf

        at = int(self._clock.now() * 1_000_000)
        kept = [{"name": n, "key": k, "value": v, "at": at} for (n, k), v in dirty.items() if v is not None]
        gone = [{"n": n, "k": k} for (n, k), v in dirty.items() if v is None]
        keep = insert(shelf)
        keep = keep.on_conflict_do_update(
            index_elements=["name", "key"], set_={"value": keep.excluded.value, "at": keep.excluded["at"]}
        )
        drop = shelf.delete().where(shelf.c.name == bindparam("n"), shelf.c.key == bindparam("k"))

        def work(connection: Connection) -> None:
            if kept:
                connection.execute(keep, kept)
            if gone:
                connection.execute(drop, gone)

        self._opened().write(work)


class OneShelf:
    """One shelf, as feeds are given it (console.world.feed.Shelf)."""

    def __init__(self, shelves: Shelves, name: str) -> None:
        self._shelves = shelves
        self._name = name

    def load(self) -> dict[str, bytes]:
        return self._shelves.read(self._name)

    def save(self, key: str, value: bytes | None) -> None:
        self._shelves.mark(self._name, key, value)
