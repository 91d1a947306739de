"""The feed against Debian's own Alertmanagers, fed by Debian's own Prometheus."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from console.alerts.feeds import wanted
from console.alerts.model import Alert, Cluster, Group, Receiver, Silence
from console.clock import SystemClock
from console.errors import SourceError
from console.monitoring.feeds import wanted as monitoring
from console.monitoring.model import Target
from console.settings import model as settings
from console.settings.model import Seconds, Settings
from console.world.model import Source
from tests.monitoring.kit import Room, until
from tests.stack import have
from tests.stack.alertmanager import Pair
from tests.stack.part import end
from tests.stack.prometheus import launch

pytestmark = pytest.mark.stack

POLL_S = 0.5


def feed_of(room: Room, urls, prometheus: str = ""):
    own = settings.Alertmanager(name="eu", members=tuple(urls), poll=Seconds(POLL_S))
    proms = (settings.Prometheus(url=prometheus),) if prometheus else ()
    found = Settings(alertmanager=(own,), prometheus=proms)
    return [w.make(room.context) for w in (*monitoring(found), *wanted(found))]


def send(url: str, path: str, body: object) -> object:
    request = urllib.request.Request(
        f"{url}/api/v2/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.loads(response.read() or b"null")


def named(room: Room, name: str) -> Alert | None:
    return next((a for a in room.world.all(Alert) if a.name == name), None)


@pytest.fixture(scope="module")
def shared():
    have("node_exporter")
    managers = have("alertmanager")
    have("prometheus")
    return managers["urls"].split()


async def test_alerts_of_prometheus_are_folded_over_both_members(shared):
    room = Room(SystemClock())
    (feed,) = feed_of(room, shared)
    async with room.running(feed):
        await until(lambda: (a := named(room, "AlwaysFiring")) and len(a.members) == 2, within_s=20)
        always = named(room, "AlwaysFiring")
        assert always.state == "firing"
        assert always.labels["region"] == "test"
        assert always.receivers == ("pager",)
        assert always.annotations["summary"] == "red [bold]not markup[/bold] gnitrats"
        await until(lambda: (a := named(room, "Inhibited")) and a.state == "suppressed")
        assert named(room, "Inhibited").inhibited_by == (always.fingerprint,)
        assert named(room, "PendingForEver") is None
        cluster = room.world.get(Cluster, "eu")
        assert cluster.version
        assert cluster.peers == 2
        assert {r.name for r in room.world.all(Receiver)} == {"nobody", "pager"}
        await until(lambda: any(always.id in g.alerts for g in room.world.all(Group)), within_s=20)
        source = room.world.get(Source, "alertmanager/eu")
        assert (source.state, source.detail) == ("ok", "2 of 2 members")


@pytest.fixture
def pair(tmp_path):
    # The shared ones say whether it can be had at all.
    have("alertmanager")
    made = Pair(tmp_path)
    made.start(0)
    made.start(1)
    yield made
    made.close()


async def test_an_alert_is_in_the_world_within_one_poll(pair):
    room = Room(SystemClock())
    (feed,) = feed_of(room, pair.urls)
    async with room.running(feed):
        await until(lambda: feed.polls)
        send(pair.urls[0], "alerts", [{"labels": {"alertname": "New", "severity": "high"}}])
        sent = room.clock.monotonic()
        await until(lambda: named(room, "New"))
        assert room.clock.monotonic() - sent < POLL_S + 1.0


async def test_a_silence_suppresses_and_its_end_brings_the_alert_back(pair):
    room = Room(SystemClock())
    (feed,) = feed_of(room, pair.urls)
    async with room.running(feed):
        send(pair.urls[0], "alerts", [{"labels": {"alertname": "Loud"}}])
        send(pair.urls[1], "alerts", [{"labels": {"alertname": "Loud"}}])
        await until(lambda: (a := named(room, "Loud")) and len(a.members) == 2)
        now = datetime.now(UTC)
        silence = {
            "matchers": [{"name": "alertname", "value": "Loud", "isRegex": False, "isEqual": True}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(seconds=4)).isoformat(),
            "createdBy": "ana",
            "comment": "being \x1b[31mlooked\x1b[0m at",
        }
        made = send(pair.urls[0], "silences", silence)["silenceID"]
        await until(lambda: named(room, "Loud").state == "suppressed")
        assert named(room, "Loud").silenced_by == (made,)
        await until(lambda: named(room, "Loud").state == "firing", within_s=15)
        assert [c.why for c in named(room, "Loud").history] == ["fired", "silenced", "no longer suppressed"]
    # Silences are read at once by a feed that starts.
    again = Room(SystemClock())
    (feed,) = feed_of(again, pair.urls)
    async with again.running(feed):
        await until(lambda: again.world.all(Silence))
        found = again.world.get(Silence, f"eu/{made}")
        assert (found.state, found.created_by, found.comment) == ("expired", "ana", "being looked at")


async def test_kill_and_restart_of_every_member_resolves_no_alert(pair):
    room = Room(SystemClock())
    (feed,) = feed_of(room, pair.urls)
    for url in pair.urls:
        send(url, "alerts", [{"labels": {"alertname": f"A{i}"}} for i in range(5)])
    async with room.running(feed):
        await until(lambda: len(room.world.all(Alert)) == 5)
        pair.kill(0)
        await until(lambda: room.world.get(Source, "alertmanager/eu").state == "degraded")
        assert {a.state for a in room.world.all(Alert)} == {"firing"}
        assert "cannot be reached" in room.world.get(Cluster, "eu").members[pair.urls[0]]
        pair.start(0)
        await until(lambda: room.world.get(Source, "alertmanager/eu").state == "ok")
        assert {a.state for a in room.world.all(Alert)} == {"firing"}
    async with room.running(feed) as task:
        polls = feed.polls
        await until(lambda: feed.polls > polls)
        pair.kill(0)
        pair.kill(1)
        await until(task.done)
        with pytest.raises(SourceError, match="None of 2 members"):
            task.result()
        assert {a.state for a in room.world.all(Alert)} == {"firing"}
    pair.start(0)
    pair.start(1)
    async with room.running(feed):
        polls = feed.polls
        await until(lambda: {a.state for a in room.world.all(Alert)} == {"missing"})
        await until(lambda: feed.polls >= polls + 8)
        assert {a.state for a in room.world.all(Alert)} == {"missing"}
        for url in pair.urls:
            send(url, "alerts", [{"labels": {"alertname": f"A{i}"}} for i in range(5)])
        await until(lambda: {a.state for a in room.world.all(Alert)} == {"firing"})


async def test_prometheus_fires_and_ends_an_alert_and_both_say_so(pair, tmp_path):
    rules = "groups: [{name: g, interval: 1s, rules: [{alert: Real, expr: 'up{job=\"dead\"} == 0'}]}]"
    folder = tmp_path / "prometheus"
    folder.mkdir()
    url, pid = launch(folder, pair.urls, rules=rules)
    room = Room(SystemClock())
    prometheus, alertmanager = feed_of(room, pair.urls, url)
    try:
        async with room.running(alertmanager):
            await until(lambda: named(room, "Real"), within_s=20)
            async with room.running(prometheus):
                await until(lambda: room.world.all(Target))
                await until(lambda: alertmanager._tracked[named(room, "Real").fingerprint].known)
            # The rule is taken away: Prometheus tells the Alertmanagers that its alert is over.
            (folder / "rules.yml").write_text(rules.replace("== 0", "== 7"), encoding="utf-8")
            urllib.request.urlopen(urllib.request.Request(f"{url}/-/reload", method="POST"), timeout=5).close()
            await until(lambda: named(room, "Real").state == "missing", within_s=20)
            assert named(room, "Real").state == "missing", "nobody has confirmed it yet"
    finally:
        end(pid)
