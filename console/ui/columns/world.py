"""Lists of what needs a person, and of sources."""

from __future__ import annotations

from console.needs import Need
from console.shape import source_word
from console.ui.columns.cells import age, dim, state
from console.ui.freshness import freshness, reason
from console.ui.shown import ago
from console.ui.widgets.columns import Cell, Column
from console.words import SEVERITY
from console.world.model import Source


def needs(*, ascii: bool) -> tuple[Column[Need], ...]:  # noqa: A002  # the word the settings use
    return (
        Column("kind", "", lambda n, _: state(n.word, n.kind, ascii=ascii), 11),
        Column("what", "what", lambda n, _: Cell(n.what, "bold"), 20, grow=2),
        Column("why", "why", lambda n, _: n.why, 16, grow=3, priority=1),
        Column("since", "for", lambda n, now: age(n.since, now), 4, align="right", ages=True),
    )


def source_rank(source: Source) -> tuple[int, str]:
    return SEVERITY[source_word(source)], source.id


def sources(*, ascii: bool) -> tuple[Column[Source], ...]:  # noqa: A002  # as above
    return (
        Column("state", "state", lambda s, _: state(source_word(s), s.state, ascii=ascii), 10, sort=lambda s: s.state),
        Column("name", "source", lambda s, _: Cell(s.id, "bold"), 20, grow=1, sort=lambda s: s.id),
        Column("fresh", "facts", freshness, 11, ages=True),
        Column("error", "what is wrong", _error, 20, grow=4, priority=1),
        Column("detail", "detail", lambda s, _: dim(s.detail), 12, grow=1, priority=2),
        Column("retry", "next try", _retry, 8, align="right", priority=3, ages=True),
    )


def _error(source: Source, _: float) -> Cell:
    if source.error:
        return Cell(source.error or reason(source), "failed" if source.state == "failed" else "warning")
    return Cell("; ".join(source.notes), "warning" if source.notes else "")


def _retry(source: Source, now: float) -> Cell:
    if source.retry_at is None:
        return dim("")
    return Cell(f"in {ago(source.retry_at - now)}") if source.retry_at > now else Cell("now")
