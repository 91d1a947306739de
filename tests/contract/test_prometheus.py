"""What our Prometheus client relies on, held against the real server and against the demo's: the demo cannot drift.

Some requests are plain HTTP, so that the suite says what the API does and not what a client makes of it.
"""

from __future__ import annotations

import asyncio
import re
import time
from email.utils import parsedate_to_datetime

import httpx
import pytest

from console.clock import SystemClock
from console.demo import servers
from console.moment import moment
from console.monitoring import facts
from console.monitoring.client import Client, QueryError
from console.monitoring.model import align
from console.monitoring.packs import PACKS, panels
from tests.stack import have

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module", params=["real", "demo"])
def url(request):
    if request.param == "real":
        have("node_exporter")
        have("alertmanager")
        yield have("prometheus")["url"]
        return
    demo = servers.start(seed=7)
    try:
        yield demo.prometheus
    finally:
        demo.stop()


@pytest.fixture
async def client(url):
    found = Client(url, timeout_s=10, queries=4, clock=SystemClock())
    yield found
    found.close()


@pytest.fixture
async def api(url):
    async with httpx.AsyncClient(base_url=url, timeout=10) as found:
        yield found


async def test_an_answer_is_json_in_an_envelope_with_a_date(api):
    answer = await api.post("/api/v1/query", data={"query": "up", "timeout": "5s"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()) < 5
    body = answer.json()
    assert body["status"] == "success"
    assert body["data"]["resultType"] == "vector"
    for line in body["data"]["result"]:
        at, value = line["value"]
        assert isinstance(at, int | float)
        assert isinstance(value, str), "values are text, so that NaN can be one"
        assert {"job", "instance"} <= set(line["metric"])


async def test_get_and_post_give_the_same(api):
    at = str(int(time.time()) - 60)
    get = await api.get("/api/v1/query", params={"query": "up", "time": at})
    post = await api.post("/api/v1/query", data={"query": "up", "time": at})
    assert get.json() == post.json()


async def test_a_range_has_its_samples_on_the_steps(client):
    deadline = time.monotonic() + 30
    while True:
        start, end = align(time.time(), 40, 1)
        answer = await client.query_range("up", start, end, 1)
        # A server that has only just begun has scraped nothing yet.
        if (answer.lines and all(x.points[-2] is not None for x in answer.lines)) or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)
    assert answer.lines
    assert (answer.start, answer.step_s, answer.dropped) == (start, 1, 0)
    for line in answer.lines:
        assert len(line.points) == 41
        assert set(line.points) <= {0.0, 1.0, None}
        assert line.points[-2] is not None


async def test_a_range_of_samples_is_aligned_to_its_start(api):
    start, end = align(time.time(), 300, 30)
    form = {"query": "up", "start": str(int(start)), "end": str(int(end)), "step": "30"}
    body = (await api.post("/api/v1/query_range", data=form)).json()
    assert body["data"]["resultType"] == "matrix"
    for line in body["data"]["result"]:
        times = [at for at, _ in line["values"]]
        assert times == sorted(times)
        assert all((at - start) % 30 == 0 and start <= at <= end for at in times)


async def test_scalars_and_infinities(client):
    now = time.time()
    assert (await client.query("7", now)).lines[0].points == (7.0,)
    start, end = align(now, 60, 15)
    assert (await client.query_range("7", start, end, 15)).lines[0].points == (7.0,) * 5


@pytest.mark.parametrize("query", ["up{", "rate(up[5m]", "sum by (", "", "nonsense(up)"])
async def test_a_query_that_is_wrong_is_a_400_with_words(client, api, query):
    answer = await api.post("/api/v1/query", data={"query": query})
    assert answer.status_code == 400
    body = answer.json()
    assert (body["status"], body["errorType"]) == ("error", "bad_data")
    assert body["error"]
    with pytest.raises(QueryError) as caught:
        await client.query(query, time.time())
    assert caught.value.message == body["error"]


async def test_more_points_than_are_given_is_a_400(client):
    with pytest.raises(QueryError, match="11,000 points"):
        await client.query_range("up", 0, 1_000_000, 1)


async def test_nothing_found_is_an_empty_success(client):
    now = int(time.time())
    assert (await client.query("no_such_metric_at_all", now)).lines == ()
    assert (await client.query_range("no_such_metric_at_all", now - 60, now, 15)).lines == ()


async def test_rules_have_what_is_read_of_them(client):
    await until_evaluated(client)
    rules = facts.rules("p", await client.rules())
    assert len({rule.id for rule in rules}) == len(rules)
    assert {rule.kind for rule in rules} == {"alerting", "recording"}
    for rule in rules:
        assert rule.name
        assert rule.query
        assert rule.group
        assert rule.health in ("ok", "err", "unknown")
        assert bool(rule.error) == (rule.health == "err")
        if rule.kind == "alerting":
            assert rule.state in ("inactive", "pending", "firing")
            worst = "firing" if rule.firing else "pending" if rule.pending else "inactive"
            assert rule.state == worst
            assert all(alert.labels["alertname"] == rule.name for alert in rule.alerts)
            assert all(alert.active_since for alert in rule.alerts)
    assert any(rule.firing for rule in rules)


async def test_alerts_are_those_of_the_rules(client):
    await until_evaluated(client)
    alerts = await client.alerts()
    assert alerts
    for alert in alerts:
        assert alert.labels["alertname"]
        assert alert.state in ("pending", "firing")
        assert moment(alert.active_at)


async def test_targets_have_what_is_read_of_them(client):
    targets = facts.targets("p", await client.targets())
    assert targets
    assert len({target.id for target in targets}) == len(targets)
    for target in targets:
        assert target.pool
        assert target.job
        assert target.instance
        assert target.url.startswith("http")
        assert target.health in ("up", "down", "unknown")
        assert target.interval_s > 0
        assert bool(target.error) == (target.health == "down")


async def test_active_targets_alone_are_given_when_asked_for(api):
    body = (await api.get("/api/v1/targets", params={"state": "active"})).json()
    assert body["data"]["activeTargets"]
    assert not body["data"].get("droppedTargets")


async def test_the_version_and_the_interval(client):
    assert re.match(r"\d+\.\d+\.\d+", (await client.buildinfo()).version)
    assert await client.scrape_interval_s() > 0


async def test_what_there_is_not_is_a_404(api):
    assert (await api.get("/api/v1/no-such-thing")).status_code == 404


@pytest.mark.parametrize("panel", panels("p", PACKS), ids=lambda p: p.id)
async def test_every_panel_of_every_pack_is_a_query(client, panel):
    start, end = align(time.time(), 300, 15)
    answer = await client.query_range(panel.query, start, end, 15)
    assert all(len(line.points) == 21 for line in answer.lines)


async def until_evaluated(client: Client) -> None:
    """A server that has just started has not evaluated its rules yet."""
    async with asyncio.timeout(20):
        while not any(alert.state == "firing" for alert in await client.alerts()):
            await asyncio.sleep(0.05)
