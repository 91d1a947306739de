"""Lists of alerts and silences."""

from __future__ import annotations

from console.alerts.model import Alert, Silence
from console.needs import summary
from console.ui.columns.cells import age, dim, state
from console.ui.shown import NOTHING, ago
from console.ui.standing import shown_word
from console.ui.widgets.columns import Cell, Column
from console.words import SEVERITY, StateWord

_STATES = {"firing": "firing", "suppressed": "silenced", "missing": "missing", "resolved": "resolved"}
_SILENCES: dict[str, StateWord] = {
    "active": "waiting",
    "pending": "queued",
    "expired": "cancelled",
    "unknown": "unknown",
}


def alert_state(alert: Alert) -> str:
    if alert.state == "suppressed" and not alert.silenced_by and alert.inhibited_by:
        return "inhibited"
    return _STATES[alert.state]


def alert_rank(alert: Alert) -> tuple[int, float, str]:
    return SEVERITY[shown_word(alert)], -alert.since, alert.id


def alert_fields(alert: Alert) -> dict[str, object]:
    """What the filter looks at."""
    return {
        "state": alert_state(alert),
        "severity": alert.severity,
        "name": alert.name,
        "summary": summary(alert),
        "cluster": alert.cluster,
        "receiver": alert.receivers,
        "labels": alert.labels,
    }


def alerts(*, ascii: bool) -> tuple[Column[Alert], ...]:  # noqa: A002  # the word the settings use
    return (
        Column("state", "state", lambda a, _: state(shown_word(a), alert_state(a), ascii=ascii), 11,
               sort=lambda a: (SEVERITY[shown_word(a)], alert_state(a))),
        Column("severity", "severity", lambda a, _: a.severity or NOTHING, 8, priority=1, sort=lambda a: a.severity),
        Column("name", "alert", lambda a, _: Cell(a.name, "bold"), 20, grow=1, sort=lambda a: a.name),
        Column("summary", "summary", lambda a, _: summary(a), 20, grow=5, priority=2),
        Column("cluster", "cluster", lambda a, _: dim(a.cluster), 12, priority=5, sort=lambda a: a.cluster),
        Column("receivers", "receivers", lambda a, _: dim(" ".join(a.receivers)), 12, priority=4),
        Column("since", "for", lambda a, now: age(a.since, now), 4, align="right", sort=lambda a: a.since, ages=True),
    )  # fmt: skip


def matchers(silence: Silence) -> str:
    return " ".join(str(matcher) for matcher in silence.matchers)


def silence_rank(silence: Silence) -> tuple[int, float, str]:
    """Those that hold first, the one that ends next at the top."""
    order = {"active": 0, "pending": 1, "unknown": 2, "expired": 3}[silence.state]
    ends = silence.ends_at or 0.0
    return order, -ends if order == 3 else ends, silence.id


def silences(*, ascii: bool) -> tuple[Column[Silence], ...]:  # noqa: A002  # as above
    return (
        Column("state", "state", lambda s, _: state(_SILENCES[s.state], s.state, ascii=ascii), 10, sort=lambda s: s.state),
        Column("matchers", "silences", lambda s, _: Cell(matchers(s), "bold"), 24, grow=4, sort=matchers),
        Column("by", "by", lambda s, _: s.created_by or NOTHING, 8, grow=1, priority=1, sort=lambda s: s.created_by),
        Column("comment", "because", lambda s, _: dim(s.comment), 20, grow=3, priority=2),
        Column("cluster", "cluster", lambda s, _: dim(s.cluster), 12, priority=3, sort=lambda s: s.cluster),
        Column("ends", "ends", _ends, 9, align="right", sort=lambda s: s.ends_at, ages=True),
    )  # fmt: skip


def _ends(silence: Silence, now: float) -> Cell:
    if silence.ends_at is None:
        return dim("")
    left = silence.ends_at - now
    return Cell(f"in {ago(left)}") if left > 0 else dim(f"{ago(-left)} ago")
