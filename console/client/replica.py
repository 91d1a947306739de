"""A client's copy of the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeVar

from console.world.model import Record

R = TypeVar("R", bound=Record)

Changed = dict[str, set[str]]
"""The ids that changed, by topic."""


@dataclass(frozen=True)
class Link:
    """How the client stands with the agent."""

    state: Literal["connecting", "live", "lost"]
    since: float
    error: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Batch:
    """What a client applies in one go: at most 5 a second, and none while nothing happens."""

    link: Link
    reset: bool = False
    """The records are the whole world; what they do not name is gone."""
    records: list[tuple[str, str, Record | None]] = field(default_factory=list)
    """(topic, id, record); None means that it is gone."""


class Replica:
    """The newest record of each topic and id. One thread applies and reads it."""

    def __init__(self) -> None:
        self._live: dict[str, dict[str, Record]] = {}
        self.link = Link("connecting", 0.0)

    def apply(self, batch: Batch) -> Changed:
        """Take a batch in and say what differs now."""
        self.link = batch.link
        changed: Changed = {}
        if batch.reset:
            named = {(topic, record_id) for topic, record_id, _ in batch.records}
            for topic, live in self._live.items():
                for record_id in [i for i in live if (topic, i) not in named]:
                    del live[record_id]
                    changed.setdefault(topic, set()).add(record_id)
        for topic, record_id, record in batch.records:
            live = self._live.setdefault(topic, {})
            if live.get(record_id) == record:
                continue
            if record is None:
                del live[record_id]
            else:
                live[record_id] = record
            changed.setdefault(topic, set()).add(record_id)
        return changed

    def all(self, kind: type[R]) -> list[R]:
        return list(self._live.get(kind.topic, {}).values())  # type: ignore[arg-type]  # a topic holds one type

    def get(self, kind: type[R], record_id: str) -> R | None:
        return self._live.get(kind.topic, {}).get(record_id)  # type: ignore[return-value]  # a topic holds one type
