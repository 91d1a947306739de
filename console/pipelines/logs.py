"""The log of a job, line by line.

GitHub's API has the log of a finished job only: no live log (github.com/cli/cli/issues/3484). For a running one there
are the steps as they go, and the log when it has ended.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from console.clock import Clock
from console.errors import SourceError
from console.moment import moment
from console.pipelines.client import Client
from console.pipelines.model import Step, run_word
from console.pipelines.records import job_of
from console.pipelines.refusals import Refusal
from console.text import clean_log
from console.words import GLYPHS
from console.world.model import LogLine

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes of a log that are read; GitHub's own page shows less."""
LINE_LIMIT = 16 * 1024
"""Bytes of a line that are kept."""
BATCH = 1000
"""Lines handed over together."""
TIME_LIMIT_S = 300.0
"""How long a whole log may take to arrive: 64 MiB at 2 Mbit/s."""
STEPS_S = 5.0
"""Between two looks at the steps of a running job."""
READY_S = 3.0
READY_TRIES = 20
"""GitHub puts a log together for some seconds after the job has ended; it is asked for during a minute."""

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) ?", re.ASCII)


async def read(
    client: Client, clock: Clock, repository: str, job_id: int, *, follow: bool, tail: int, since: float | None
) -> AsyncGenerator[list[LogLine], None]:
    """Batches of lines. Raises SourceError where there is no log: expired, deleted, no access."""
    job = job_of(repository, await client.job(repository, job_id))
    if job.status != "completed":
        yield [
            _note(clock, "GitHub has no live log of a running job: its steps are shown, and the log when it has ended.")
        ]
        told: dict[int, str] = {}
        while True:
            if lines := _steps(clock, job.steps, told):
                yield lines
            if job.status == "completed":
                break
            if not follow:
                return
            await clock.sleep(STEPS_S)
            job = job_of(repository, await client.job(repository, job_id))
    async for batch in _finished(client, clock, repository, job_id, follow=follow, tail=tail, since=since):
        yield batch


async def _finished(
    client: Client, clock: Clock, repository: str, job_id: int, *, follow: bool, tail: int, since: float | None
) -> AsyncIterator[list[LogLine]]:
    for attempt in range(READY_TRIES):
        try:
            async with client.job_log(repository, job_id) as parts:
                async for batch in _batches(clock, parts, tail=tail, since=since):
                    yield batch
        except Refusal as error:
            if error.status == 410:
                raise SourceError(
                    f"The log of job {job_id} has expired or was deleted.",
                    "GitHub keeps logs for 90 days unless the repository says otherwise.",
                    kind="missing",
                ) from error
            if error.status != 404:
                raise
            if not follow or attempt == READY_TRIES - 1:
                raise SourceError(
                    f"GitHub has no log of job {job_id}: not yet, or not any more.",
                    "A job that was skipped or never started has none; after its end it takes some seconds.",
                    kind="missing",
                ) from error
        else:
            return
        await clock.sleep(READY_S)


async def _batches(
    clock: Clock, parts: AsyncIterator[bytes], *, tail: int, since: float | None
) -> AsyncIterator[list[LogLine]]:
    splitter = Lines()
    last: deque[LogLine] = deque(maxlen=tail) if tail else deque()
    began, size, note = clock.monotonic(), 0, ""
    async for part in parts:
        size += len(part)
        for raw in splitter.feed(part):
            line = line_of(raw)
            if since is None or line.at is None or line.at > since:
                last.append(line)
        if not tail and len(last) >= BATCH:
            yield list(last)
            last.clear()
        if size >= SIZE_LIMIT:
            note = f"The log is longer than {SIZE_LIMIT // 1024 // 1024} MiB; the rest is not read. See it on GitHub."
            break
        if clock.monotonic() - began > TIME_LIMIT_S:
            note = f"The log took longer than {TIME_LIMIT_S:.0f} s to arrive; the rest is not read."
            break
    for raw in splitter.end():
        last.append(line_of(raw))
    lines = list(last)
    for at in range(0, len(lines), BATCH):
        yield lines[at : at + BATCH]
    if splitter.cut:
        yield [_note(clock, f"{splitter.cut} lines are longer than {LINE_LIMIT // 1024} KiB and were cut.")]
    if note:
        yield [_note(clock, note)]


class Lines:
    """Bytes into lines, however they arrive. A line longer than LINE_LIMIT is cut: `cut` counts those. Pure."""

    def __init__(self) -> None:
        self.cut = 0
        self._rest = bytearray()

    def feed(self, part: bytes) -> Iterator[bytes]:
        begin = 0
        while (end := part.find(b"\n", begin)) >= 0:
            self._take(part[begin:end])
            yield self._whole()
            begin = end + 1
        self._take(part[begin:])

    def end(self) -> Iterator[bytes]:
        if self._rest:
            yield self._whole()

    def _take(self, part: bytes) -> None:
        # One byte beyond the limit is kept as the sign that the line was longer.
        self._rest += part[: max(0, LINE_LIMIT + 1 - len(self._rest))]

    def _whole(self) -> bytes:
        line = bytes(self._rest)
        self._rest.clear()
        self.cut += len(line) > LINE_LIMIT
        return line[:LINE_LIMIT]


def line_of(raw: bytes) -> LogLine:
    """A line with its time stamp parted off. GitHub's ##[group] and the like stay as they are. Pure."""
    text = raw.decode("utf-8", "replace").lstrip("\ufeff").rstrip("\r")
    stamp = _STAMP.match(text)
    at = moment(stamp[1]) if stamp else None
    return LogLine(at, "stdout", clean_log(text[stamp.end() :] if stamp and at is not None else text))


def _steps(clock: Clock, steps: tuple[Step, ...], told: dict[int, str]) -> list[LogLine]:
    """A note for each step that is not as `told` says, and `told` brought up to date."""
    lines = []
    for step in steps:
        word = run_word(step.status, step.conclusion)
        if told.get(step.number, "queued") != word:
            told[step.number] = word
            lines.append(_note(clock, f"{GLYPHS[word]} {word}  {step.number} {step.name}"))
    return lines


def _note(clock: Clock, text: str) -> LogLine:
    return LogLine(clock.now(), "note", text)
