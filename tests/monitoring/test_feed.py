"""The feed against a Prometheus that counts and can be told what to answer; time is the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.parse
from collections import Counter

import pytest

from console.errors import SourceError
from console.monitoring.feeds import wanted
from console.monitoring.model import Panel, Rule, Series, Target
from console.settings import model as settings
from console.settings.model import Seconds, Settings
from tests import peers
from tests.clock import FakeClock
from tests.monitoring.kit import Room, until

QUERIES = ("/api/v1/query", "/api/v1/query_range")


class Prometheus:
    """Answers every panel with one line; counts what it is asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.value = "1"
        self.broken: dict[str, tuple[int, dict]] = {}
        self.hanging: dict[str, asyncio.Event] = {}
        self.fields: list[dict[str, str]] = []
        self.interval = "15s"
        self.date: str | None = None
        self.url = ""

    @property
    def queries(self) -> int:
        return sum(self.asked[path] for path in QUERIES)

    @contextlib.asynccontextmanager
    async def running(self):
        async with peers.serve(self._talk) as server:
            self.url = server.http
            yield self

    async def _talk(self, peer, reader, writer) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1].partition("?")[0]
            size = next((int(x.split(":")[1]) for x in head.split("\r\n") if x.lower().startswith("content-length")), 0)
            fields = dict(urllib.parse.parse_qsl((await reader.readexactly(size)).decode()))
            self.asked[path] += 1
            status, body = await self._answer(path, fields)
            date = f"Date: {self.date}\r\n" if self.date else ""
            writer.write(f"HTTP/1.1 {status} Word\r\n{date}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()

    async def _answer(self, path: str, fields: dict[str, str]) -> tuple[int, bytes]:
        if path in self.broken:
            status, said = self.broken[path]
            return status, json.dumps(said).encode()
        if path == "/api/v1/rules":
            data: object = {"groups": [{"name": "g", "file": "f", "rules": [{"name": "R", "health": "err"}]}]}
        elif path == "/api/v1/targets":
            data = {"activeTargets": [{"scrapePool": "p", "scrapeUrl": "u", "scrapeInterval": self.interval}]}
        elif path in QUERIES:
            self.fields.append(fields)
            data = await self._query(path, fields)
            if isinstance(data, tuple):
                return data
        else:
            return 404, b"404 page not found"
        return 200, json.dumps({"status": "success", "data": data}).encode()

    async def _query(self, path: str, fields: dict[str, str]) -> object:
        query = fields["query"]
        self.under_way[query] += 1
        self.most[query] = max(self.most[query], self.under_way[query])
        try:
            if query in self.hanging:
                await self.hanging[query].wait()
            else:
                await asyncio.sleep(0)
        finally:
            self.under_way[query] -= 1
        if query in self.broken:
            status, said = self.broken[query]
            return status, json.dumps(said).encode()
        if path == "/api/v1/query":
            return {"resultType": "vector", "result": [{"metric": {}, "value": [float(fields["time"]), self.value]}]}
        values = [[float(fields["end"]), self.value]]
        return {"resultType": "matrix", "result": [{"metric": {"instance": "a"}, "values": values}]}


def panel(name: str, **more) -> settings.Panel:
    return settings.Panel(name=name, title=name, query=more.pop("query", name), **more)


@contextlib.asynccontextmanager
async def feed_of(*panels: settings.Panel, clock=None, **more):
    """A room, the feed's task and its Prometheus; the facts have been read."""
    clock = clock or FakeClock()
    async with Prometheus().running() as prometheus:
        for name, value in more.items():
            setattr(prometheus, name, value)
        room = Room(clock)
        own = settings.Prometheus(url=prometheus.url, timeout=Seconds(1))
        feed = wanted(Settings(prometheus=(own,), panels=panels))[0].make(room.context)
        async with room.running(feed) as task:
            await until(lambda: room.world.all(Target) or task.done())
            yield room, feed, task, prometheus


def series(room: Room, series_id: str) -> Series | None:
    return room.world.get(Series, series_id)


async def test_panels_rules_and_targets_are_there_without_anybody_looking_and_r45_nothing_is_queried():
    async with feed_of(panel("a"), panel("b", warn=1.0, unit="s")) as (room, _, task, prometheus):
        assert {p.id for p in room.world.all(Panel)} == {"a", "b"}
        assert [r.health for r in room.world.all(Rule)] == ["err"]
        await room.clock.advance(3600)
        assert prometheus.queries == 0
        assert not task.done()


async def test_a_look_is_answered_at_once_and_then_once_an_interval():
    async with feed_of(panel("a", range=Seconds(600))) as (room, _, _, prometheus):
        room.interest.look("me", [("series", "a")])
        await until(lambda: series(room, "a"))
        assert prometheus.queries == 1
        first = series(room, "a")
        assert first.lines[0].name == "a"
        assert first.step_s == 15
        await room.clock.advance(14.9)
        assert prometheus.queries == 1
        await room.clock.advance(0.2)
        await until(lambda: prometheus.queries == 2)
        await until(lambda: series(room, "a") != first)


async def test_a_range_of_its_own_is_a_series_of_its_own():
    async with feed_of(panel("a")) as (room, _, _, prometheus):
        room.interest.look("me", [("series", "a"), ("series", "a@86400"), ("series", "nobody")])
        await until(lambda: series(room, "a") and series(room, "a@86400"))
        assert series(room, "a@86400").step_s == 360
        assert {round(float(f["end"]) - float(f["start"])) for f in prometheus.fields} == {3600, 86_400}
        assert {f["timeout"] for f in prometheus.fields} == {"1s"}


async def test_r45_flicking_away_and_back_asks_nothing_anew():
    async with feed_of(panel("a")) as (room, _, _, prometheus):
        for _ in range(5):
            room.interest.look("me", [("series", "a")])
            await until(lambda: series(room, "a"))
            room.interest.look("me", [])
            await room.clock.advance(0.1)
        assert prometheus.queries == 1


async def test_r45_there_is_one_query_in_flight_for_a_panel():
    async with feed_of(panel("a", query="slow"), hanging={"slow": asyncio.Event()}) as (room, _, _, prometheus):
        room.interest.look("me", [("series", "a")])
        await until(lambda: prometheus.under_way["slow"] == 1)
        for _ in range(5):
            room.interest.look("me", [])
            await room.clock.advance(30)
            room.interest.look("me", [("series", "a")])
            await room.clock.advance(30)
        assert prometheus.most["slow"] == 1
        prometheus.hanging["slow"].set()
        await until(lambda: series(room, "a"))


async def test_samples_stay_for_a_minute_when_nobody_looks_and_then_go():
    async with feed_of(panel("a")) as (room, _, _, prometheus):
        room.interest.look("me", [("series", "a")])
        await until(lambda: series(room, "a"))
        first = series(room, "a")
        room.interest.look("me", [])
        await room.clock.advance(59)
        assert series(room, "a")
        room.interest.look("me", [("series", "a")])
        await until(lambda: series(room, "a") != first)
        room.interest.look("me", [])
        await room.clock.advance(59)
        assert series(room, "a")
        await room.clock.advance(2)
        assert series(room, "a") is None
        asked = prometheus.queries
        await room.clock.advance(600)
        assert prometheus.queries == asked


async def test_a_value_that_stays_changes_nothing():
    async with feed_of(panel("a", kind="instant")) as (room, _, _, prometheus):
        room.interest.look("me", [("series", "a")])
        await until(lambda: series(room, "a"))
        first, cursor = series(room, "a"), room.world.cursor
        assert first.lines[0].points == (1.0,)
        await room.clock.advance(15)
        await until(lambda: prometheus.queries == 2)
        await room.clock.advance(14)
        assert room.world.cursor == cursor
        prometheus.value = "2"
        await room.clock.advance(1)
        await until(lambda: series(room, "a").lines[0].points == (2.0,))
        assert series(room, "a").at > first.at


async def test_a_broken_query_says_so_on_its_panel_and_keeps_its_samples():
    async with feed_of(panel("a"), panel("b")) as (room, _, task, prometheus):
        room.interest.look("me", [("series", "a"), ("series", "b")])
        await until(lambda: series(room, "a") and series(room, "b"))
        prometheus.broken["a"] = (422, {"status": "error", "errorType": "execution", "error": "many-to-many \x1b[31m"})
        await room.clock.advance(15.1)
        await until(lambda: series(room, "a").error)
        assert series(room, "a").error == "many-to-many"
        assert series(room, "a").lines
        assert not series(room, "b").error
        assert not task.done()
        del prometheus.broken["a"]
        await room.clock.advance(15.1)
        await until(lambda: not series(room, "a").error)


async def test_a_query_that_hangs_says_so_within_the_time_out_and_others_go_on():
    hanging = {"slow": asyncio.Event()}
    async with feed_of(panel("a", query="slow"), panel("b"), hanging=hanging) as (room, _, task, _):
        room.interest.look("me", [("series", "a"), ("series", "b")])
        await until(lambda: series(room, "b"))
        assert series(room, "a") is None
        await until(lambda: series(room, "a"))
        assert "No whole answer within 1 s" in series(room, "a").error
        assert series(room, "a").hint
        assert not task.done()


async def test_a_server_that_goes_away_ends_the_run_and_blanks_nothing():
    clock = FakeClock()
    async with feed_of(panel("a"), clock=clock) as (room, _, task, prometheus):
        room.interest.look("me", [("series", "a")])
        await until(lambda: series(room, "a"))
        prometheus.broken |= {path: (500, {}) for path in ("/api/v1/rules", "/api/v1/targets")}
        await clock.advance(31)
        await until(task.done)
        with pytest.raises(SourceError):
            task.result()
        assert series(room, "a").lines
        assert room.world.all(Rule)
        assert room.world.all(Panel)


async def test_a_proxy_that_fails_under_a_query_ends_the_run_too():
    async with feed_of(panel("a")) as (room, _, task, prometheus):
        room.interest.look("me", [("series", "a")])
        await until(lambda: series(room, "a"))
        before = series(room, "a")
        prometheus.broken["/api/v1/query_range"] = (502, {"message": "bad gateway"})
        await room.clock.advance(15.1)
        await until(task.done)
        with pytest.raises(SourceError, match="502"):
            task.result()
        assert series(room, "a") == before


async def test_a_run_begun_again_asks_no_sooner_than_the_interval_allows():
    async with feed_of(panel("a")) as (room, feed, task, prometheus):
        room.interest.look("me", [("series", "a")])
        await until(lambda: series(room, "a"))
        task.cancel()
        asked = prometheus.asked["/api/v1/rules"]
        async with room.running(feed):
            await until(lambda: prometheus.asked["/api/v1/rules"] > asked)
            await room.clock.advance(14)
            assert prometheus.queries == 1
            await room.clock.advance(1.1)
            await until(lambda: prometheus.queries == 2)


async def test_a_server_without_rules_is_degraded_and_says_so():
    async with feed_of(panel("a"), broken={"/api/v1/rules": (404, {})}) as (room, _, _, _):
        source = room.world._live["sources"]["prometheus/prometheus"]
        await until(lambda: room.world._live["sources"]["prometheus/prometheus"].state == "degraded")
        source = room.world._live["sources"]["prometheus/prometheus"]
        assert "no rules" in source.notes[0]


async def test_the_servers_clock_is_reckoned_with_and_told():
    clock = FakeClock(now=1_790_000_000.0)
    # 2026-09-21 13:46:40 is that moment; this is ten minutes later.
    async with feed_of(panel("a"), clock=clock, date="Mon, 21 Sep 2026 14:23:20 GMT") as (room, _, _, prometheus):
        ahead = 1_790_000_600 - clock.now()
        room.interest.look("me", [("series", "a")])
        await until(lambda: series(room, "a"))
        assert abs(float(prometheus.fields[0]["end"]) - (clock.now() + ahead)) < 16
        notes = room.world._live["sources"]["prometheus/prometheus"].notes
        assert "600 s ahead" in notes[0]


async def test_forgetting_takes_everything_along():
    async with feed_of(panel("a")) as (room, feed, task, _):
        room.interest.look("me", [("series", "a")])
        await until(lambda: series(room, "a"))
        task.cancel()
        feed.forget()
        assert not [t for t in ("panels", "rules", "targets", "series") if room.world.topic(t)]


async def test_panels_that_the_settings_no_longer_name_go():
    clock = FakeClock()
    async with Prometheus().running() as prometheus:
        room, own = Room(clock), settings.Prometheus(url=prometheus.url)
        for names in (("a", "b"), ("b", "c")):
            feed = wanted(Settings(prometheus=(own,), panels=tuple(panel(n) for n in names)))[0].make(room.context)
            async with room.running(feed):
                await until(lambda names=names: {p.id for p in room.world.all(Panel)} == set(names))


async def test_500_panels_are_asked_and_one_that_hangs_delays_none():
    names = [f"p{i}" for i in range(500)]
    panels = [panel("slow"), *(panel(n) for n in names)]
    async with feed_of(*panels, hanging={"slow": asyncio.Event()}) as (room, _, _, prometheus):
        room.interest.look("me", [("series", p.name) for p in panels])
        await until(lambda: len(room.world.all(Series)) == 500, within_s=20)
        assert sum(prometheus.most.values()) >= 501
        assert all(most == 1 for most in prometheus.most.values())


def test_wanted_gives_each_prometheus_its_panels_and_a_key_that_changes_with_them():
    one, two = settings.Prometheus(name="one"), settings.Prometheus(name="two")
    panels = (panel("a"), panel("b", prometheus="two"), panel("c", prometheus="one"))
    first, second = wanted(Settings(prometheus=(one, two), panels=panels))
    assert (first.name, second.name) == ("prometheus/one", "prometheus/two")
    assert first.key == (one, (panels[0], panels[2]))
    assert second.key == (two, (panels[1],))
    again = wanted(Settings(prometheus=(one, two), panels=panels[:2]))
    assert again[0].key != first.key
    assert again[1].key == second.key
    assert hash(first.key) != hash(again[0].key)
    assert wanted(Settings()) == []
