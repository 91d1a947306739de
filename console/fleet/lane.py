"""Threads for a blocking client: lanes for calls with an answer, streams for answers without an end.

Nothing here waits for a peer longer than its deadline: the connection is cut from outside and the thread ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from console.fleet.transport import Client, RefusedError

T = TypeVar("T")

QUEUE_LIMIT = 1_000_000
"""Bytes of a stream that wait to be taken; the thread reads no further until some are."""
END_S = 2.0
"""How long a cut stream's thread may take to notice: a shutdown connection answers at once."""


class _Ticket:
    """One call under way: whoever waits for it can end it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.client: Client | None = None
        self.over = False

    def abort(self) -> None:
        with self.lock:
            self.over = True
            if self.client is not None:
                self.client.abort()


class Lane:
    """At most `size` calls at once, each on a thread of its own with a client of its own."""

    def __init__(self, name: str, make: Callable[[], Client], size: int) -> None:
        self._make = make
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=f"docker-{name}")
        self._free = asyncio.Semaphore(size)
        self._idle: deque[Client] = deque()
        self._tickets: set[_Ticket] = set()
        self._closed = False

    async def call(self, work: Callable[[Client], T], deadline_s: float) -> T:
        """What `work` returns. Raises what it raises, or TimeoutError when it has not returned after `deadline_s`."""
        async with self._free:
            ticket = _Ticket()
            self._tickets.add(ticket)
            try:
                async with asyncio.timeout(deadline_s):
                    return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, ticket, work)
            except BaseException:
                ticket.abort()
                raise
            finally:
                self._tickets.discard(ticket)

    def close(self) -> None:
        """End what is under way and close what is idle."""
        self._closed = True
        for ticket in list(self._tickets):
            ticket.abort()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._close_idle()

    def _close_idle(self) -> None:
        while True:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    def _run(self, ticket: _Ticket, work: Callable[[Client], T]) -> T:
        try:
            client = self._idle.pop()
        except IndexError:
            client = self._make()
        with ticket.lock:
            ticket.client = client
            over = ticket.over
        kept = False
        try:
            if over:
                raise TimeoutError
            try:
                result = work(client)
                kept = True
            except RefusedError:
                # An answer like any other: the connection is as good as before.
                kept = True
                raise
            return result
        finally:
            with ticket.lock:
                ticket.client = None
                kept = kept and not ticket.over
            if kept:
                self._idle.append(client)
                if self._closed:
                    self._close_idle()
            else:
                client.close()


class Stream(Generic[T]):
    """An endless answer, read by a daemon thread; iterate over it and close it.

    Ends with StopAsyncIteration when the peer ends it, or raises what the client raised.
    """

    def __init__(self, name: str, make: Callable[[], Client], start: Callable[[Client], Iterable[T]]) -> None:
        self._make = make
        self._start = start
        self._loop = asyncio.get_running_loop()
        self._pieces: deque[T] = deque()
        self._queued = 0
        self._room = threading.Condition()
        self._client: Client | None = None
        self._closed = False
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._read, name=f"docker-{name}", daemon=True)
        self._thread.start()

    async def opened(self, deadline_s: float) -> None:
        """Return when the peer has begun to answer. Raises what the client raised, or TimeoutError."""
        try:
            async with asyncio.timeout(deadline_s):
                await self._opened
        except BaseException:
            await self.close()
            raise

    def __aiter__(self) -> Stream[T]:
        return self

    async def __anext__(self) -> T:
        while True:
            with self._room:
                if self._pieces:
                    piece = self._pieces.popleft()
                    self._queued -= _size(piece)
                    self._room.notify()
                    return piece
            if self._ended.is_set():
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        """End the reading; the thread closes its connection itself."""
        with self._room:
            self._closed = True
            client = self._client
            self._room.notify()
        if client is not None:
            client.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await self._ended.wait()
        self._opened.cancel()

    # -- the thread ------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        error: BaseException | None = None
        client: Client | None = None
        try:
            client = self._make()
            with self._room:
                self._client = client
                closed = self._closed
            if not closed:
                pieces = self._start(client)
                self._tell(self._begun)
                for piece in pieces:
                    if not self._put(piece):
                        break
        except Exception as caught:  # noqa: BLE001  # handed to whoever iterates; a thread has nobody else to tell
            error = caught
        finally:
            with self._room:
                self._client = None
            if client is not None:
                client.close()
            self._tell(lambda: self._end(error))

    def _put(self, piece: T) -> bool:
        with self._room:
            self._room.wait_for(lambda: self._closed or self._queued < QUEUE_LIMIT)
            if self._closed:
                return False
            self._pieces.append(piece)
            self._queued += _size(piece)
        self._tell(self._news.set)
        return True

    def _tell(self, what: Callable[[], None]) -> None:
        # The loop is gone only when the whole agent is.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what)

    # -- on the loop again -----------------------------------------------------------------------------------------

    def _begun(self) -> None:
        if not self._opened.done():
            self._opened.set_result(None)

    def _end(self, error: BaseException | None) -> None:
        self._error = error
        if not self._opened.done():
            if error is not None:
                self._opened.set_exception(error)
                # Whoever never asked whether it opened hears of it from the iteration.
                self._opened.exception()
            else:
                self._opened.set_result(None)
        self._ended.set()
        self._news.set()


def _size(piece: object) -> int:
    return len(piece) if isinstance(piece, bytes) else 1_000
