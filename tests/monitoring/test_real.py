"""The feed against Debian's own Prometheus."""

from __future__ import annotations

import urllib.request

import pytest

from console.clock import SystemClock
from console.monitoring.client import Client
from console.monitoring.feeds import wanted
from console.monitoring.model import Rule, Series, Target
from console.monitoring.packs import PACKS, panels
from console.settings import model as settings
from console.settings.model import Seconds, Settings
from console.world.model import Source
from tests.monitoring.kit import Room, until
from tests.stack import have
from tests.stack.part import end
from tests.stack.prometheus import ask, launch

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def server():
    have("node_exporter")
    have("alertmanager")
    return have("prometheus")


def feed_of(room: Room, url: str, *names: str):
    found = tuple(
        settings.Panel(name=n, title=n, query=f"up + 0 * {i}", range=Seconds(60)) for i, n in enumerate(names)
    )
    return wanted(Settings(prometheus=(settings.Prometheus(url=url),), panels=found))[0].make(room.context)


def queries(url: str) -> float:
    """Requests for queries that the server has served, from its own page of metrics: reading that is no query."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as response:
        lines = response.read().decode().splitlines()
    return sum(
        float(line.split()[-1])
        for line in lines
        if line.startswith("prometheus_http_requests_total") and 'handler="/api/v1/query' in line
    )


async def test_r45_the_server_itself_counts_no_query_while_nobody_looks(server, tmp_path):
    # A server that nobody else asks: the shared one counts the queries of other tests too.
    url, pid = launch(tmp_path)
    try:
        await counted(url)
    finally:
        end(pid)


async def counted(url: str) -> None:
    room = Room(SystemClock())
    async with room.running(feed_of(room, url, "a", "b")):
        await until(lambda: room.world.all(Target))
        before = queries(url)
        room.interest.look("me", [("containers", "x"), ("series", "not-a-panel")])
        await until(lambda: room.world.get(Source, "prometheus/prometheus").state == "ok")
        assert queries(url) == before
        room.interest.look("me", [("series", "a")])
        await until(lambda: room.world.get(Series, "a"))
        first = room.clock.monotonic()
        assert queries(url) == before + 1
        # The scrape interval is one second: three more take nearly three seconds at least.
        await until(lambda: queries(url) >= before + 4)
        assert room.clock.monotonic() - first > 2.5
        room.interest.look("me", [])
        left = room.clock.monotonic()
        # One that was under way goes on to its end.
        await until(lambda: room.clock.monotonic() > left + 0.5)
        asked = queries(url)
        await until(lambda: room.clock.monotonic() > left + 2.5)
        assert queries(url) == asked


async def test_rules_and_targets_in_every_state_are_facts(server):
    await until(lambda: ask(server["url"], 'ALERTS{alertname="TargetDown"}'))
    await until(lambda: ask(server["url"], 'ALERTS{alertname="PendingForEver"}'))
    room = Room(SystemClock())
    async with room.running(feed_of(room, server["url"])):
        await until(lambda: room.world.all(Target))
        rules = {rule.name: rule for rule in room.world.all(Rule)}
        always = rules["AlwaysFiring"]
        assert (always.state, always.firing, always.pending) == ("firing", 1, 0)
        assert always.annotations["summary"] == "red [bold]not markup[/bold] gnitrats"
        assert always.alerts[0].labels["alertname"] == "AlwaysFiring"
        assert (rules["PendingForEver"].state, rules["PendingForEver"].pending) == ("pending", 1)
        assert rules["PendingForEver"].for_s == 36_000
        assert rules["broken:rule"].health == "err"
        assert "many-to-many" in rules["broken:rule"].error
        assert rules["job:up:sum"].kind == "recording"
        targets = {target.job: target for target in room.world.all(Target)}
        assert (targets["dead"].health, targets["node"].health) == ("down", "up")
        assert "refused" in targets["dead"].error
        assert targets["node"].interval_s == 1.0
        source = room.world.get(Source, "prometheus/prometheus")
        assert source.state == "ok"
        assert "3 firing" in source.detail
        assert "1 pending" in source.detail
        assert "1 rule in error" in source.detail
        assert "1 target down" in source.detail


@pytest.mark.parametrize("panel", panels("p", PACKS), ids=lambda p: p.id)
async def test_every_panel_of_every_pack_is_a_query_that_prometheus_takes(server, panel):
    client = Client(server["url"], timeout_s=5, queries=2, clock=SystemClock())
    try:
        now = int(SystemClock().now())
        answer = await client.query_range(panel.query, now - 60, now, 5)
    finally:
        client.close()
    if panel.group in ("node-exporter", "prometheus") and panel.id != "p.prometheus.notifications":
        assert answer.lines
    assert panel.title
    assert panel.legend


async def test_an_instant_query_of_each_kind(server):
    client = Client(server["url"], timeout_s=5, queries=2, clock=SystemClock())
    try:
        now = SystemClock().now()
        assert (await client.query("7", now)).lines[0].points == (7.0,)
        assert (await client.query("vector(1) / 0", now)).lines[0].points == (None,)
        assert {line.labels["job"] for line in (await client.query("up", now)).lines} == {"prometheus", "node", "dead"}
        assert (await client.buildinfo()).version
        assert await client.scrape_interval_s() == 1.0
    finally:
        client.close()
