"""What several members of a cluster say, made into one. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from console.alerts import wire
from console.alerts.model import EXPIRED_SHOWN_S, Group, Matcher, Receiver, Silence
from console.alerts.tracking import Seen
from console.moment import moment
from console.text import clean

LABELS = 64
"""Labels and annotations of an alert that are kept."""
NAME_LIMIT = 200


Copies = list[tuple[str, wire.Alert]]
"""An alert as each member that has it reports it: (member, alert)."""


def alerts(members: Mapping[str, Sequence[wire.Alert]]) -> dict[str, Seen]:
    """Every alert by fingerprint, folded."""
    return {key: seen(key, found) for key, found in copies(members).items()}


def copies(members: Mapping[str, Sequence[wire.Alert]]) -> dict[str, Copies]:
    """Every alert's copies by its fingerprint."""
    found: dict[str, Copies] = {}
    for member, reported in members.items():
        for alert in reported:
            found.setdefault(fingerprint(alert), []).append((member, alert))
    return found


def fingerprint(alert: wire.Alert) -> str:
    """Alertmanager's own, or one made of the labels where it gives none."""
    if len(own := alert.fingerprint) == 16 and own.isalnum() and own.isascii():
        return own
    return clean(own, 64) or digest(alert.labels or {})


def seen(key: str, found: Copies) -> Seen:
    """Of copies the newest update counts, of equally new ones the first member's. An alert is suppressed only where each
    member that has it suppresses it, since any other will notify.
    """
    newest = max(found, key=lambda copy: moment(copy[1].updated_at) or 0.0)[1]
    every = [alert.status for _, alert in found]
    return Seen(
        fingerprint=key,
        labels=texts(newest.labels),
        annotations=texts(newest.annotations, 4096),
        starts_at=min((at for _, a in found if (at := moment(a.starts_at)) is not None), default=None),
        generator_url=clean(newest.generator_url, 2000),
        receivers=tuple(sorted({clean(r.name, NAME_LIMIT) for _, a in found for r in a.receivers or ()})),
        silenced_by=_ids(i for status in every for i in status.silenced_by or ()),
        inhibited_by=_ids(i for status in every for i in status.inhibited_by or ()),
        suppressed=all(
            status.state == "suppressed" or bool(status.silenced_by or status.inhibited_by or status.muted_by)
            for status in every
        ),
        members=tuple(dict.fromkeys(member for member, _ in found)),
    )


def silences(cluster: str, members: Iterable[Sequence[wire.Silence]], server_now: float) -> list[Silence]:
    """Every silence; an expired one for EXPIRED_SHOWN_S after its end."""
    found: dict[str, wire.Silence] = {}
    for reported in members:
        for silence in reported:
            known = found.get(silence.id)
            if known is None or (moment(silence.updated_at) or 0.0) > (moment(known.updated_at) or 0.0):
                found[silence.id] = silence
    kept = (_silence(cluster, silence) for silence in found.values() if silence.id)
    return [s for s in kept if s.state != "expired" or s.ends_at is None or server_now - s.ends_at < EXPIRED_SHOWN_S]


def group(cluster: str, said: wire.Group) -> Group:
    receiver, labels = clean(said.receiver.name, NAME_LIMIT), texts(said.labels)
    return Group(
        id=f"{cluster}/{receiver}/{digest(labels)}",
        cluster=cluster,
        receiver=receiver,
        labels=labels,
        alerts=tuple(sorted({f"{cluster}/{clean(a.fingerprint, 64)}" for a in said.alerts or ()})),
    )


def merged(one: Group, other: Group) -> Group:
    """A group as two members have it: Alertmanager may list it twice, and members may lag behind each other."""
    return msgspec.structs.replace(one, alerts=tuple(sorted({*one.alerts, *other.alerts})))


def receivers(cluster: str, members: Iterable[Sequence[wire.Named]]) -> list[Receiver]:
    names = sorted({clean(r.name, NAME_LIMIT) for reported in members for r in reported})
    return [Receiver(id=f"{cluster}/{name}", cluster=cluster, name=name) for name in names]


def texts(remote: Mapping[str, str] | None, limit: int = 1000) -> dict[str, str]:
    """Labels or annotations made safe and bounded."""
    few = list((remote or {}).items())[:LABELS]
    return {clean(name, NAME_LIMIT): clean(value, limit) for name, value in few}


def digest(labels: Mapping[str, str]) -> str:
    """The same for the same labels, in whatever order."""
    whole = "\0".join(f"{k}\0{v}" for k, v in sorted(labels.items()))
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:16]


def _ids(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({clean(i, 64) for i in found}))


def _silence(cluster: str, silence: wire.Silence) -> Silence:
    state = silence.status.state
    return Silence(
        id=f"{cluster}/{clean(silence.id, 64)}",
        cluster=cluster,
        state=state if state in ("active", "pending", "expired") else "unknown",  # type: ignore[arg-type]  # literals
        matchers=tuple(
            Matcher(clean(m.name, NAME_LIMIT), clean(m.value, 1000), m.is_regex, m.is_equal)
            for m in silence.matchers or ()
        ),
        starts_at=moment(silence.starts_at),
        ends_at=moment(silence.ends_at),
        created_by=clean(silence.created_by, NAME_LIMIT),
        comment=clean(silence.comment, 1000),
    )
