"""How the feed works through events, with an engine that a test holds in its hand."""

from __future__ import annotations

import asyncio

import pytest

from console.clock import SystemClock
from console.errors import SourceError
from console.fleet import stats, wire
from console.fleet.feeds import wanted
from console.fleet.model import Container, Stats
from console.settings.model import DockerHost, Settings
from console.world.interest import Interest
from console.world.world import World
from tests.clock import FakeClock
from tests.fleet.conftest import kit

FULL = "0123456789ab" + "c" * 52


class HeldEngine:
    """Inspects wait until the test lets them go."""

    api = "1.41"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.at_once = 0
        self.most = 0
        self.let_go = asyncio.Event()
        self.answer: wire.Inspected | SourceError | None = wire.Inspected(id=FULL, state=wire.State(status="running"))
        self.listed: list[wire.Listed] = []

    async def inspect(self, full):
        self.asked.append(full)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await self.let_go.wait()
        self.at_once -= 1
        if isinstance(self.answer, SourceError):
            raise self.answer
        return self.answer and wire.Inspected(id=full, state=self.answer.state)

    async def containers(self):
        await self.let_go.wait()
        return self.listed


def event(action: str, full: str = FULL, kind: str = "container") -> wire.Event:
    return wire.Event(kind, action, wire.Actor(full), 1)


@pytest.fixture
async def held():
    """A feed with its four inspectors at work on a held engine."""
    k, engine = kit("unix:///none", clock=FakeClock()), HeldEngine()
    tasks = [asyncio.create_task(k.feed._inspects(engine, urgent_only=n == 3)) for n in range(4)]
    yield k, engine
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_events_of_one_container_coalesce_while_it_is_looked_at(held):
    k, engine = held
    for _ in range(50):
        k.feed._heard(event("restart"))
        await settle()
    assert engine.asked == [FULL]
    engine.let_go.set()
    await settle()
    assert engine.asked == [FULL, FULL]
    assert k.container(FULL).state == "running"


async def test_at_most_four_at_once_and_one_place_kept_for_events(held):
    k, engine = held
    k.feed._pending.update(dict.fromkeys(f"{n:064d}" for n in range(20)))
    k.feed._work.set()
    await settle()
    assert len(engine.asked) == 3
    k.feed._heard(event("die"))
    await settle()
    assert engine.asked[-1] == FULL
    engine.let_go.set()
    await settle()
    assert len(engine.asked) == 21
    assert engine.most == 4


async def test_what_vanished_meanwhile_is_dropped_and_no_error(held):
    k, engine = held
    k.world.put(Container(id=f"a/{FULL[:12]}", host="a", name="x", image="y"))
    engine.answer = None
    k.feed._heard(event("die"))
    engine.let_go.set()
    await settle()
    assert k.container(FULL) is None
    assert k.feed._ids == {}


async def test_one_container_that_cannot_be_inspected_is_a_note_and_no_failure(held):
    k, engine = held
    engine.answer = SourceError("it hangs", kind="timeout")
    k.feed._heard(event("start"))
    engine.let_go.set()
    await settle()
    k.feed._ok(engine, k.report)
    assert (k.report.record.state, k.report.record.notes) == ("degraded", ("it hangs",))
    engine.answer = wire.Inspected(id=FULL)
    k.feed._heard(event("start"))
    await settle()
    k.feed._ok(engine, k.report)
    assert k.report.record.state == "ok"


async def test_a_list_older_than_an_event_changes_nothing_of_what_the_event_named(held):
    k, engine = held
    gone, born = "f" * 64, "e" * 64
    engine.listed = [wire.Listed(id=gone, state="running"), wire.Listed(id=FULL, state="running")]
    k.world.put(Container(id=f"a/{gone[:12]}", host="a", name="x", image="y"))
    k.world.put(Container(id=f"a/{'d' * 12}", host="a", name="old", image="y"))
    k.world.put(Container(id="b/other", host="b", name="another host's", image="y"))
    listing = asyncio.create_task(k.feed._list_containers(engine))
    await settle()
    k.feed._heard(event("destroy", gone))
    k.world.put(Container(id=f"a/{born[:12]}", host="a", name="new", image="y"))
    k.feed._heard(event("start", born))
    engine.let_go.set()
    await listing
    await settle()
    assert {c.id for c in k.world.all(Container)} == {f"a/{FULL[:12]}", f"a/{born[:12]}", "b/other"}


async def test_events_that_mean_nothing_here_ask_nothing(held):
    k, engine = held
    for kind, action in (("container", "exec_die: x"), ("container", "top"), ("volume", "mount"), ("node", "update")):
        k.feed._heard(event(action, kind=kind))
    k.feed._heard(wire.Event())
    await settle()
    assert engine.asked == []
    assert not k.feed._relist.is_set()


class EndlessStats:
    def __init__(self) -> None:
        self.open: set[str] = set()
        self.most = 0

    async def stats(self, container):
        self.open.add(container)
        self.most = max(self.most, len(self.open))
        try:
            for n in range(1, 400):
                cpu = wire.Cpu(wire.CpuUsage(n * 10**9))
                yield wire.Sample(f"2026-11-20T10:{n // 60:02d}:{n % 60:02d}Z", cpu, wire.Memory(n, 2**63))
            await asyncio.get_running_loop().create_future()
        finally:
            self.open.discard(container)


async def test_no_more_than_eight_streams_and_two_minutes_kept():
    world, interest = World(SystemClock()), Interest()
    watch = stats.Watch("a", world, interest, SystemClock())
    for n in range(12):
        world.put(Container(id=f"a/{n:02d}", host="a", name="x", image="y", state="running"))
    engine = EndlessStats()
    task = asyncio.create_task(watch.run(engine))
    interest.look("one", [("stats", f"a/{n:02d}") for n in range(12)] + [("stats", "b/00"), ("containers", "a/00")])
    await settle()
    assert len(engine.open) == engine.most == stats.STREAMS
    kept = world.get(Stats, "a/00")
    assert len(kept.at) == stats.KEPT
    assert set(kept.cpu) == {100.0}
    interest.look("one", [("stats", f"a/{n:02d}") for n in range(8, 12)])
    await settle()
    assert engine.open == {"08", "09", "10", "11"}
    assert {s.id for s in world.all(Stats)} == {f"a/{n:02d}" for n in range(8, 12)}
    world.put(Container(id="a/08", host="a", name="x", image="y", state="exited"))
    watch.poke()
    await settle()
    assert engine.open == {"09", "10", "11"}
    interest.look("one", [])
    await settle()
    assert engine.open == set()
    assert world.all(Stats) == []
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_the_settings_name_the_feeds():
    hosts = (DockerHost(name="eu1"), DockerHost(name="eu2", url="ssh://eu2"))
    found = wanted(Settings(docker=hosts))
    assert [w.name for w in found] == ["docker/eu1", "docker/eu2"]
    assert found[0].key != found[1].key
    assert found[0].key == wanted(Settings(docker=(DockerHost(name="eu1"),)))[0].key
    assert len({w.key for w in found}) == 2
