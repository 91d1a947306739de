"""Is it all right, and what is wrong: one answer for `quarterdeck status` and for scripts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from console.alerts.model import Alert
from console.fleet.model import Container
from console.monitoring.model import Rule, Target
from console.needs import Holder, Need, needs
from console.pipelines.model import Run
from console.shape import source_word, word
from console.shown import ago
from console.words import SEVERITY, StateWord
from console.world.model import Agent, Record, Source, age_s

COUNTED: tuple[type[Record], ...] = (Run, Container, Alert, Target, Rule)


class Count(Struct, frozen=True):
    topic: str
    words: tuple[tuple[StateWord, int], ...]
    """How many are in each state, worst first."""


class Freshness(Struct, frozen=True):
    id: str
    word: StateWord
    text: str
    age_s: float | None
    """How old its facts may be, in seconds; None where it has never had any."""


class Overview(Struct, frozen=True):
    organisation: str
    mode: str
    version: str
    demo: bool
    settings: str
    """The agent's settings file; empty where it has none."""
    needs: tuple[Need, ...]
    """What needs a person, worst first."""
    counts: tuple[Count, ...]
    sources: tuple[Freshness, ...]


def overview(world: Holder, now: float) -> Overview:
    agent = next(iter(world.all(Agent)), None)
    return Overview(
        organisation=agent.organisation if agent else "",
        mode=agent.mode if agent else "",
        version=agent.version if agent else "",
        demo=bool(agent and agent.demo),
        settings=agent.settings_path if agent else "",
        needs=tuple(needs(world, now)),
        counts=tuple(_count(kind.topic, records) for kind in COUNTED if (records := world.all(kind))),
        sources=tuple(freshness(s, now) for s in sorted(world.all(Source), key=lambda s: s.id)),
    )


def freshness(source: Source, now: float) -> Freshness:
    """How a source is and how old its facts may be, in words."""
    age = age_s(source, now)
    if age is None:
        text = source.error or source.state
    elif source.data_at is None:
        text = "live" if source.fresh_s == 0 else f"at most {ago(source.fresh_s)} old"
    else:
        text = f"{ago(age)} old: {source.error or source.state}"
    if source.notes:
        many = f" and {len(source.notes) - 1} more" if len(source.notes) > 1 else ""
        text += f"; cannot give: {source.notes[0]}{many}"
    return Freshness(source.id, source_word(source), f"{text}  {source.detail}".rstrip(), age)


def _count(topic: str, records: Iterable[Record]) -> Count:
    words = Counter(w for r in records if (w := word(r)) is not None)
    return Count(topic, tuple(sorted(words.items(), key=lambda item: SEVERITY[item[0]])))
