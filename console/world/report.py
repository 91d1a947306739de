"""How a source says how it is. The supervisor hands one to each source and keeps the record from it."""

from __future__ import annotations

import msgspec

from console.clock import Clock
from console.errors import ConsoleError, SourceError
from console.text import clean
from console.world.model import Source, SourceWord
from console.world.world import World

CIRCUIT_FAILURES = 3
"""Failures in a row after which a source counts as failed and not as a stumble: at half a second doubling, 3.5 s."""


class Report:
    """The state of one source, kept as its `sources` record."""

    def __init__(self, world: World, clock: Clock, name: str, *, data_at: float | None = None) -> None:
        """`data_at`: when facts kept from an earlier life were last known to be true."""
        self._world = world
        self._clock = clock
        self._ok_at: float | None = None
        self.record = Source(id=name, kind=name.partition("/")[0], since=clock.now(), data_at=data_at)
        world.put(self.record)

    @property
    def ok_at(self) -> float | None:
        """When facts were last read whole."""
        return self._ok_at

    def ok(self, fresh_s: float, *, detail: str = "", notes: tuple[str, ...] = ()) -> None:
        """Facts have just been read whole, and will be again within `fresh_s` seconds (0: they arrive as they happen)."""
        self._ok_at = self._clock.now()
        self._become(
            "degraded" if notes else "ok",
            fresh_s=fresh_s,
            data_at=None,
            detail=detail,
            notes=notes,
            error="",
            hint="",
            error_kind="",
            failures=0,
            retry_at=None,
        )

    def failed(self, error: Exception, retry_in_s: float) -> None:
        """A try failed and the next comes in `retry_in_s` seconds. The facts stay, with their age."""
        failures = self.record.failures + 1
        kind = error.kind if isinstance(error, SourceError) else "failed"
        message, hint = (
            (error.message, error.hint) if isinstance(error, ConsoleError) else (f"{type(error).__name__}: {error}", "")
        )
        # A first stumble keeps the word of a source whose facts are still young.
        word: SourceWord = "failed" if failures >= CIRCUIT_FAILURES or self._ok_at is None else "degraded"
        self._become(
            word,
            data_at=self.record.data_at if self._ok_at is None else self._ok_at,
            error=clean(message, 500),
            hint=clean(hint, 500),
            error_kind=kind,
            failures=failures,
            retry_at=self._clock.now() + retry_in_s,
        )

    def off(self, why: str) -> None:
        """The source is not asked at all, and why."""
        self._become("off", error=why)

    def _become(self, state: SourceWord, **facts: object) -> None:
        old = self.record
        if state != old.state:
            facts["since"] = self._clock.now()
        self.record = msgspec.structs.replace(old, state=state, **facts)
        self._world.put(self.record)
