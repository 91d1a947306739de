"""The log of a container: frames into clean lines, lines into batches that a screen can bear."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Literal

from console.clock import Clock
from console.errors import SourceError
from console.fleet.client import Engine
from console.moment import moment
from console.text import clean_log
from console.world.model import LogLine

StreamName = Literal["stdout", "stderr"]

LINE_LIMIT = 65_536
"""Bytes of one line; the engine itself cuts at 16 KB."""
BUFFER_LINES = 5_000
"""Lines that wait for their reader; a screen shows 60 of them."""
BUFFER_BYTES = 4_000_000
BATCH_S = 0.25
"""Between two batches: nobody reads faster, and each batch repaints."""
GATHER_S = 0.02
"""Before the first batch, so that the tail arrives as one."""

_STREAMS: dict[int, StreamName] = {0: "stdout", 1: "stdout", 2: "stderr"}


class Lines:
    """Bytes of a log into lines. Source: Engine API, ContainerAttach, "Stream format". Pure."""

    def __init__(self, *, tty: bool) -> None:
        self._tty = tty
        self._head = b""
        self._stream: StreamName = "stdout"
        self._left = 0
        self._rest: dict[StreamName, bytes] = {"stdout": b"", "stderr": b""}

    def feed(self, piece: bytes) -> Iterator[LogLine]:
        """Raises SourceError where the bytes are no frames."""
        if self._tty:
            yield from self._text("stdout", piece)
            return
        while piece:
            if self._left == 0:
                need = 8 - len(self._head)
                self._head, piece = self._head + piece[:need], piece[need:]
                if len(self._head) < 8:
                    return
                kind = self._head[0]
                if kind not in _STREAMS or self._head[1:4] != b"\0\0\0":
                    raise SourceError(
                        "The engine sent a log that is not in its own format",
                        "Is this a Docker engine? Check the host's url.",
                        kind="protocol",
                    )
                self._stream, self._left = _STREAMS[kind], int.from_bytes(self._head[4:], "big")
                self._head = b""
            text, piece = piece[: self._left], piece[self._left :]
            self._left -= len(text)
            yield from self._text(self._stream, text)

    def end(self) -> Iterator[LogLine]:
        """What the last lines without a line break hold."""
        for stream, rest in self._rest.items():
            if rest:
                yield _line(stream, rest)
        self._rest = {"stdout": b"", "stderr": b""}

    def _text(self, stream: StreamName, text: bytes) -> Iterator[LogLine]:
        *whole, rest = (self._rest[stream] + text).split(b"\n")
        for line in whole:
            yield _line(stream, line)
        while len(rest) > LINE_LIMIT:
            yield _line(stream, rest[:LINE_LIMIT])
            rest = rest[LINE_LIMIT:]
        self._rest[stream] = rest


class Batches:
    """Lines between a fast engine and a slow reader: bounded, and what is dropped is counted."""

    def __init__(self, clock: Clock, *, follow: bool) -> None:
        self._clock = clock
        self._follow = follow
        self._opened_at = clock.now()
        self._lines: deque[LogLine] = deque()
        self._bytes = 0
        self._dropped = 0
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._over = False

    async def add(self, line: LogLine) -> None:
        """Keep a line. What was written before the reading began waits for room; what happens now is not held up."""
        while self._full():
            if self._follow and (line.at is None or line.at >= self._opened_at):
                self._bytes -= len(self._lines.popleft().text)
                self._dropped += 1
                continue
            self._room.clear()
            await self._room.wait()
        self._lines.append(line)
        self._bytes += len(line.text)
        self._news.set()

    def end(self, note: str = "") -> None:
        if note:
            self._lines.append(LogLine(self._clock.now(), "note", note))
        self._over = True
        self._news.set()

    async def __aiter__(self) -> AsyncGenerator[list[LogLine], None]:
        pause_s = GATHER_S
        while True:
            await self._news.wait()
            if not self._over and (self._follow or not self._full()):
                await self._clock.sleep(pause_s)
            pause_s = BATCH_S
            if batch := self._take():
                yield batch
            elif self._over:
                return

    def _take(self) -> list[LogLine]:
        batch = list(self._lines)
        if self._dropped:
            note = f"{self._dropped} lines dropped here: they came faster than they were read"
            batch.insert(0, LogLine(self._clock.now(), "note", note))
        self._lines.clear()
        self._bytes = self._dropped = 0
        if not self._over:
            self._news.clear()
        self._room.set()
        return batch

    def _full(self) -> bool:
        return len(self._lines) >= BUFFER_LINES or (self._bytes >= BUFFER_BYTES and bool(self._lines))


async def read(
    engine: Engine, clock: Clock, container: str, *, follow: bool, tail: int, since: float | None
) -> AsyncGenerator[list[LogLine], None]:
    """Batches of the log of a container, by its id on the engine. Raises SourceError."""
    facts = await engine.inspect(container)
    if facts is None:
        raise SourceError("This container is gone, and its log with it", kind="missing")
    lines = Lines(tty=bool(facts.config and facts.config.tty))
    batches = Batches(clock, follow=follow)
    failure: list[SourceError] = []

    async def pump() -> None:
        try:
            async with aclosing(engine.logs(container, follow=follow, tail=tail, since=since)) as pieces:
                async for piece in pieces:
                    for line in lines.feed(piece):
                        await batches.add(line)
            for line in lines.end():
                await batches.add(line)
            batches.end("The log ends here: the container does not run" if follow else "")
        except SourceError as error:
            failure.append(error)
            batches.end()

    task = asyncio.create_task(pump(), name=f"log {container[:12]}")
    try:
        async with aclosing(batches.__aiter__()) as found:
            async for batch in found:
                yield batch
        if failure:
            raise failure[0]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _line(stream: StreamName, raw: bytes) -> LogLine:
    text = raw.rstrip(b"\r").decode("utf-8", "replace")
    stamp, blank, rest = text.partition(" ")
    # A stamp is 20 to 35 characters: 2026-11-20T17:52:00Z up to nanoseconds and a zone.
    when = moment(stamp) if 20 <= len(stamp) <= 35 and stamp[10:11] == "T" else None
    if when is None:
        return LogLine(None, stream, clean_log(text))
    return LogLine(when, stream, clean_log(rest if blank else ""))
