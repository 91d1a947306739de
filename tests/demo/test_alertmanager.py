"""The demo's Alertmanager: exact shapes, filters, and silences that can be made, changed and ended."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import httpx
import pytest

from console.demo.servers import start


@pytest.fixture
def http(demo):
    with httpx.Client(base_url=f"{demo.alertmanager}/api/v2") as client:
        yield client


def stamp(t: float) -> str:
    return datetime.fromtimestamp(t, UTC).isoformat()


def silence(clock, **more) -> dict:
    return {
        "matchers": [{"name": "alertname", "value": "HostDiskFilling", "isRegex": False}],
        "startsAt": stamp(clock.now()),
        "endsAt": stamp(clock.now() + 600),
        "createdBy": "ana",
        "comment": "a test",
    } | more


def test_an_alert_has_every_field(http):
    for alert in http.get("/alerts").json():
        assert set(alert) == {
            "annotations",
            "endsAt",
            "fingerprint",
            "receivers",
            "startsAt",
            "status",
            "updatedAt",
            "generatorURL",
            "labels",
        }
        assert set(alert["status"]) == {"inhibitedBy", "silencedBy", "state"}
        assert re.fullmatch(r"[0-9a-f]{16}", alert["fingerprint"])
        for name in ("endsAt", "startsAt", "updatedAt"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", alert[name])
        assert alert["startsAt"] <= alert["updatedAt"] < alert["endsAt"], "the end of a firing alert is a lease"


def test_filters(http):
    every = http.get("/alerts").json()
    prints = {a["fingerprint"] for a in every}
    silenced = {a["fingerprint"] for a in every if a["status"]["silencedBy"]}
    assert silenced
    assert {a["fingerprint"] for a in http.get("/alerts?silenced=false").json()} == prints - silenced
    assert {a["fingerprint"] for a in http.get("/alerts?active=false&inhibited=false").json()} == silenced
    chosen = http.get(
        "/alerts", params=[("filter", 'alertname=~"Cert.*|Watch.*"'), ("filter", "severity!=none")]
    ).json()
    assert {a["labels"]["alertname"] for a in chosen} == {"CertificateExpiry"}
    assert {a["labels"]["alertname"] for a in http.get("/alerts?receiver=watch.*").json()} == {"Watchdog"}
    for bad in ({"filter": "x"}, {"filter": 'a=~"("'}, {"receiver": "("}):
        answer = http.get("/alerts", params=bad)
        assert answer.status_code == 400
        assert isinstance(answer.json(), str)


def test_groups_hold_every_alert_once(http):
    groups = http.get("/alerts/groups").json()
    inside = [a["fingerprint"] for g in groups for a in g["alerts"]]
    assert sorted(inside) == sorted(a["fingerprint"] for a in http.get("/alerts").json())
    for group in groups:
        assert set(group) == {"alerts", "labels", "receiver"}
        for alert in group["alerts"]:
            assert group["labels"].items() <= alert["labels"].items()
            assert group["receiver"] in alert["receivers"]


def test_a_silence_is_made_works_is_edited_and_ends(http, clock):
    made = http.post("/silences", json=silence(clock))
    assert made.status_code == 200
    key = made.json()["silenceID"]
    disk = {"filter": 'alertname="HostDiskFilling"'}
    assert http.get("/alerts", params=disk).json()[0]["status"] == {
        "inhibitedBy": [],
        "silencedBy": [key],
        "state": "suppressed",
    }
    longer = silence(clock, id=key, endsAt=stamp(clock.now() + 1200), comment="longer")
    assert http.post("/silences", json=longer).json()["silenceID"] == key
    assert http.get(f"/silence/{key}").json()["comment"] == "longer"
    other = silence(clock, id=key, matchers=[{"name": "severity", "value": "info", "isRegex": False, "isEqual": True}])
    new = http.post("/silences", json=other).json()["silenceID"]
    assert new != key, "other matchers make another silence"
    assert http.get(f"/silence/{key}").json()["status"]["state"] == "expired"
    assert http.get("/alerts", params=disk).json()[0]["status"]["state"] == "active"
    assert http.delete(f"/silence/{new}").status_code == 200
    assert http.get(f"/silence/{new}").json()["status"]["state"] == "expired"
    clock.move(1)
    states = [s["status"]["state"] for s in http.get("/silences").json()]
    assert {"active", "pending", "expired"} <= set(states)
    found = http.get("/silences", params={"filter": 'alertname="HostDiskFilling"'}).json()
    assert key in {s["id"] for s in found}


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"endsAt": "2020-01-01T00:00:00Z"}, 400, "start time must be before end time"),
        ({"matchers": []}, 422, "matchers in body should have at least 1 items"),
        ({"matchers": [{"name": "a", "value": "", "isRegex": False}]}, 400, "at least one matcher must not match the empty string"),
        ({"matchers": [{"name": "a", "value": "b(", "isRegex": True}]}, 400, "invalid label matcher 0"),
        ({"id": "5a2a0c8e-5a5a-4a5a-8a5a-5a5a5a5a5a5a"}, 404, "silence not found"),
    ],
)  # fmt: skip
def test_wrong_silences_are_refused_in_its_words(http, clock, change: dict, status: int, words: str):
    answer = http.post("/silences", json=silence(clock, **change))
    assert answer.status_code == status
    assert words in answer.text


def test_unreadable_bodies_and_unknown_ids(http, clock):
    assert http.post("/silences", content=b"{bad", headers={"Content-Type": "application/json"}).status_code == 400
    bare = silence(clock)
    del bare["matchers"]
    assert http.post("/silences", json=bare).json() == {"code": 602, "message": "matchers in body is required"}
    assert http.get("/silence/nope").status_code == 422
    assert http.get("/silence/5a2a0c8e-5a5a-4a5a-8a5a-5a5a5a5a5a5a").status_code == 404
    assert http.get("/nothing").json()["code"] == 404


def test_status_and_receivers(http):
    status = http.get("/status").json()
    assert status["cluster"]["status"] == "ready"
    assert status["versionInfo"]["version"] == "0.25.0"
    assert "route:" in status["config"]["original"]
    assert http.get("/receivers").json() == [{"name": "chat"}, {"name": "on-call"}, {"name": "watchdog"}]


def test_warnings_are_inhibited_while_their_service_is_critical(clock):
    with start(clock=clock) as demo:
        for _ in range(60):
            clock.move(10)
            alerts = httpx.get(f"{demo.alertmanager}/api/v2/alerts").json()
            high = [a for a in alerts if a["labels"]["alertname"] == "HighErrorRate"]
            held = [a for a in alerts if a["status"]["inhibitedBy"]]
            if held:
                assert {a["labels"]["service"] for a in held} == {a["labels"]["service"] for a in high}
                assert held[0]["status"]["inhibitedBy"] == [high[0]["fingerprint"]]
                assert held[0]["status"]["state"] == "suppressed"
                return
    pytest.fail("nothing was inhibited in ten minutes")


def test_ten_thousand_alerts_come_quickly_and_churn(clock):
    with start(clock=clock, alerts=10_000) as demo, httpx.Client(timeout=30) as client:
        url = f"{demo.alertmanager}/api/v2/alerts"
        first = client.get(url).json()
        assert 10_000 <= len(first) < 10_100
        clock.move(30)
        second = client.get(url).json()
        gone = {a["fingerprint"] for a in first} - {a["fingerprint"] for a in second}
        assert 0 < len(gone) < 50
        assert len({a["fingerprint"] for a in second}) == len(second)
