"""An Alertmanager of the test's own: it says what it is told to say."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from datetime import UTC, datetime

from tests import peers


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


class Manager:
    def __init__(self, now: float) -> None:
        self.started = now - 86_400
        self.date: str | None = None
        self.alerts: list[dict] = []
        self.silences: list[dict] = []
        self.status = 200
        self.hang: asyncio.Event | None = None
        self.asked: Counter[str] = Counter()
        self.url = ""

    def fire(self, name: str, at: float, *, state: str = "active", **labels: str) -> None:
        self.alerts.append(
            {
                "fingerprint": name.lower(),
                "labels": {"alertname": name, "severity": "critical", **labels},
                "annotations": {"summary": f"{name} is bad"},
                "startsAt": stamp(at),
                "updatedAt": stamp(at),
                "receivers": [{"name": "pager"}],
                "status": {"state": state, "silencedBy": ["s1"] if state == "suppressed" else [], "inhibitedBy": []},
            }
        )

    @contextlib.asynccontextmanager
    async def running(self):
        async with peers.serve(self._talk) as server:
            self.url = server.http
            yield self

    async def _talk(self, peer, reader, writer) -> None:
        while True:
            path = (await peers.request(peer, reader)).split(" ")[1]
            self.asked[path] += 1
            if self.hang is not None:
                await self.hang.wait()
            body = json.dumps(self._answer(path)).encode()
            date = f"Date: {self.date}\r\n" if self.date else ""
            writer.write(f"HTTP/1.1 {self.status} Word\r\n{date}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()

    def _answer(self, path: str) -> object:
        return {
            "/api/v2/alerts": self.alerts,
            "/api/v2/alerts/groups": [
                {"labels": {"alertname": a["labels"]["alertname"]}, "receiver": {"name": "pager"}, "alerts": [a]}
                for a in self.alerts
            ],
            "/api/v2/silences": self.silences,
            "/api/v2/receivers": [{"name": "pager"}],
            "/api/v2/status": {
                "uptime": stamp(self.started),
                "cluster": {"status": "ready", "peers": [{"name": "a"}, {"name": "b"}]},
                "versionInfo": {"version": "0.34.0"},
            },
        }[path]
