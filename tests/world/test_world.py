"""The world: records, cursors, pages, tombstones."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from console.client.replica import Batch, Link, Replica
from console.world.model import Notice, Page, Record
from console.world.world import GONE, PAGE_RECORDS, TOMBSTONE_S, World
from tests.clock import FakeClock


class Thing(Record, frozen=True, kw_only=True):
    topic: ClassVar[str] = "things"
    n: int = 0


def taken(replica: Replica, pages: list[Page]) -> None:
    """Apply pages as a client does, through the wire's bytes."""
    reset = bool(pages) and pages[0].kind == "snapshot"
    records: list[tuple[str, str, Record | None]] = []
    for sent in pages:
        page = msgspec.json.decode(msgspec.json.encode(sent), type=Page)
        for line in page.records:
            body = None if bytes(line.body) == b"null" else msgspec.json.decode(line.body, type=Thing)
            records.append((line.topic, line.id, body))
    replica.apply(Batch(Link("live", 0.0), reset, records))


def test_an_equal_record_changes_nothing():
    world = World(FakeClock())
    assert world.put(Thing(id="a", n=1))
    before = world.cursor
    assert not world.put(Thing(id="a", n=1))
    assert world.cursor == before
    assert world.read(before) == []


def test_a_new_client_gets_a_snapshot_and_then_only_what_changed():
    world = World(FakeClock())
    for n in range(PAGE_RECORDS + 1):
        world.put(Thing(id=str(n)))
    pages = world.read()
    assert [p.kind for p in pages] == ["snapshot", "snapshot"]
    assert [p.more for p in pages] == [True, False]
    assert pages[0].cursor == ""
    world.put(Thing(id="7", n=1))
    world.drop("things", "8")
    (page,) = world.read(pages[-1].cursor)
    assert page.kind == "changes"
    assert [(x.id, x.body is GONE) for x in page.records] == [("7", False), ("8", True)]


def test_topics_narrow_what_is_sent_and_the_cursor_still_moves():
    world = World(FakeClock())
    start = world.read()[-1].cursor
    world.put(Thing(id="a"))
    (page,) = world.read(start, frozenset({"notices"}))
    assert page.records == ()
    assert page.cursor == world.cursor


async def test_an_old_cursor_gets_a_snapshot_once_its_tombstones_are_forgotten():
    clock = FakeClock()
    world = World(clock)
    world.put(Thing(id="a"))
    old = world.cursor
    world.drop("things", "a")
    await clock.advance(TOMBSTONE_S + 1)
    world.put(Thing(id="b"))
    world.drop("things", "b")
    assert world.read(old)[0].kind == "snapshot"


def test_another_epoch_or_nonsense_gets_a_snapshot():
    world = World(FakeClock())
    world.put(Thing(id="a"))
    for cursor in ("", "x", "dead.1", "dead.beef", world.cursor + "9"):
        assert world.read(cursor)[0].kind == "snapshot"


def test_replace_drops_what_is_no_longer_there_within_its_scope():
    world = World(FakeClock())
    world.replace("things", [Thing(id="a/1", n=1), Thing(id="b/1", n=2)])
    world.replace("things", [Thing(id="a/2", n=1)], scope=lambda t: t.n == 1)
    assert {t.id for t in world.all(Thing)} == {"a/2", "b/1"}


async def test_a_waiter_wakes_at_the_next_change():
    import asyncio

    world = World(FakeClock())
    waiting = asyncio.create_task(world.changed(world.cursor))
    await asyncio.sleep(0)
    world.put(Notice(id="x", level="info", message="m", since=0.0))
    await asyncio.wait_for(waiting, 1)
    assert not world._waiters


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3), st.booleans(), st.booleans())))
def test_a_replica_that_reads_now_and_then_ends_with_the_world(steps):
    world = World(FakeClock())
    replica = Replica()
    cursor = ""
    for key, n, drop, read in steps:
        if drop:
            world.drop("things", str(key))
        else:
            world.put(Thing(id=str(key), n=n))
        if read and (pages := world.read(cursor)):
            taken(replica, pages)
            cursor = pages[-1].cursor
    if pages := world.read(cursor):
        taken(replica, pages)
    assert {t.id: t for t in replica.all(Thing)} == {t.id: t for t in world.all(Thing)}
