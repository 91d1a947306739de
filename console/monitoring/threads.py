"""A bounded set of daemon threads of one source's own, for a library that blocks."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[object]", Callable[[], object]]


class Threads:
    """At most `most` threads, started as they are needed.

    They are daemons: a name server that never answers holds a thread for longer than an agent may take to end.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._started = 0
        self._free = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. On cancellation its thread goes on by itself and the answer is dropped."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()
        if self._free == 0 and self._started < self._most:
            self._started += 1
            threading.Thread(target=self._serve, name=f"{self._name}-{self._started}", daemon=True).start()
        else:
            self._free -= 1
        self._jobs.put((loop, future, work))
        return await future  # type: ignore[return-value]  # it is what this work gives

    def close(self) -> None:
        """Let every thread end after the job it has."""
        for _ in range(self._started):
            self._jobs.put(None)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, future, work = job
            try:
                result: object = work()
                error: BaseException | None = None
            except BaseException as caught:  # noqa: BLE001  # handed to the caller, whatever it is
                result, error = None, caught
            try:
                loop.call_soon_threadsafe(self._settle, future, result, error)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return
            del job, future, work, result, error

    def _settle(self, future: asyncio.Future[object], result: object, error: BaseException | None) -> None:
        self._free += 1
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
