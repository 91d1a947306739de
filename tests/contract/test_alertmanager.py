"""What our Alertmanager client relies on, held against the real server and against the demo's: the demo cannot drift."""

from __future__ import annotations

import asyncio
import re
import time
from email.utils import parsedate_to_datetime

import httpx
import pytest

from console.alerts import fold, wire
from console.alerts.client import Client
from console.clock import SystemClock
from console.demo import servers
from console.moment import moment
from tests.stack import have

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module", params=["real", "demo"])
def url(request):
    if request.param == "real":
        have("node_exporter")
        found = have("alertmanager")["url"]
        have("prometheus")
        yield found
        return
    demo = servers.start(seed=7)
    try:
        yield demo.alertmanager
    finally:
        demo.stop()


@pytest.fixture
async def client(url):
    found = Client(url, timeout_s=10, clock=SystemClock())
    yield found
    await found.close()


@pytest.fixture
async def api(url):
    """Plain HTTP, once the server has an alert."""
    async with httpx.AsyncClient(base_url=url, timeout=10) as found:
        async with asyncio.timeout(20):
            while not (await found.get("/api/v2/alerts")).json():
                await asyncio.sleep(0.05)
        yield found


async def test_an_answer_is_json_with_a_date(api):
    for path in ("alerts", "alerts/groups", "silences", "receivers", "status"):
        answer = await api.get(f"/api/v2/{path}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("application/json")
        assert abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()) < 5


async def test_alerts_have_what_is_read_of_them(api, client):
    alerts = await client.alerts()
    assert alerts
    assert len({alert.fingerprint for alert in alerts}) == len(alerts)
    assert [a.fingerprint for a in alerts] == sorted(a.fingerprint for a in alerts), "the same order each time"
    for alert in alerts:
        assert re.fullmatch("[0-9a-f]{16}", alert.fingerprint)
        assert alert.labels["alertname"]
        assert moment(alert.starts_at) <= time.time()
        assert moment(alert.updated_at) <= time.time() + 1
        assert alert.receivers
        assert alert.status.state in ("unprocessed", "active", "suppressed")
        assert bool(alert.status.silenced_by or alert.status.inhibited_by) == (alert.status.state == "suppressed")
        assert alert.generator_url.startswith("http")


async def test_the_raw_shape_of_an_alert(api):
    for alert in (await api.get("/api/v2/alerts")).json():
        assert {
            "annotations",
            "endsAt",
            "fingerprint",
            "receivers",
            "startsAt",
            "status",
            "updatedAt",
            "labels",
        } <= set(alert)
        assert {"inhibitedBy", "silencedBy", "state"} <= set(alert["status"])
        assert moment(alert["endsAt"]) > time.time(), "the end of a firing alert is a lease"


async def test_the_same_answer_is_not_read_twice(api, client):
    one = await client.alerts()
    for _ in range(50):
        if await client.alerts() is one:
            return
        one = await client.alerts()
    pytest.fail("no two answers in a row were the same")


async def test_groups_name_alerts_that_there_are(api, client):
    async with asyncio.timeout(20):
        while not (groups := [fold.group("c", said) for said in await client.groups()]):
            await asyncio.sleep(0.05)
    known = {f"c/{alert.fingerprint}" for alert in await client.alerts()}
    receivers = {receiver.name for receiver in await client.receivers()}
    for group in groups:
        assert group.receiver in receivers
        assert set(group.alerts) <= known
    assert len({group.id for group in groups}) == len(groups)


async def test_a_silence_suppresses_and_expires(api, client):
    # Other tests look at these two of the same server at the same time.
    theirs = ("AlwaysFiring", "Inhibited")
    async with asyncio.timeout(20):
        while not (ours := [a for a in await client.alerts() if (a.labels or {})["alertname"] not in theirs]):
            await asyncio.sleep(0.05)
    alert = ours[0]
    now = time.time()
    body = {
        "matchers": [
            {"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in alert.labels.items()
        ],
        "startsAt": stamp(now),
        "endsAt": stamp(now + 600),
        "createdBy": "ana",
        "comment": "contract",
    }
    answer = await api.post("/api/v2/silences", json=body)
    assert answer.status_code == 200
    made = answer.json()["silenceID"]

    async def state_of(fingerprint: str) -> wire.AlertStatus:
        return next(a.status for a in await client.alerts() if a.fingerprint == fingerprint)

    try:
        silence = next(s for s in await client.silences() if s.id == made)
        assert (silence.created_by, silence.comment, silence.status.state) == ("ana", "contract", "active")
        assert {(m.name, m.value) for m in silence.matchers or []} == set((alert.labels or {}).items())
        assert abs(moment(silence.ends_at) - (now + 600)) < 2
        status = await state_of(alert.fingerprint)
        assert (status.state, made in (status.silenced_by or [])) == ("suppressed", True)
    finally:
        assert (await api.delete(f"/api/v2/silence/{made}")).status_code == 200
    silence = next(s for s in await client.silences() if s.id == made)
    assert silence.status.state == "expired"
    assert made not in ((await state_of(alert.fingerprint)).silenced_by or [])
    assert [s.state for s in fold.silences("c", [[silence]], time.time())] == ["expired"]


async def test_a_silence_that_makes_no_sense_is_a_400(api):
    body = {"matchers": [], "startsAt": stamp(0), "endsAt": stamp(1), "createdBy": "ana", "comment": "x"}
    assert (await api.post("/api/v2/silences", json=body)).status_code in (400, 422)


async def test_the_status_says_version_start_and_cluster(client):
    status = await client.status()
    assert re.match(r"\d+\.\d+\.\d+", status.version_info.version)
    assert 0 < moment(status.uptime) <= time.time()
    assert status.cluster.status in ("ready", "settling", "disabled")
    assert client.ahead_s == pytest.approx(0, abs=2)


async def test_what_there_is_not_is_a_404(api):
    assert (await api.get("/api/v2/no-such-thing")).status_code == 404


def stamp(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
