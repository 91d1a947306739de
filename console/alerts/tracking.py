"""What becomes of an alert from poll to poll: missing is not resolved, and what Prometheus says of it counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from console.alerts.model import Alert, AlertState, Change

MISSING_POLLS = 2
"""Polls without an alert after which it is missing: one may fall between two groups of a reload."""
QUIET_S = 300.0
"""How long an alert is missing from a healthy, settled Alertmanager before that alone resolves it: Prometheus sends
again at least every minute, and an Alertmanager that restarted has everything back within five."""
SHOWN_S = 3600.0
"""How long a resolved alert stays to be seen."""
FLAP_WINDOW_S = 900.0
FLAP_FIRES = 3
"""An alert that fires so often within the window flaps; its resolve is held for as long as the window."""
HISTORY = 50


class Seen(Struct, frozen=True, gc=False):
    """An alert as the members of a cluster report it now, duplicates folded and text cleaned."""

    fingerprint: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    starts_at: float | None = None
    generator_url: str = ""
    receivers: tuple[str, ...] = ()
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    suppressed: bool = False
    """No member notifies of it: silenced, inhibited or muted."""
    members: tuple[str, ...] = ()


Evidence = Literal["firing", "absent", "none"]
"""What the Prometheus that sends an alert says of it; none: it cannot say."""


class Health(Struct, frozen=True):
    """How a cluster answered this poll."""

    healthy: frozenset[str] = frozenset()
    """The members that answered."""
    down: frozenset[str] = frozenset()
    """The members that did not."""
    since: float = 0.0
    """Since when it has answered every poll."""
    uptime_s: float | None = None
    """How long the youngest of them runs; None where none says."""


class Tracked(Struct, frozen=True, gc=False):
    """An alert, and what its record does not show."""

    alert: Alert
    polls: int = 0
    """Polls in a row that it was absent from, up to MISSING_POLLS."""
    absent_since: float | None = None
    known: bool = False
    """The Prometheus of the settings was once seen to fire it: only then can it confirm that it does so no more."""
    fires: tuple[float, ...] = ()
    """When it began to fire, within the flap window."""


def step(
    old: Tracked | None,
    seen: Seen | None,
    health: Health,
    now: float,
    *,
    cluster: str = "",
    evidence: Evidence = "none",
) -> Tracked | None:
    """What an alert is after a poll; None: nothing, or no longer worth showing.

    An Alertmanager forgets its alerts when it restarts, so a missing alert is not a resolved one: that takes word
    from Prometheus, or QUIET_S of absence from members that run and answer. A cluster that does not answer changes nothing.
    """
    if not health.healthy:
        return old
    if seen is not None:
        return _present(old, seen, now, cluster, evidence)
    if old is None:
        return None
    if old.alert.state == "resolved":
        return old if now - old.alert.since < SHOWN_S else None
    return _absent(old, health, now, evidence)


def _present(old: Tracked | None, seen: Seen, now: float, cluster: str, evidence: Evidence) -> Tracked:
    state: AlertState = "suppressed" if seen.suppressed else "firing"
    if old is not None and _unmoved(old, seen, state, now, evidence):
        return old
    before = old.alert if old is not None else None
    began = min(seen.starts_at, now) if seen.starts_at is not None else now
    fires = tuple(at for at in (old.fires if old is not None else ()) if now - at < FLAP_WINDOW_S)
    anew = before is None or _later(seen.starts_at, before.starts_at)
    if anew:
        fires = (*fires, now)[-HISTORY:]
    if before is not None and before.state == state and not anew:
        since, history = before.since, before.history
    else:
        news = before is None or not before.history or began >= before.history[-1].at
        since = began if anew and news and state == "firing" else now
        why = _why(before, seen, anew=anew)
        history = (*(before.history if before is not None else ()), Change(since, state, why))[-HISTORY:]
    flapping = len(fires) >= FLAP_FIRES or (before is not None and before.flapping and bool(fires))
    alert = Alert(
        id=f"{cluster}/{seen.fingerprint}" if before is None else before.id,
        cluster=cluster if before is None else before.cluster,
        fingerprint=seen.fingerprint,
        name=seen.labels.get("alertname", ""),
        severity=seen.labels.get("severity", ""),
        state=state,
        since=since,
        starts_at=seen.starts_at,
        labels=seen.labels,
        annotations=seen.annotations,
        generator_url=seen.generator_url,
        receivers=seen.receivers,
        silenced_by=seen.silenced_by,
        inhibited_by=seen.inhibited_by,
        members=seen.members,
        why="fires again and again" if flapping else "",
        flapping=flapping,
        history=history,
    )
    known = evidence == "firing" or (old is not None and old.known and not _later(seen.starts_at, old.alert.starts_at))
    new = Tracked(alert=alert, known=known, fires=fires)
    return old if old == new and old is not None else new


def _unmoved(old: Tracked, seen: Seen, state: AlertState, now: float, evidence: Evidence) -> bool:
    """Whether nothing came of this poll, so that nothing need be worked out: true of nearly every alert."""
    was = old.alert
    return (
        old.polls == 0
        and was.state == state
        and (old.known or evidence != "firing")
        and not (old.fires and now - old.fires[0] >= FLAP_WINDOW_S)
        and (was.starts_at, was.members, was.receivers) == (seen.starts_at, seen.members, seen.receivers)
        and (was.silenced_by, was.inhibited_by) == (seen.silenced_by, seen.inhibited_by)
        and (was.labels, was.annotations) == (seen.labels, seen.annotations)
        and was.generator_url == seen.generator_url
    )


def _absent(old: Tracked, health: Health, now: float, evidence: Evidence) -> Tracked:
    absent_since = old.absent_since if old.absent_since is not None else now
    polls = min(old.polls + 1, MISSING_POLLS)
    if polls < MISSING_POLLS:
        return msgspec.structs.replace(old, polls=polls, absent_since=absent_since)
    alert = old.alert
    # A missing time from before an outage says nothing of what happened since.
    absent_s = now - max(absent_since, health.since)
    # A member that the settings no longer name is no longer waited for.
    witness = bool(health.healthy.intersection(alert.members)) or not health.down.intersection(alert.members)
    settled = witness and absent_s >= QUIET_S and (health.uptime_s or 0.0) >= QUIET_S
    held = alert.flapping and absent_s < FLAP_WINDOW_S
    if evidence == "firing":
        why = "Prometheus still fires it, Alertmanager does not have it"
    elif held:
        why = "flaps: held until it has been quiet for 15 min"
    elif evidence == "absent" and old.known:
        return _resolved(old, now, "no longer in Alertmanager, and Prometheus no longer fires it")
    elif settled:
        return _resolved(old, now, "not in Alertmanager for 5 min")
    elif not witness:
        why = f"{', '.join(m for m in alert.members if m in health.down)}, which reported it, does not answer"
    else:
        why = "no longer in Alertmanager, not confirmed as resolved"
    history = alert.history
    since = alert.since
    if alert.state != "missing":
        since = now
        history = (*history, Change(now, "missing", "absent from 2 polls"))[-HISTORY:]
    changed = msgspec.structs.replace(alert, state="missing", since=since, why=why, history=history)
    new = msgspec.structs.replace(old, alert=changed, polls=polls, absent_since=absent_since)
    return old if old == new else new


def _resolved(old: Tracked, now: float, why: str) -> Tracked:
    alert = msgspec.structs.replace(
        old.alert,
        state="resolved",
        since=now,
        why=why,
        flapping=False,
        silenced_by=(),
        inhibited_by=(),
        history=(*old.alert.history, Change(now, "resolved", why))[-HISTORY:],
    )
    return Tracked(alert=alert, fires=old.fires)


def _why(before: Alert | None, seen: Seen, *, anew: bool) -> str:
    if anew:
        return "fired" if before is None else "fired again"
    if before is not None and before.state in ("missing", "resolved"):
        return "reported again"
    if seen.suppressed:
        return "silenced" if seen.silenced_by else "inhibited" if seen.inhibited_by else "muted"
    return "no longer suppressed"


def _later(new: float | None, old: float | None) -> bool:
    # Members keep the earliest start of an alert they merge; under a second it is the same one.
    return new is not None and old is not None and new > old + 1.0


# -- what Prometheus says of it --------------------------------------------------------------------------------------


class RuleAlert(Struct, frozen=True):
    state: str
    labels: dict[str, str]


class RuleView(Struct, frozen=True):
    """What is needed here of a record of the topic `rules`."""

    source: str
    name: str
    kind: str
    health: str
    firing: int
    alerts: tuple[RuleAlert, ...] = ()


def evidence_of(labels: Mapping[str, str], rules: Iterable[RuleView]) -> Evidence:
    """What the rules of a Prometheus, read after the alert was last seen, say of an alert with these labels.

    External labels are added and replica labels dropped on the way to Alertmanager, so the labels that both sides have
    decide. More active alerts than are kept of a rule count as firing.
    """
    found = False
    for rule in rules:
        if rule.kind != "alerting" or rule.name != labels.get("alertname"):
            continue
        if rule.health != "ok":
            return "none"
        found = True
        firing = [alert for alert in rule.alerts if alert.state == "firing"]
        if rule.firing > len(firing):
            return "firing"
        if any(all(labels.get(k, v) == v for k, v in alert.labels.items()) for alert in firing):
            return "firing"
    return "absent" if found else "none"
