"""The feed against Alertmanagers that say what the test wants; time is the test's own."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from console.alerts.feeds import wanted
from console.alerts.model import Alert, Cluster, Group, Receiver, Silence
from console.alerts.source import _all_but_the_late
from console.alerts.turns import TURN
from console.errors import SourceError
from console.monitoring.model import ActiveAlert, Rule
from console.settings import model as settings
from console.settings.model import Seconds, Settings
from console.world.model import Source
from tests import peers
from tests.alerts.kit import Manager, stamp
from tests.clock import FakeClock
from tests.monitoring.kit import MemoryShelf, Room, until

SOURCE = "alertmanager/eu"


class Watched:
    """A room with the feed of a cluster of fake members."""

    def __init__(self, members: list[Manager], room: Room, task: asyncio.Task, feed) -> None:
        self.members, self.room, self.task, self.feed = members, room, task, feed

    def alert(self, name: str) -> Alert | None:
        return self.room.world.get(Alert, f"eu/{name}")

    @property
    def source(self) -> Source:
        return self.room.world.get(Source, SOURCE)

    async def poll(self, count: int = 1) -> None:
        """Let the time of so many polls go by and each of them be read."""
        for _ in range(count):
            polls = self.feed.polls
            await self.room.clock.advance(5)
            await until(lambda polls=polls: self.feed.polls > polls or self.task.done())


@contextlib.asynccontextmanager
async def cluster(count: int = 1, *, shelves=None, clock=None, prometheus: bool = False, setup=None, timeout_s=1.0):
    clock = clock or FakeClock()
    async with contextlib.AsyncExitStack() as stack:
        members = [await stack.enter_async_context(Manager(clock.now()).running()) for _ in range(count)]
        if setup is not None:
            setup(members)
        room = Room(clock, shelves)
        own = settings.Alertmanager(name="eu", members=tuple(m.url for m in members), timeout=Seconds(timeout_s))
        proms = (settings.Prometheus(name="prom"),) if prometheus else ()
        feed = wanted(Settings(alertmanager=(own,), prometheus=proms))[0].make(room.context)
        async with room.running(feed) as task:
            await until(lambda: feed.polls or task.done())
            yield Watched(members, room, task, feed)


def two_alerts(members: list[Manager]) -> None:
    for member in members:
        member.fire("Disk", 1_789_999_000.0)
        member.fire("Cpu", 1_789_999_500.0, state="suppressed")


async def test_alerts_groups_silences_receivers_and_status_are_there_after_one_poll():
    def setup(members):
        two_alerts(members)
        members[0].silences.append(
            {"id": "s1", "status": {"state": "active"}, "matchers": [{"name": "alertname", "value": "Cpu"}]}
        )

    async with cluster(setup=setup) as seen:
        disk, cpu = seen.alert("disk"), seen.alert("cpu")
        assert (disk.state, disk.severity, disk.since) == ("firing", "critical", 1_789_999_000.0)
        assert (cpu.state, cpu.silenced_by) == ("suppressed", ("s1",))
        world = seen.room.world
        assert {g.alerts for g in world.all(Group)} == {("eu/disk",), ("eu/cpu",)}
        assert [s.id for s in world.all(Silence)] == ["eu/s1"]
        assert [r.name for r in world.all(Receiver)] == ["pager"]
        assert world.get(Cluster, "eu").version == "0.34.0"
        assert world.get(Cluster, "eu").members == {seen.members[0].url: "ok"}
        assert (seen.source.state, seen.source.fresh_s) == ("ok", 5.0)
        cursor = world.cursor
        await seen.poll(10)
        assert world.cursor == cursor, "what stays the same sends nothing"
        assert seen.members[0].asked["/api/v2/alerts"] == 11
        assert seen.members[0].asked["/api/v2/silences"] == 4


async def test_a_member_that_is_down_is_degraded_with_its_reason_and_never_a_blank():
    async with cluster(2, setup=two_alerts) as seen:
        assert seen.source.detail == "2 of 2 members"
        assert len(seen.alert("disk").members) == 2
        seen.members[1].status = 500
        await seen.poll(3)
        assert seen.alert("disk").state == "firing"
        assert seen.alert("disk").members == (seen.members[0].url,)
        assert seen.source.state == "degraded"
        assert seen.source.detail == "1 of 2 members"
        assert "HTTP 500" in seen.source.notes[0]
        assert "HTTP 500" in seen.room.world.get(Cluster, "eu").members[seen.members[1].url]
        seen.members[1].status = 200
        # It is not waited for the first time, since it may hang again.
        await seen.poll(2)
        assert seen.source.state == "ok"


async def test_a_member_that_hangs_is_not_waited_for_twice():
    async with cluster(2, setup=two_alerts, timeout_s=2.0) as seen:
        seen.members[1].hang = asyncio.Event()
        await seen.poll()
        assert "no whole answer within 2 s" in seen.source.notes[0]
        began = asyncio.get_running_loop().time()
        await seen.poll(2)
        assert asyncio.get_running_loop().time() - began < 1.9
        assert seen.source.state == "degraded"
        seen.members[1].hang.set()


async def test_an_alert_only_one_member_has_is_seen():
    def setup(members):
        members[1].fire("Split", 1_789_999_000.0)

    async with cluster(2, setup=setup) as seen:
        assert seen.alert("split").members == (seen.members[1].url,)
        seen.members[1].status = 503
        await seen.poll(100)
        assert seen.alert("split").state == "missing"
        assert "does not answer" in seen.alert("split").why


async def test_no_member_answers_ends_the_run_and_changes_no_alert():
    async with cluster(2, setup=two_alerts) as seen:
        before = seen.room.world.all(Alert)
        for member in seen.members:
            member.status = 500
        await seen.poll()
        with pytest.raises(SourceError, match="None of 2 members"):
            seen.task.result()
        assert seen.room.world.all(Alert) == before


async def test_missing_is_not_resolved_and_five_minutes_of_a_settled_cluster_are():
    async with cluster(setup=two_alerts) as seen:
        seen.members[0].alerts.pop(0)
        await seen.poll()
        assert seen.alert("disk").state == "firing"
        await seen.poll()
        assert seen.alert("disk").state == "missing"
        await seen.poll(58)
        assert seen.alert("disk").state == "missing"
        await seen.poll(2)
        assert seen.alert("disk").state == "resolved"
        await seen.poll(717)
        assert seen.alert("disk").state == "resolved"
        await seen.poll(3)
        assert seen.alert("disk") is None
        assert seen.alert("cpu").state == "suppressed"


async def test_an_alertmanager_that_restarted_resolves_nothing():
    async with cluster(setup=two_alerts) as seen:
        kept, seen.members[0].alerts = seen.members[0].alerts, []
        seen.members[0].started = seen.room.clock.now()
        await seen.poll(50)
        assert {a.state for a in seen.room.world.all(Alert)} == {"missing"}
        seen.members[0].alerts = kept
        await seen.poll()
        assert {a.state for a in seen.room.world.all(Alert)} == {"firing", "suppressed"}


async def test_an_outage_does_not_count_towards_the_five_minutes():
    shelves: dict[str, MemoryShelf] = {}
    clock = FakeClock()
    async with cluster(setup=two_alerts, shelves=shelves, clock=clock) as seen:
        seen.members[0].alerts = []
        await seen.poll(3)
        assert seen.alert("disk").state == "missing"
    await clock.advance(3000)
    async with cluster(shelves=shelves, clock=clock) as seen:
        await seen.poll(50)
        assert seen.alert("disk").state == "missing"
        await seen.poll(12)
        assert seen.alert("disk").state == "resolved"


async def test_a_clock_that_is_set_forward_resolves_nothing():
    async with cluster(setup=two_alerts) as seen:
        seen.members[0].alerts = []
        await seen.poll(3)
        seen.room.clock._now += 7200
        await seen.poll(50)
        assert seen.alert("disk").state == "missing"


async def test_the_states_of_alerts_outlive_the_agent():
    shelves: dict[str, MemoryShelf] = {}
    clock = FakeClock()
    async with cluster(setup=two_alerts, shelves=shelves, clock=clock) as seen:
        before = {a.id: a for a in seen.room.world.all(Alert)}
    shelves["alerts/eu"].save("torn", b'{"alert": {')
    room = Room(clock, shelves)
    own = settings.Alertmanager(name="eu", members=(f"http://{peers.unreachable()}",))
    feed = wanted(Settings(alertmanager=(own,)))[0].make(room.context)
    async with room.running(feed) as task:
        await until(task.done)
        assert {a.id: a for a in room.world.all(Alert)} == before
        assert "torn" not in shelves["alerts/eu"].kept
        with pytest.raises(SourceError, match="cannot be reached"):
            task.result()
    feed.forget()
    assert not room.world.all(Alert)
    assert not shelves["alerts/eu"].kept


def put_rule(room: Room, *, firing: bool, source: str = "prom") -> None:
    alerts = (ActiveAlert("firing", {"alertname": "Disk"}, 0.0),) if firing else ()
    room.world.put(Rule(id="r", source=source, group="g", name="Disk", health="ok", firing=len(alerts), alerts=alerts))


async def test_prometheus_confirms_an_absence_with_rules_read_after_it():
    async with cluster(prometheus=True, setup=two_alerts) as seen:
        source = Source(id="prometheus/prom", kind="prometheus", state="ok", fresh_s=30.0)
        seen.room.world.put(source)
        put_rule(seen.room, firing=True)
        await seen.poll()
        put_rule(seen.room, firing=False)
        seen.members[0].alerts.pop(0)
        await seen.poll(7)
        assert seen.alert("disk").state == "missing", "the rules may have been read before it went"
        await seen.poll(2)
        assert seen.alert("disk").state == "resolved"
        assert "Prometheus no longer fires it" in seen.alert("disk").why


@pytest.mark.parametrize("case", ["still firing", "failed", "another", "never seen"])
async def test_what_does_not_confirm_an_absence(case):
    async with cluster(prometheus=True, setup=two_alerts) as seen:
        state = "failed" if case == "failed" else "ok"
        put_rule(seen.room, firing=case != "never seen", source="other" if case == "another" else "prom")
        seen.room.world.put(Source(id="prometheus/prom", kind="prometheus", state="ok", fresh_s=30.0))
        await seen.poll()
        seen.room.world.put(Source(id="prometheus/prom", kind="prometheus", state=state, fresh_s=30.0))
        if case != "still firing":
            put_rule(seen.room, firing=False, source="other" if case == "another" else "prom")
        seen.members[0].alerts.pop(0)
        await seen.poll(58)
        assert seen.alert("disk").state == "missing"
        await seen.poll(20)
        assert seen.alert("disk").state == ("missing" if case == "still firing" else "resolved")


async def test_expired_silences_stay_for_a_day_by_the_servers_clock():
    clock = FakeClock(now=1_790_000_000.0)

    def setup(members):
        members[0].date = "Mon, 21 Sep 2026 14:23:20 GMT"
        ends = 1_790_000_600.0 - 86_400
        for name, end in (("old", ends - 10), ("new", ends + 10)):
            members[0].silences.append({"id": name, "status": {"state": "expired"}, "endsAt": stamp(end)})

    async with cluster(setup=setup, clock=clock) as seen:
        assert [s.id for s in seen.room.world.all(Silence)] == ["eu/new"]
        assert "600 s ahead" in seen.source.notes[0] or "601 s ahead" in seen.source.notes[0]


async def test_hostile_text_reaches_no_record():
    bad = "\x1b[31mred\x1b[0m\x1b]0;t\x07 [bold]x[/bold] \u202eevil"

    def setup(members):
        members[0].fire("Evil", 1_789_999_000.0, text=bad)
        members[0].silences.append({"id": "s", "comment": bad, "createdBy": bad})

    async with cluster(setup=setup) as seen:
        for record in (seen.alert("evil"), *seen.room.world.all(Silence), *seen.room.world.all(Group)):
            assert "\\x1b" not in repr(record)
            assert "\\u202e" not in repr(record)
        assert seen.alert("evil").labels["text"] == "red [bold]x[/bold] evil"


async def test_10000_alerts_leave_the_loop_to_others():
    def setup(members):
        for index in range(10_000):
            members[0].fire(f"A{index}", 1_789_999_000.0)

    async with cluster(setup=setup, timeout_s=30) as seen:
        assert len(seen.room.world.all(Alert)) == 10_000
        cursor = seen.room.world.cursor
        await seen.poll()
        assert seen.room.world.cursor == cursor


def test_wanted_names_every_cluster_and_its_prometheus():
    one = settings.Alertmanager(name="one")
    two = settings.Alertmanager(name="two", prometheus="p2")
    proms = (settings.Prometheus(name="p1"), settings.Prometheus(name="p2"))
    found = wanted(Settings(alertmanager=(one, two), prometheus=proms))
    assert [(w.name, w.key) for w in found] == [("alertmanager/one", (one, "p1")), ("alertmanager/two", (two, "p2"))]
    assert wanted(Settings(alertmanager=(one,)))[0].key == (one, "")
    assert {hash(w.key) for w in found}


async def test_a_cluster_without_members_says_so():
    room = Room(FakeClock())
    feed = wanted(Settings(alertmanager=(settings.Alertmanager(name="eu", members=()),)))[0].make(room.context)
    with pytest.raises(SourceError, match="names no member"):
        await feed.run(room.report(feed))


async def test_many_alerts_keep_the_loop_from_nobody():
    """Nothing works on more than a turn's alerts before others get the loop."""

    def setup(members):
        for index in range(3 * TURN):
            members[0].fire(f"A{index}", 1_789_999_000.0)

    loop = asyncio.get_running_loop()
    turns, beside = 0, True

    def count():
        nonlocal turns
        turns += 1
        if beside:
            loop.call_soon(count)

    async with cluster(setup=setup) as seen:
        await seen.room.clock.advance(0)
        loop.call_soon(count)
        try:
            members = await seen.feed._members()
            await _all_but_the_late(members)
            before = turns
            await seen.feed._fold(members)
            assert turns - before >= 3
        finally:
            beside = False
            for member in members:
                await member.close()
