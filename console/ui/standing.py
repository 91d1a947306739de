"""How things stand, counted: the badges of the modes and the last line of the overview. Pure: no textual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from console.alerts.model import Alert, alert_word
from console.client.replica import Replica
from console.fleet.model import Container, container_word
from console.needs import QUIET, RECENT_S, runs_needing
from console.pipelines.model import Run, run_word
from console.words import SEVERITY, StateWord

Count = list[tuple[StateWord, int]]
"""How many are in each state, worst first."""

Badges = dict[str, tuple[StateWord, int]]
"""For each mode that wants looking at: the worst state and how many are in need."""


def badges(replica: Replica, now: float) -> Badges:
    """What wants looking at in each mode."""
    found: Badges = {}
    for mode, words in (
        ("pipelines", [need.word for need in runs_needing(replica.all(Run), now)]),
        ("fleet", [word for c in replica.all(Container) if (word := container_word(c)) == "failed"]),
        ("alerts", [alert_word(a) for a in replica.all(Alert) if a.state == "firing" and not quiet(a)]),
    ):
        if words:
            found[mode] = (min(words, key=SEVERITY.__getitem__), len(words))
    return found


def quiet(alert: Alert) -> bool:
    """Whether it needs nobody while it fires: a watchdog, a note."""
    return alert.severity.lower() in QUIET


def shown_word(alert: Alert) -> StateWord:
    """How an alert looks: one that fires and needs nobody is under way, and a watchdog (`none`) as it should be."""
    if alert.state == "firing" and quiet(alert):
        return "ok" if alert.severity.lower() == "none" else "running"
    return alert_word(alert)


def run_counts(runs: Iterable[Run], now: float) -> Count:
    """Runs begun within a day, by state."""
    return _count(
        run_word(r.status, r.conclusion) for r in runs if r.created_at is None or now - r.created_at < RECENT_S
    )


def container_counts(containers: Iterable[Container]) -> Count:
    return _count(container_word(c) for c in containers)


def _count(words: Iterable[StateWord]) -> Count:
    return sorted(Counter(words).items(), key=lambda pair: SEVERITY[pair[0]])


def alert_counts(alerts: Iterable[Alert]) -> list[tuple[StateWord, str, int]]:
    """(word, severity, how many) of the alerts that fire, then the silenced and the missing ones."""
    firing: Counter[tuple[StateWord, str]] = Counter()
    silenced = missing = 0
    for alert in alerts:
        match alert.state:
            case "firing":
                firing[shown_word(alert), alert.severity or "no severity"] += 1
            case "suppressed":
                silenced += 1
            case "missing":
                missing += 1
    found = [
        (word, severity, n)
        for (word, severity), n in sorted(firing.items(), key=lambda p: (SEVERITY[p[0][0]], p[0][1]))
    ]
    if missing:
        found.append(("stale", "missing", missing))
    if silenced:
        found.append(("waiting", "silenced", silenced))
    return found
