"""Prometheus's HTTP API over the simulated company: queries by catalogue, rules, targets, alerts, status."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from email.utils import formatdate
from typing import Any

from console.clock import Clock
from console.demo.alarms import EVALUATION_S, RULES, Alert, Rule
from console.demo.catalogue import Catalogue, Series
from console.demo.company import Company
from console.demo.docker_shapes import rfc3339
from console.demo.families import Labels
from console.demo.panels import NOT_A_COUNTER, PARTIAL_ANSWER
from console.demo.promql import ParseError, Query, duration_s, parse
from console.demo.signals import parse_time
from console.demo.wire import Answer, Request, json_answer

SCRAPE_S = 15.0
POINTS_LIMIT = 11_000
RETENTION_S = 15 * 86_400.0
KEPT_SERIES = 1_500
"""Series whose past points are kept, so that a chart that is looked at costs one new point a step."""
KEPT_POINTS = 1_500
CONFIG = """\
global:
  scrape_interval: 15s
  scrape_timeout: 10s
  evaluation_interval: 15s
alerting:
  alertmanagers:
  - static_configs:
    - targets:
      - localhost:9093
rule_files:
- /etc/prometheus/rules/*.yml
scrape_configs:
- job_name: node
  static_configs:
  - targets:
    - eu1:9100
"""
_NUMBER = r"[-+]?\s*(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|Inf|NaN)"
_STRING = re.compile(r"""\s*(['"`])(.*)\1\s*""", re.DOTALL)
Json = dict[str, Any]


class _Bad(Exception):  # noqa: N818  # it is an answer, not a fault
    """A refusal in Prometheus's words."""


class PrometheusApi:
    def __init__(self, company: Company, clock: Clock, url: str) -> None:
        self._company = company
        self._clock = clock
        self._url = url
        self._catalogue = Catalogue(company)
        self._parsed: OrderedDict[str, Query] = OrderedDict()
        self._points: OrderedDict[tuple[str, str], dict[float, str | None]] = OrderedDict()
        self._rules_kept: tuple[tuple[int, float], bytes] = ((-1, 0.0), b"")
        self._started = company.start - 9 * 86_400

    async def handle(self, request: Request) -> Answer:
        now = self._clock.now()
        self._company.advance(now)
        try:
            answer = self._answer(request, now)
        except _Bad as bad:
            answer = json_answer({"status": "error", "errorType": "bad_data", "error": str(bad)}, 400)
        answer.headers.append(("Date", formatdate(now, usegmt=True)))
        return answer

    def _answer(self, request: Request, now: float) -> Answer:
        form, path = request.form(), request.path
        if request.method not in ("GET", "POST"):
            return Answer(405, b"Method Not Allowed\n", [("Content-Type", "text/plain; charset=utf-8")])
        match path:
            case "/api/v1/query":
                return self._instant(form, now)
            case "/api/v1/query_range":
                return self._range(form, now)
            case "/api/v1/rules":
                return self._rules(request.first("type"), now)
            case "/api/v1/alerts":
                alerts = [self._alert(a) for a in self._company.alarms.alerts.values()]
                return _success({"alerts": alerts})
            case "/api/v1/targets":
                return self._targets(request.first("state", "any"), now)
            case "/api/v1/status/buildinfo":
                return _success({"version": "2.53.3", "revision": "8a2e8d7e7f5d5f9d2e6cbdc7c0fdd4f2dbbd7a1f", "branch": "HEAD", "buildUser": "root@demo", "buildDate": "20241104-11:51:20", "goVersion": "go1.22.8"})  # fmt: skip
            case "/api/v1/status/config":
                return _success({"yaml": CONFIG})
            case "/api/v1/status/flags":
                return _success({"storage.tsdb.retention.time": "15d", "query.timeout": "2m"})
            case "/api/v1/status/runtimeinfo":
                return _success({"startTime": rfc3339(self._started), "CWD": "/prometheus", "reloadConfigSuccess": True, "lastConfigTime": rfc3339(self._started), "corruptionCount": 0, "goroutineCount": 61, "GOMAXPROCS": 8, "GOMEMLIMIT": 9223372036854775807, "GOGC": "", "GODEBUG": "", "storageRetention": "15d"})  # fmt: skip
            case "/api/v1/label/__name__/values":
                return _success(
                    ["ALERTS", "http_request_duration_seconds_bucket", "http_requests_total", "node_load1", "up"]
                )
            case "/-/healthy" | "/-/ready" | "/":
                return Answer(200, b"Prometheus Server is Healthy.\n", [("Content-Type", "text/plain; charset=utf-8")])
        return Answer(404, b"404 page not found\n", [("Content-Type", "text/plain; charset=utf-8")])

    # Queries

    def _query(self, form: dict[str, list[str]]) -> Query:
        text = form.get("query", [""])[0]
        if text not in self._parsed:
            try:
                self._parsed[text] = parse(text)
            except ParseError as error:
                raise _Bad(f'invalid parameter "query": {error}') from error
            if len(self._parsed) > KEPT_SERIES:
                self._parsed.popitem(last=False)
        return self._parsed[text]

    @staticmethod
    def _moment(form: dict[str, list[str]], name: str, default: float | None = None) -> float:
        text = form.get(name, [""])[0]
        if not text and default is not None:
            return default
        try:
            return parse_time(text)
        except ValueError:
            extra = "Invalid time value for 'time': " if name == "time" else ""
            raise _Bad(f'invalid parameter "{name}": {extra}cannot parse "{text}" to a valid timestamp') from None

    def _instant(self, form: dict[str, list[str]], now: float) -> Answer:
        at = round(self._moment(form, "time", now), 3)
        query = self._query(form)
        if query.window_s:
            begin = math.ceil((at - query.window_s) / SCRAPE_S) * SCRAPE_S
            steps = [begin + i * SCRAPE_S for i in range(int((at - begin) // SCRAPE_S) + 1)]
            return self._matrix(query, steps, now)
        if (scalar := _scalar(query.text, at)) is not None:
            return _success({"resultType": "scalar", "result": [at, _number(scalar)]})
        if text := _STRING.fullmatch(query.text):
            return _success({"resultType": "string", "result": [at, text[2]]})
        vector: list[Json] = []
        for series in self._series(query):
            value = series.value(at) if now - RETENTION_S <= at <= now + SCRAPE_S else None
            if value is not None:
                vector.append({"metric": series.labels, "value": [at, _number(value)]})
        return _success({"resultType": "vector", "result": vector}, **_remarks(query))

    def _range(self, form: dict[str, list[str]], now: float) -> Answer:
        start, end = self._moment(form, "start"), self._moment(form, "end")
        if end < start:
            raise _Bad('invalid parameter "end": end timestamp must not be before start time')
        text = form.get("step", [""])[0]
        try:
            step = duration_s(text)
        except ValueError:
            raise _Bad(f'invalid parameter "step": cannot parse "{text}" to a valid duration') from None
        if step <= 0:
            raise _Bad('invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer')  # fmt: skip
        if (end - start) / step > POINTS_LIMIT:
            raise _Bad("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")  # fmt: skip
        query = self._query(form)
        if query.window_s:
            raise _Bad('invalid expression type "range vector" for range query, must be Scalar or instant Vector')
        if _STRING.fullmatch(query.text):
            raise _Bad('invalid expression type "string" for range query, must be Scalar or instant Vector')
        return self._matrix(query, [start + i * step for i in range(int((end - start) / step + 1e-9) + 1)], now)

    def _matrix(self, query: Query, steps: list[float], now: float) -> Answer:
        matrix: list[Json] = []
        if _scalar(query.text, now) is not None:
            values = [[t, _number(_scalar(query.text, t) or 0.0)] for t in steps]
            return _success({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})
        oldest = now - RETENTION_S
        known = [t for t in steps if oldest <= t <= now]
        for series in self._series(query):
            kept = self._kept(query, series.labels)
            points: list[list[float | str]] = []
            for t in known:
                text = kept.get(t, "")
                if text == "":
                    value = series.value(t)
                    # The newest moments may still change: an alert can begin in them.
                    text = None if value is None else _number(value)
                    if t < now - EVALUATION_S:
                        kept[t] = text
                if text is not None:
                    points.append([t, text])
            if points:
                matrix.append({"metric": series.labels, "values": points})
        return _success({"resultType": "matrix", "result": matrix}, **_remarks(query))

    def _kept(self, query: Query, labels: Labels) -> dict[float, str | None]:
        key = (query.text, "\xff".join(labels.values()))
        kept = self._points.get(key)
        if kept is None:
            kept = self._points[key] = {}
            if len(self._points) > KEPT_SERIES:
                self._points.popitem(last=False)
        else:
            self._points.move_to_end(key)
        if len(kept) > KEPT_POINTS:
            for t in sorted(kept)[: KEPT_POINTS // 2]:
                del kept[t]
        return kept

    def _series(self, query: Query) -> list[Series]:
        if match := re.fullmatch(rf"\s*vector\(\s*({_NUMBER})\s*\)\s*", query.text):
            value = float(match[1])
            return [Series({}, lambda _t: value)]
        if re.fullmatch(r"\s*vector\(\s*time\(\)\s*\)\s*", query.text):
            return [Series({}, lambda t: t)]
        if re.match(r"\s*absent\s*\(", query.text):
            found = self._catalogue.find(query)
            labels = {m.name: m.value for m in query.matchers if m.operator == "="}
            return [] if found else [Series(labels, lambda _t: 1.0)]
        return self._catalogue.find(query)

    # Facts

    def _alert(self, alert: Alert) -> Json:
        return {
            "labels": alert.labels,
            "annotations": alert.annotations,
            "state": "firing" if alert.fired_at else "pending",
            "activeAt": rfc3339(alert.active_at),
            "value": _scientific(alert.value),
        }

    def _rules(self, kind: str, now: float) -> Answer:
        if kind not in ("", "alert", "record"):
            raise _Bad(f'invalid parameter "type": not supported value "{kind}"')
        evaluated = now // EVALUATION_S * EVALUATION_S
        key = (self._company.alarms.version, evaluated)
        if not kind and self._rules_kept[0] == key:
            return Answer(200, self._rules_kept[1], [("Content-Type", "application/json")])
        by_rule: dict[str, list[Alert]] = {}
        for alert in self._company.alarms.alerts.values():
            by_rule.setdefault(alert.rule.name, []).append(alert)
        groups = []
        for group in dict.fromkeys(rule.group for rule in RULES):
            rules = (
                [self._rule(r, by_rule.get(r.name, []), evaluated) for r in RULES if r.group == group]
                if kind != "record"
                else []
            )
            if group == "services" and kind != "alert":
                rules += _recordings(evaluated)
            if rules:
                groups.append({"name": group, "file": f"/etc/prometheus/rules/{group}.yml", "rules": rules, "interval": EVALUATION_S, "limit": 0, "evaluationTime": 0.0021, "lastEvaluation": rfc3339(evaluated)})  # fmt: skip
        answer = _success({"groups": groups})
        if not kind and isinstance(answer.body, bytes):
            self._rules_kept = (key, answer.body)
        return answer

    def _rule(self, rule: Rule, alerts: list[Alert], evaluated: float) -> Json:
        state = "firing" if any(a.fired_at for a in alerts) else "pending" if alerts else "inactive"
        return {
            "state": state,
            "name": rule.name,
            "query": rule.query,
            "duration": rule.for_s,
            "keepFiringFor": 0,
            "labels": {"severity": rule.severity},
            "annotations": {"runbook_url": f"https://runbooks.acme.example/{rule.name}"},
            "alerts": [self._alert(a) for a in alerts],
            "health": "ok",
            "evaluationTime": 0.0004,
            "lastEvaluation": rfc3339(evaluated),
            "type": "alerting",
        }

    def _targets(self, state: str, now: float) -> Answer:
        if state not in ("any", "active", "dropped"):
            state = "any"
        scraped = now // SCRAPE_S * SCRAPE_S
        active = []
        for labels in self._catalogue.targets() if state != "dropped" else []:
            instance, job = labels["instance"], labels["job"]
            up = self._company.signals.up(instance, now)
            url = f"http://{instance}/metrics"
            active.append(
                {
                    "discoveredLabels": {"__address__": instance, "__metrics_path__": "/metrics", "__scheme__": "http", "__scrape_interval__": "15s", "__scrape_timeout__": "10s", "job": job},
                    "labels": labels,
                    "scrapePool": job,
                    "scrapeUrl": url,
                    "globalUrl": url,
                    "lastError": "" if up else f'Get "{url}": dial tcp 10.20.0.{len(instance)}:9100: connect: connection refused',
                    "lastScrape": rfc3339(scraped),
                    "lastScrapeDuration": 0.0123,
                    "health": "up" if up else "down",
                    "scrapeInterval": "15s",
                    "scrapeTimeout": "10s",
                }
            )  # fmt: skip
        return _success({"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": {}})


def _recordings(evaluated: float) -> list[Json]:
    """Two recording rules, one of them wrong: its author joined series that are not unique."""
    error = 'found duplicate series for the match group {service="checkout"} on the right hand-side of the operation'
    rows = (
        ("service:http_requests:rate1m", "sum by (service) (rate(http_requests_total[1m]))", ""),
        ("service:http_cost:ratio", "http_requests_in_flight / on (service) service_cost_info", error),
    )
    return [
        {
            "name": name,
            "query": query,
            "health": "err" if wrong else "ok",
            **({"lastError": wrong} if wrong else {}),
            "evaluationTime": 0.0011,
            "lastEvaluation": rfc3339(evaluated),
            "type": "recording",
        }
        for name, query, wrong in rows
    ]


def _remarks(query: Query) -> dict[str, list[str]]:
    """What Prometheus or a proxy before it adds to an answer."""
    found: dict[str, list[str]] = {}
    if PARTIAL_ANSWER in query.metrics:
        found["warnings"] = ["partial response: the store of us1 did not answer in time"]
    if NOT_A_COUNTER in query.metrics:
        at = query.text.find(NOT_A_COUNTER) + 1
        found["infos"] = [f'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "{NOT_A_COUNTER}" (1:{at})']  # fmt: skip
    return found


def _success(data: object, **remarks: list[str]) -> Answer:
    return json_answer({"status": "success", "data": data, **remarks})


def _number(value: float) -> str:
    """As Go's strconv writes it, cut to six digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.15g}" if value == int(value) or abs(value) > 1e6 else f"{value:.6g}"


def _scientific(value: float) -> str:
    """As Go writes it with %e and the fewest digits."""
    mantissa, _, exponent = f"{value:.12e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"


def _scalar(text: str, at: float) -> float | None:
    """A number, time(), or two of them with an operator between; None for anything else."""
    stripped = text.strip()
    if re.fullmatch(_NUMBER, stripped):
        return float(stripped.replace(" ", ""))
    if stripped == "time()":
        return at
    if match := re.fullmatch(rf"({_NUMBER}|time\(\))\s*([-+*/%])\s*({_NUMBER}|time\(\))", stripped):
        left, right = _scalar(match[1], at), _scalar(match[3], at)
        if left is None or right is None:
            return None
        if match[2] in "/%" and right == 0:
            return math.nan if left == 0 or match[2] == "%" else math.copysign(math.inf, left)
        return {
            "+": left + right,
            "-": left - right,
            "*": left * right,
            "/": left / (right or 1),
            "%": math.fmod(left, right or 1),
        }[match[2]]
    return None
