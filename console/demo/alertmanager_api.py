"""Alertmanager's API v2 over the simulated company's alerts and silences.

Shapes follow its api/v2/openapi.yaml, 0.25.
"""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import Any

import msgspec
from msgspec import Struct

from console.clock import Clock
from console.demo.alarms import LEASE_S, RECEIVERS, Alarms, Alert, Matcher, Silence
from console.demo.company import Company
from console.demo.docker_shapes import rfc3339
from console.demo.signals import parse_time
from console.demo.wire import Answer, Request, json_answer

_MATCHER = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"]*))\s*')
CONFIG = """\
global:
  resolve_timeout: 5m
route:
  receiver: on-call
  group_by: [alertname, service]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
  - receiver: watchdog
    matchers: [alertname="Watchdog"]
  - receiver: chat
    matchers: [severity=~"warning|info"]
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity="warning"]
  equal: [service]
receivers:
- name: on-call
- name: chat
- name: watchdog
"""
Json = dict[str, Any]


class _PostedMatcher(Struct, rename={"is_regex": "isRegex", "is_equal": "isEqual"}):
    name: str
    value: str
    is_regex: bool
    is_equal: bool = True


class _Posted(Struct, rename={"starts": "startsAt", "ends": "endsAt", "by": "createdBy"}):
    matchers: list[_PostedMatcher]
    starts: str
    ends: str
    by: str
    comment: str
    id: str = ""


class AlertmanagerApi:
    def __init__(self, company: Company, clock: Clock, prometheus_url: str) -> None:
        self._company = company
        self._alarms: Alarms = company.alarms
        self._clock = clock
        self._generator = f"{prometheus_url}/graph?g0.tab=1&g0.expr="
        self._pieces: dict[str, tuple[float, tuple[str, ...], tuple[str, ...], bytes]] = {}
        self._whole: tuple[tuple[object, ...], bytes] = ((), b"")
        self._started = company.start - 4 * 86_400

    async def handle(self, request: Request) -> Answer:
        now = self._clock.now()
        self._company.advance(now)
        answer = self._answer(request, now)
        answer.headers += [("Date", formatdate(now, usegmt=True)), ("Cache-Control", "no-store")]
        return answer

    def _answer(self, request: Request, now: float) -> Answer:
        path, method = request.path, request.method
        try:
            match method, path:
                case "GET", "/api/v2/alerts":
                    return self._alerts(request, now)
                case "GET", "/api/v2/alerts/groups":
                    return self._groups(request, now)
                case "GET", "/api/v2/silences":
                    return self._silences(request, now)
                case "POST", "/api/v2/silences":
                    return self._post(request, now)
                case "GET", "/api/v2/receivers":
                    return json_answer([{"name": name} for name in sorted(RECEIVERS)])
                case "GET", "/api/v2/status":
                    return self._status()
                case "GET", "/-/healthy" | "/-/ready":
                    return Answer(200, b"OK", [("Content-Type", "text/plain; charset=utf-8")])
        except (re.error, ValueError) as error:
            # A single JSON string is how Alertmanager says what is wrong with a request.
            return json_answer(f"{error}", 400)
        if match := re.fullmatch(r"/api/v2/silence/([^/]+)", path):
            return self._one_silence(method, match[1], now)
        body = {"code": 404, "message": f"path {path} was not found"}
        return json_answer(body, 404)

    def _status(self) -> Answer:
        return json_answer(
            {
                "cluster": {
                    "name": "01HZZ8DEMO",
                    "peers": [{"address": "127.0.0.1:9094", "name": "01HZZ8DEMO"}],
                    "status": "ready",
                },
                "config": {"original": CONFIG},
                "uptime": rfc3339(self._started),
                "versionInfo": {
                    "branch": "HEAD",
                    "buildDate": "20221222-14:51:36",
                    "buildUser": "root@demo",
                    "goVersion": "go1.19.4",
                    "revision": "258fab7cdd551f2cf251ed0348f0ad7289aee789",
                    "version": "0.25.0",
                },
            }
        )

    def _alerts(self, request: Request, now: float) -> Answer:
        active = self._alarms.active_silences(now)
        plain = not request.query
        key = (self._alarms.version, now // 15, tuple(s.id for s in active))
        if plain and self._whole[0] == key:
            return Answer(200, self._whole[1], [("Content-Type", "application/json")])
        inhibitors = self._alarms.inhibitors()
        parts = [
            self._piece(alert, now, self._alarms.silenced_by(alert, active), inhibitors)
            for alert in self._chosen(request, now, active, inhibitors)
        ]
        body = b"[" + b",".join(parts) + b"]\n"
        if plain:
            self._whole = (key, body)
            if len(self._pieces) > 2 * len(self._alarms.alerts) + 100:
                self._pieces = {k: v for k, v in self._pieces.items() if k in self._alarms.alerts}
        return Answer(200, body, [("Content-Type", "application/json")])

    def _chosen(self, request: Request, now: float, active: list[Silence], inhibitors: dict[str, str]) -> list[Alert]:
        """The alerts that the query asks for, ordered by fingerprint."""
        matchers = [parse_matcher(text) for text in request.query.get("filter", [])]
        receiver = request.first("receiver")
        try:
            re.compile(receiver)
        except re.error as error:
            raise ValueError(f"failed to parse receiver param: error parsing regexp: {error}") from error
        chosen = []
        for alert in sorted(self._alarms.firing(), key=lambda a: a.fingerprint):
            if alert.fired_at > now or not all(m.matches(alert.labels) for m in matchers):
                continue
            if receiver and not re.fullmatch(receiver, alert.rule.receiver):
                continue
            silenced = bool(self._alarms.silenced_by(alert, active)) if request.query else False
            inhibited = bool(self._inhibited(alert, inhibitors))
            if request.query and (
                (silenced and not request.flag("silenced", default=True))
                or (inhibited and not request.flag("inhibited", default=True))
                or (not silenced and not inhibited and not request.flag("active", default=True))
            ):
                continue
            chosen.append(alert)
        return chosen

    @staticmethod
    def _inhibited(alert: Alert, inhibitors: dict[str, str]) -> list[str]:
        if alert.rule.severity != "warning" or "service" not in alert.labels:
            return []
        by = inhibitors.get(alert.labels["service"])
        return [by] if by else []

    def _piece(self, alert: Alert, now: float, silenced: list[str], inhibitors: dict[str, str]) -> bytes:
        """One alert, encoded; kept until something of it changes, so that ten thousand of them stay cheap."""
        updated, inhibited = alert.updated(now), self._inhibited(alert, inhibitors)
        kept = self._pieces.get(alert.fingerprint)
        if kept and kept[0] == updated and kept[1] == tuple(silenced) and kept[2] == tuple(inhibited):
            return kept[3]
        body = msgspec.json.encode(self._shape(alert, updated, silenced, inhibited))
        self._pieces[alert.fingerprint] = (updated, tuple(silenced), tuple(inhibited), body)
        return body

    def _shape(self, alert: Alert, updated: float, silenced: list[str], inhibited: list[str]) -> Json:
        return {
            "annotations": alert.annotations,
            "endsAt": _milli(updated + LEASE_S),
            "fingerprint": alert.fingerprint,
            "receivers": [{"name": alert.rule.receiver}],
            "startsAt": _milli(alert.fired_at),
            "status": {
                "inhibitedBy": inhibited,
                "silencedBy": silenced,
                "state": "suppressed" if silenced or inhibited else "active",
            },
            "updatedAt": _milli(updated),
            "generatorURL": self._generator + alert.rule.name,
            "labels": alert.labels,
        }

    def _groups(self, request: Request, now: float) -> Answer:
        active = self._alarms.active_silences(now)
        inhibitors = self._alarms.inhibitors()
        groups: dict[tuple[str, str, str], list[msgspec.Raw]] = {}
        for alert in self._chosen(request, now, active, inhibitors):
            key = (alert.rule.receiver, alert.labels["alertname"], alert.labels.get("service", ""))
            piece = self._piece(alert, now, self._alarms.silenced_by(alert, active), inhibitors)
            groups.setdefault(key, []).append(msgspec.Raw(piece))
        return json_answer(
            [
                {
                    "alerts": pieces,
                    "labels": {"alertname": name, **({"service": service} if service else {})},
                    "receiver": {"name": receiver},
                }
                for (receiver, name, service), pieces in sorted(groups.items())
            ]
        )

    def _silence_shape(self, silence: Silence, now: float) -> Json:
        return {
            "id": silence.id,
            "status": {"state": silence.state(now)},
            "updatedAt": _milli(silence.updated),
            "comment": silence.comment,
            "createdBy": silence.by,
            "endsAt": _milli(silence.ends),
            "matchers": [
                {"isEqual": m.is_equal, "isRegex": m.is_regex, "name": m.name, "value": m.value}
                for m in silence.matchers
            ],
            "startsAt": _milli(silence.starts),
        }

    def _silences(self, request: Request, now: float) -> Answer:
        wanted = [parse_matcher(text) for text in request.query.get("filter", [])]
        order = {"active": 0, "pending": 1, "expired": 2}
        every = sorted(self._alarms.silences.values(), key=lambda s: (order[s.state(now)], s.ends))
        found = [s for s in every if all(_same(w, s.matchers) for w in wanted)]
        return json_answer([self._silence_shape(s, now) for s in found])

    def _post(self, request: Request, now: float) -> Answer:
        try:
            posted = msgspec.json.decode(request.body, type=_Posted)
        except msgspec.ValidationError as error:
            # Missing fields are found by its generated code, which answers 422 in a shape of its own.
            missing = re.search(r"required field `(\w+)`", str(error))
            words = f"{missing[1]} in body is required" if missing else f"silence in body: {error}"
            return json_answer({"code": 602, "message": words}, 422)
        except msgspec.DecodeError as error:
            return json_answer({"code": 400, "message": f'parsing silence body from "" failed, because {error}'}, 400)
        starts, ends = parse_time(posted.starts), parse_time(posted.ends)
        if ends <= starts:
            raise ValueError("Failed to create silence: start time must be before end time")
        if ends < now:
            raise ValueError("Failed to create silence: end time can't be in the past")
        if not posted.matchers:
            return json_answer({"code": 612, "message": "matchers in body should have at least 1 items"}, 422)
        matchers = tuple(Matcher(m.name, m.value, m.is_regex, m.is_equal) for m in posted.matchers)
        for index, matcher in enumerate(matchers):
            if matcher.is_regex:
                try:
                    re.compile(matcher.value)
                except re.error as error:
                    raise ValueError(
                        f'silence invalid: invalid label matcher {index}: invalid regular expression "{matcher.value}": '
                        f"error parsing regexp: {error}"
                    ) from error
        if all(m.matches({}) for m in matchers):
            raise ValueError("silence invalid: at least one matcher must not match the empty string")
        silence = Silence(
            posted.id, matchers, max(starts, now) if starts <= now else starts, ends, posted.by, posted.comment, now
        )
        try:
            return json_answer({"silenceID": self._alarms.silence(silence, now)})
        except KeyError:
            return json_answer("silence not found", 404)

    def _one_silence(self, method: str, silence_id: str, now: float) -> Answer:
        if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", silence_id):
            message = f'silenceID in path must be of type uuid: "{silence_id}"'
            return json_answer({"code": 601, "message": message}, 422)
        silence = self._alarms.silences.get(silence_id)
        if method not in ("GET", "DELETE"):
            return json_answer({"code": 405, "message": f"method {method} is not allowed, but [GET,DELETE] are"}, 405)
        if silence is None:
            return Answer(404) if method == "GET" else json_answer("silence not found", 500)
        if method == "GET":
            return json_answer(self._silence_shape(silence, now))
        if silence.state(now) != "expired":
            self._alarms.expire(silence_id, now)
        return Answer(200, b"")


def _milli(t: float) -> str:
    """With three digits of a second, as strfmt.DateTime writes it."""
    return f"{rfc3339(t)[:23]}Z"


def parse_matcher(text: str) -> Matcher:
    """`name="value"` with one of four operators. Raises ValueError for anything else."""
    match = _MATCHER.fullmatch(text)
    if match is None:
        raise ValueError(f"bad matcher format: {text}")
    value = match[3] if match[3] is not None else match[4]
    matcher = Matcher(
        match[1], value.replace('\\"', '"').replace("\\\\", "\\"), "~" in match[2], not match[2].startswith("!")
    )
    if matcher.is_regex:
        re.compile(matcher.value)
    return matcher


def _same(wanted: Matcher, own: tuple[Matcher, ...]) -> bool:
    """Alertmanager asks whether a silence's matcher of that name has a value that the filter takes."""
    return any(m.name == wanted.name and wanted.matches({m.name: m.value}) for m in own)
