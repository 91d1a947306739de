"""The agent's own log: JSON lines in the state folder, rotated, without secrets."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import queue
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import msgspec

from console.text import clean

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; empty outside of one."""

FILE_BYTES = 5_000_000
FILES = 5
"""Five files of 5 MB: some weeks of a quiet agent, and never more than 25 MB of a loud one."""
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Redactor:
    """Takes every secret that this agent has resolved out of what is logged or sent, should one ever get there."""

    def __init__(self) -> None:
        self._values: set[bytes] = set()
        """As they stand within a JSON string."""

    def add(self, value: str) -> None:
        if len(value) >= 6:  # shorter ones would blot out ordinary words
            self._values.add(msgspec.json.encode(value)[1:-1])

    def redact(self, json: bytes) -> bytes:
        """JSON without them; the same bytes where there is none in it, as nearly always."""
        for value in self._values:
            if value in json:
                json = json.replace(value, b"[secret]")
        return json


class JsonFormatter(logging.Formatter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "log": record.name,
            "message": clean(record.getMessage()),
        }
        if request_id := getattr(record, "request_id", ""):
            entry["request_id"] = request_id
        entry.update({k: clean(str(v)) for k, v in vars(record).items() if k not in _PLAIN and k != "request_id"})
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return self._redactor.redact(msgspec.json.encode(entry)).decode()


class _File(logging.handlers.RotatingFileHandler):
    """Loses a line rather than the agent when the disk is full, and counts it."""

    lost = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  # logging's own signature
        self.lost += 1


class AgentLog:
    """Lines are written by a thread of their own: a slow disk never holds up the loop."""

    def __init__(self, folder: Path, level: str, redactor: Redactor) -> None:
        handlers: list[logging.Handler] = []
        self._file: _File | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = _File(
                folder / "agent.log", maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", delay=True
            )
            self._file.setFormatter(JsonFormatter(redactor))
            handlers.append(self._file)
        except OSError:
            # The lock has already become a notice about this folder; without it there is nowhere to write to.
            self._file = None
        self._queue: queue.Queue[logging.LogRecord] = queue.Queue(maxsize=10_000)
        self._listener = logging.handlers.QueueListener(self._queue, *handlers)
        self._listener.start()
        root = logging.getLogger()
        self._handler = _Enqueue(self._queue)
        root.handlers = [self._handler]
        root.setLevel(level.upper())
        for chatty in ("httpx", "httpcore", "urllib3", "uvicorn", "asyncio", "docker", "alembic", "litestar"):
            logging.getLogger(chatty).setLevel(logging.WARNING)

    @property
    def lost(self) -> int:
        """Lines that could not be written."""
        return self._file.lost if self._file is not None else 0

    def close(self) -> None:
        logging.getLogger().handlers = []
        self._listener.stop()
        if self._file is not None:
            self._file.close()


class _Enqueue(logging.handlers.QueueHandler):
    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record.request_id = REQUEST_ID.get()
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        # A log that nobody can write fast enough loses lines, not memory.
        with contextlib.suppress(queue.Full):
            self.queue.put_nowait(record)
