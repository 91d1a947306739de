"""Members folded into one cluster; bodies in the shape of the oldest and the newest Alertmanager that counts."""

from __future__ import annotations

import json

import pytest

from console.alerts import fold, wire
from console.alerts.model import Matcher
from console.moment import moment

LABELS = {"alertname": "DiskFull", "severity": "critical", "instance": "eu1"}

# Hand-made in the shape of each version's openapi.yaml: the least that it may say, and what the newest adds.
V025 = {
    "alerts": [
        {
            "fingerprint": "aaaa",
            "labels": LABELS,
            "annotations": {},
            "startsAt": "2026-09-21T13:00:00.123456789Z",
            "updatedAt": "2026-09-21T13:05:00Z",
            "endsAt": "2026-09-21T13:09:00Z",
            "receivers": [{"name": "pager"}],
            "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
        }
    ],
    "groups": [
        {"labels": {"alertname": "DiskFull"}, "receiver": {"name": "pager"}, "alerts": [{"fingerprint": "aaaa"}]}
    ],
    "silences": [
        {
            "id": "s1",
            "matchers": [{"name": "alertname", "value": "Disk.*", "isRegex": True}],
            "startsAt": "2026-09-21T13:00:00Z",
            "endsAt": "2026-09-21T15:00:00+02:00",
            "updatedAt": "2026-09-21T13:00:00Z",
            "createdBy": "ana",
            "comment": "disk is being replaced",
            "status": {"state": "active"},
        }
    ],
    "receivers": [{"name": "pager"}],
    "status": {
        "cluster": {"status": "disabled"},
        "versionInfo": {"version": "0.25.0"},
        "uptime": "2026-09-20T13:00:00Z",
        "config": {"original": "route: {}"},
    },
}
V034 = {
    "alerts": [
        V025["alerts"][0]
        | {
            "generatorURL": "http://prometheus/graph?g0.expr=up",
            "annotations": {"summary": "disk is full"},
            "status": {"state": "suppressed", "silencedBy": ["s1"], "inhibitedBy": [], "mutedBy": ["weekend"]},
        }
    ],
    "groups": [V025["groups"][0] | {"routeLabels": {"team": "ops"}, "muted": ["weekend"]}],
    "silences": [V025["silences"][0] | {"annotations": {"incident_id": "INC-1"}, "status": {"state": "expired"}}],
    "receivers": [{"name": "pager", "active": True, "integrations": [{"name": "webhook[0]", "sendResolved": True}]}],
    "status": V025["status"] | {"cluster": {"status": "ready", "peers": [{"name": "a", "address": "10.0.0.1:9094"}]}},
}
KINDS = {
    "alerts": list[wire.Alert],
    "groups": list[wire.Group],
    "silences": list[wire.Silence],
    "receivers": list[wire.Named],
    "status": wire.Status,
}


def read(version: dict, what: str):
    return wire.decode(json.dumps(version[what]).encode(), KINDS[what], what)


@pytest.mark.parametrize("version", [V025, V034], ids=["0.25", "0.34"])
def test_every_version_is_understood(version):
    seen = fold.alerts({"m1": read(version, "alerts")})["aaaa"]
    assert seen.labels == LABELS
    assert seen.starts_at == pytest.approx(1_789_995_600.123456)
    assert seen.receivers == ("pager",)
    assert seen.suppressed == (version is V034)
    assert seen.members == ("m1",)
    group = fold.group("c", read(version, "groups")[0])
    assert (group.receiver, group.alerts) == ("pager", ("c/aaaa",))
    silence = fold.silences("c", [read(version, "silences")], 1_789_995_600.0)[0]
    assert silence.id == "c/s1"
    assert silence.matchers == (Matcher("alertname", "Disk.*", regex=True, equal=True),)
    assert str(silence.matchers[0]) == 'alertname=~"Disk.*"'
    assert silence.ends_at == 1_789_995_600.0
    assert [r.id for r in fold.receivers("c", [read(version, "receivers")])] == ["c/pager"]
    status = read(version, "status")
    assert status.version_info.version == "0.25.0"
    assert moment(status.uptime) == 1_789_909_200.0


def alert(member_update: str, state: str = "active", **more) -> wire.Alert:
    return wire.Alert(
        fingerprint="f", updated_at=member_update, status=wire.AlertStatus(state=state), **{"labels": LABELS} | more
    )


def test_of_duplicates_the_newest_update_counts_and_all_members_are_listed():
    old = alert("2026-09-21T13:00:00Z", annotations={"v": "old"}, receivers=[wire.Named("a")])
    new = alert("2026-09-21T13:00:01Z", annotations={"v": "new"}, receivers=[wire.Named("b")])
    for members in ({"m1": [old], "m2": [new]}, {"m1": [new], "m2": [old]}):
        seen = fold.alerts(members)
        assert list(seen) == ["f"]
        assert seen["f"].annotations == {"v": "new"}
        assert seen["f"].members == ("m1", "m2")
        assert seen["f"].receivers == ("a", "b")


def test_an_alert_is_suppressed_only_where_every_member_suppresses_it():
    quiet, loud = alert("2026-09-21T13:00:01Z", "suppressed"), alert("2026-09-21T13:00:00Z")
    assert not fold.alerts({"m1": [quiet], "m2": [loud]})["f"].suppressed
    assert fold.alerts({"m1": [quiet], "m2": [quiet]})["f"].suppressed


def test_an_alert_without_a_fingerprint_is_known_by_its_labels():
    one, two = wire.Alert(labels={"a": "1", "b": "2"}), wire.Alert(labels={"b": "2", "a": "1"})
    assert fold.fingerprint(one) == fold.fingerprint(two) != fold.fingerprint(wire.Alert(labels={"a": "12"}))


def test_expired_silences_stay_for_a_day():
    silence = read(V034, "silences")
    assert fold.silences("c", [silence], 1_789_995_600.0 + 86_399)
    assert not fold.silences("c", [silence], 1_789_995_600.0 + 86_400)
    assert fold.silences("c", [read(V025, "silences")], 1_789_995_600.0 + 86_400), "active ones stay"


def test_the_newest_update_of_a_silence_counts():
    old, new = wire.Silence(id="s", updated_at="2026-09-21T13:00:00Z"), wire.Silence(id="s", comment="new")
    new.updated_at = "2026-09-21T14:00:00Z"
    for members in ([[old], [new]], [[new], [old]]):
        assert [s.comment for s in fold.silences("c", members, 0.0)] == ["new"]


def test_hostile_text_is_made_plain():
    bad = "\x1b[31mred\x1b[0m \x1b]0;title\x07[bold]b[/bold] \u202eevil\n"
    seen = fold.alerts({"m": [alert("", labels={bad: bad}, annotations={"a": bad * 1000}, generator_url=bad)]})["f"]
    for text in (*seen.labels, *seen.labels.values(), *seen.annotations.values(), seen.generator_url):
        assert not set(text) & set("\x1b\x07\u202e\n")
        assert "[bold]b[/bold]" in text
    assert len(seen.annotations["a"]) <= 4096
    many = fold.alerts({"m": [alert("", labels={str(i): "x" for i in range(1000)})]})["f"]
    assert len(many.labels) == fold.LABELS
