"""The demo's Prometheus, asked with prometheus-api-client's own connection and over plain HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from prometheus_api_client import PrometheusConnect
from urllib3.util.retry import Retry

from console.monitoring.packs import PACKS

PANELS_WITH_NOTHING = {"vouchers"}


@pytest.fixture
def library(demo):
    connection = PrometheusConnect(url=demo.prometheus, retry=Retry(0))
    yield connection
    connection._session.close()


@pytest.fixture
def http(demo):
    with httpx.Client(base_url=demo.prometheus) as client:
        yield client


def query(http, text: str, **more) -> dict:
    return http.get("/api/v1/query", params={"query": text, **more}).json()


def test_every_panel_has_lines_but_the_one_that_never_had(demo, library, clock):
    end = clock.now() // 15 * 15
    for panel in demo.settings.panels:
        span = [datetime.fromtimestamp(t, UTC) for t in (end - 3600, end)]
        lines = library.custom_query_range(panel.query, *span, "15")
        if panel.name in PANELS_WITH_NOTHING:
            assert lines == []
            continue
        assert lines, panel.name
        if panel.kind == "range":
            assert max(len(line["values"]) for line in lines) == 241, panel.name
        assert all(float(v) == float(v) for line in lines for _, v in line["values"])


def test_every_query_of_the_packs_has_an_answer(library):
    for pack, panels in PACKS.items():
        for panel in panels:
            assert library.custom_query(panel.query), (pack, panel.id)


def test_get_and_post_say_the_same(http, clock):
    end = int(clock.now()) // 15 * 15
    form = {"query": "sum by (service) (rate(http_requests_total[1m]))", "start": end - 300, "end": end, "step": "15s"}
    got = http.get("/api/v1/query_range", params=form).json()
    assert got == http.post("/api/v1/query_range", data=form).json()
    assert len(got["data"]["result"]) == 12
    assert http.post("/api/v1/query", data={"query": "up"}).json()["data"]["resultType"] == "vector"


def test_a_chart_drawn_twice_is_the_same_and_meets_its_instants(http, clock):
    text = "histogram_quantile(0.95, sum by (service, le) (rate(http_request_duration_seconds_bucket[1m])))"
    end = int(clock.now()) // 15 * 15
    form = {"query": text, "start": end - 600, "end": end, "step": "15"}
    first = http.get("/api/v1/query_range", params=form).json()["data"]["result"]
    assert first == http.get("/api/v1/query_range", params=form).json()["data"]["result"]
    at, value = first[0]["values"][5]
    instants = query(http, text, time=at)["data"]["result"]
    assert next(i["value"][1] for i in instants if i["metric"] == first[0]["metric"]) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1:1: parse error: no expression found in input"),
        ("up{", "1:4: parse error: unexpected end of input inside braces"),
        ("sum(", "1:5: parse error: unclosed left parenthesis"),
        ("sum(up", "1:7: parse error: unclosed left parenthesis"),
        ("up +", "1:5: parse error: unexpected end of input"),
        ("1 1", '1:3: parse error: unexpected number "1"'),
        ("foo(up)", '1:1: parse error: unknown function with name "foo"'),
        ("rate(up)", '1:6: parse error: expected type range vector in call to function "rate", got instant vector'),
        ("up)", "1:4: parse error: unexpected right parenthesis ')'"),
        ('"abc', "1:1: parse error: unterminated quoted string"),
        ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ('up{job=~"("}', "error parsing regexp"),
    ],
)
def test_broken_queries_are_bad_data(http, text: str, words: str):
    answer = http.get("/api/v1/query", params={"query": text})
    assert answer.status_code == 400
    body = answer.json()
    assert (body["status"], body["errorType"]) == ("error", "bad_data")
    assert body["error"].startswith('invalid parameter "query": ')
    assert words in body["error"]


@pytest.mark.parametrize(
    "text",
    ["never_seen_total", "sum(rate(never_seen_total[5m]))", 'up{job="nobody"}', "a and b or (c unless on(x) d) > bool 2", "x offset -5m", "x[5m:1m] @ 17"],
)  # fmt: skip
def test_unknown_and_plausible_ones_are_empty(http, text: str):
    body = query(http, text)
    assert body["status"] == "success", body
    assert body["data"]["result"] == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("1", "scalar", "1"), ("1 + 1", "scalar", "2"), ('"x"', "string", "x"), ("time()", "scalar", None)],
)
def test_scalars_and_strings(http, text: str, kind: str, value: str | None):
    data = query(http, text, time=1_790_000_000)["data"]
    assert data == {"resultType": kind, "result": [1_790_000_000, value or "1790000000"]}


def test_vectors_counts_and_absent_ones(http):
    assert query(http, "vector(3)")["data"]["result"][0]["value"][1] == "3"
    up = query(http, "up")["data"]["result"]
    assert query(http, "count(up)")["data"]["result"][0]["value"][1] == str(len(up))
    assert query(http, 'absent(nope{a="b"})')["data"]["result"][0]["metric"] == {"a": "b"}
    assert query(http, "absent(up)")["data"]["result"] == []
    assert {s["metric"]["__name__"] for s in up} == {"up"}
    nodes = query(http, 'up{job="node",instance=~"eu.*"}')["data"]["result"]
    assert {s["metric"]["instance"] for s in nodes} == {"eu1:9100", "eu2:9100"}
    matrix = query(http, "up[1m]")["data"]
    assert matrix["resultType"] == "matrix"
    assert len(matrix["result"][0]["values"]) in (4, 5)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"start": 1, "end": 0, "step": 1}, "end timestamp must not be before start time"),
        ({"start": 0, "end": 9, "step": 0}, "zero or negative query resolution step widths are not accepted"),
        ({"start": 0, "end": 100_000, "step": 1}, "exceeded maximum resolution of 11,000 points per timeseries"),
        ({"start": "x", "end": 1, "step": 1}, 'invalid parameter "start": cannot parse "x" to a valid timestamp'),
        ({"start": 0, "end": 1, "step": "y"}, 'invalid parameter "step": cannot parse "y" to a valid duration'),
        ({"start": 0, "end": 1}, 'invalid parameter "step": cannot parse "" to a valid duration'),
    ],
)
def test_bad_ranges_are_refused_in_its_words(http, form: dict, words: str):
    answer = http.get("/api/v1/query_range", params={"query": "up", **form})
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_a_warning_and_a_remark(http):
    assert "partial response" in query(http, "shop_conversion_ratio")["warnings"][0]
    assert "might not be a counter" in query(http, "sum(rate(shop_basket_items[5m]))")["infos"][0]
    assert "warnings" not in query(http, "up")


def test_rules_targets_and_alerts_tell_one_story(demo, http, clock):
    """While a target is down: up, ALERTS, targets, rules, alerts and Alertmanager agree."""
    for _ in range(400):
        clock.move(15)
        down = [t for t in http.get("/api/v1/targets").json()["data"]["activeTargets"] if t["health"] == "down"]
        alerts = http.get("/api/v1/alerts").json()["data"]["alerts"]
        firing = [a for a in alerts if a["labels"]["alertname"] == "TargetDown" and a["state"] == "firing"]
        if down and firing:
            break
    assert down[0]["lastError"].endswith("connection refused")
    instance = down[0]["labels"]["instance"]
    assert firing[0]["labels"]["instance"] == instance
    assert query(http, f'up{{instance="{instance}",job="node"}}')["data"]["result"][0]["value"][1] == "0"
    assert [s["metric"]["instance"] for s in query(http, "up == 0")["data"]["result"]] == [instance]
    groups = http.get("/api/v1/rules").json()["data"]["groups"]
    rule = next(r for g in groups for r in g["rules"] if r["name"] == "TargetDown")
    assert (rule["state"], rule["alerts"][0]["labels"]["instance"]) == ("firing", instance)
    seen = query(http, 'ALERTS{alertname="TargetDown",alertstate="firing"}')["data"]["result"]
    assert [s["metric"]["instance"] for s in seen] == [instance]
    manager = httpx.get(f"{demo.alertmanager}/api/v2/alerts", params={"filter": 'alertname="TargetDown"'}).json()
    assert [a["labels"]["instance"] for a in manager] == [instance]


def test_one_rule_is_in_error_and_types_choose(http):
    groups = http.get("/api/v1/rules").json()["data"]["groups"]
    rules = [r for g in groups for r in g["rules"]]
    assert [r["name"] for r in rules if r["health"] == "err"] == ["service:http_cost:ratio"]
    kinds = {
        kind: {r["type"] for g in http.get(f"/api/v1/rules?type={kind}").json()["data"]["groups"] for r in g["rules"]}
        for kind in ("alert", "record")
    }
    assert kinds == {"alert": {"alerting"}, "record": {"recording"}}
    assert http.get("/api/v1/rules?type=x").status_code == 400


def test_status_and_the_rest(http):
    assert http.get("/api/v1/status/buildinfo").json()["data"]["version"] == "2.53.3"
    assert "scrape_interval: 15s" in http.get("/api/v1/status/config").json()["data"]["yaml"]
    assert http.get("/api/v1/targets?state=dropped").json()["data"]["activeTargets"] == []
    assert http.get("/-/ready").status_code == 200
    assert http.get("/api/v1/nothing").status_code == 404
    assert http.delete("/api/v1/query").status_code == 405
