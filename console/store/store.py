"""The state folder's database: one file, one writer, written together.

SQLite in WAL mode with BEGIN IMMEDIATE and synchronous=FULL: eight processes claiming rows met no lock error that way
and 67,673 with deferred transactions (docs/ARCHITECTURE.md).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from console.errors import StoreError

T = TypeVar("T")

BUSY_MS = 5000
"""How long a statement waits for another process's write: `quarterdeck` verbs that read the file beside the agent."""


class Store:
    """An open database. Every call blocks: the agent calls it from its one store thread."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "quarterdeck.db"
        self.engine = _engine(self.path)

    def open(self) -> None:
        """Create the file where there is none and bring its tables up to date. Raises StoreError."""
        with translated(self.path):
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            with self.engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            self.path.chmod(0o600)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction: all of it or nothing. Raises StoreError."""
        with translated(self.path), self.engine.begin() as connection:
            return work(connection)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which only reads. Raises StoreError."""
        return self.write(work)

    def close(self) -> None:
        self.engine.dispose()


class translated:  # noqa: N801  # reads as a word in a with statement
    """Turn the database's errors into StoreError, with what to do next."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sa.exc.DBAPIError | sqlite3.Error | OSError):
            cause = str(getattr(error, "orig", None) or error)
            raise StoreError(f"The state file cannot be used: {cause} ({self._path})", _hint(cause)) from error


def _hint(cause: str) -> str:
    lowered = cause.lower()
    if "full" in lowered or "no space" in lowered:
        return "The disk is full. Make room there; what happens meanwhile is kept in memory and written then."
    if "readonly" in lowered or "read-only" in lowered or "unable to open" in lowered or "permission" in lowered:
        return "The folder cannot be written. Check its owner and mode, or set QUARTERDECK_STATE_DIR to another."
    if "malformed" in lowered or "not a database" in lowered:
        return "The file is damaged. Move it away and start again: all in it can be read anew from the sources."
    return "See `quarterdeck doctor`."


def _engine(path: Path) -> Engine:
    engine = sa.create_engine(
        f"sqlite:///{path}",
        poolclass=sa.pool.StaticPool,
        connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that becomes a writer fails at once where another wrote meanwhile, time-out or not.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
