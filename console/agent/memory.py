"""What the agent knew is there again after a restart, with its age, until the sources say better."""

from __future__ import annotations

import logging

import msgspec

from console.topics import TOPICS
from console.world.feed import Context
from console.world.model import Record, Source

log = logging.getLogger("quarterdeck.memory")

SAVE_S = 30.0
"""How often facts are kept: what is lost to a kill -9 is read anew from the sources within seconds anyway."""
PASSING = frozenset({"agent", "notices", "sources", "stats", "series", "budgets"})
"""Topics that say nothing after a restart."""


class Memory:
    """Keeps the world's records on the shelf `world`, and when each source was last right on the shelf `sources`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._shelf = context.shelf("world")
        self._dirty: set[tuple[str, str]] = set()
        self._sources = context.shelf("sources")
        self._encode = msgspec.json.Encoder().encode
        context.world.listen(self._note)

    def recall(self, names: list[str]) -> None:
        """Put what is on the shelf into the world, for the sources of `names`.

        Where the settings no longer name a source of that time nothing is recalled: nobody would ever correct its
        facts. What a newer version cannot read is left out.
        """
        known = set(self._sources.load())
        for gone in known - set(names):
            self._sources.save(gone, None)
        for key, value in self._shelf.load().items():
            if not known <= set(names):
                self._shelf.save(key, None)
                continue
            topic, _, record_id = key.partition("\n")
            kind = TOPICS.get(topic)
            try:
                record = msgspec.json.decode(value, type=kind) if kind and topic not in PASSING else None
            except msgspec.MsgspecError as error:
                log.info("a remembered record does not fit any more", extra={"topic": topic, "error": str(error)})
                record = None
            if record is None:
                self._shelf.save(key, None)
            elif self._context.world.get(type(record), record_id) is None:
                self._context.world.put(record)
        self._dirty.clear()

    def data_at(self, source: str) -> float | None:
        """When the facts of `source` were last known to be true, in an earlier life."""
        value = self._sources.load().get(source)
        return None if value is None else msgspec.json.decode(value, type=float)

    async def run(self) -> None:
        while True:
            await self._context.clock.sleep(SAVE_S)
            self.save()

    def save(self) -> None:
        now = self._context.clock.now()
        for source in self._context.world.all(Source):
            at = now if source.state == "ok" else source.data_at
            if at is not None:
                self._sources.save(source.id, self._encode(at))
        dirty, self._dirty = self._dirty, set()
        for topic, record_id in dirty:
            self._shelf.save(f"{topic}\n{record_id}", self._context.world.body(topic, record_id))

    def _note(self, _: Record | None, topic: str, record_id: str) -> None:
        if topic not in PASSING:
            self._dirty.add((topic, record_id))
