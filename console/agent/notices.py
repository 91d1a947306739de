"""What the agent itself wants every operator to know until it is mended."""

from __future__ import annotations

from typing import Literal

from console.clock import Clock
from console.errors import StoreError
from console.world.model import Notice
from console.world.world import World


class Notices:
    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock

    def say(self, key: str, level: Literal["info", "warning", "error"], message: str, hint: str = "") -> None:
        """Show it under `key`; the same words again keep the time of the first."""
        old = self._world.get(Notice, key)
        since = old.since if old is not None and old.message == message else self._clock.now()
        self._world.put(Notice(id=key, level=level, message=message, hint=hint, since=since))

    def mended(self, key: str) -> None:
        self._world.drop(Notice.topic, key)

    def store(self, error: StoreError | None) -> None:
        """What the state folder's thread says: an error, or None when it is well."""
        if error is None:
            self.mended("state")
        else:
            self.say("state", "error", error.message, error.hint)
