"""An engine of the test's own that is killed, stopped and brought back."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from console.errors import SourceError
from console.fleet.model import Container, Host
from console.fleet.source import PING_S
from tests.clock import FakeClock
from tests.fleet.conftest import Hand, kit
from tests.stack import have
from tests.stack.docker import PART, launch
from tests.stack.part import alive, end

pytestmark = pytest.mark.stack


@pytest.fixture
def own():
    """The folder and facts of an engine that only this test uses."""
    have("docker")
    folder = Path(tempfile.mkdtemp(prefix="qd-"))
    facts = PART.start(folder, alone=True)
    yield folder, facts
    if alive(int(facts["pid"])):
        os.kill(int(facts["pid"]), signal.SIGCONT)
    PART.stop(folder, facts)
    shutil.rmtree(folder, ignore_errors=True)


async def test_a_killed_engine_keeps_its_facts_and_comes_back(own):
    folder, facts = own
    hand = Hand(folder)
    made = await hand.make("sleep", "1000")
    k = kit(facts["url"])
    async with k.running() as task:
        await k.until(lambda: (c := k.container(made)) and c.started_at)
        end(int(facts["pid"]), within_s=0)
        done, _ = await asyncio.wait([task], timeout=5)
        assert done
        error = task.exception()
    assert isinstance(error, SourceError)
    assert error.kind == "unreachable"
    k.report.failed(error, 0.5)
    assert k.report.record.data_at is not None
    assert k.container(made).state == "running"
    assert k.world.get(Host, "a") is not None
    assert (await k.fails()).kind == "unreachable"
    assert k.container(made).state == "running"

    hand.api.close()
    facts["pid"] = str(await asyncio.to_thread(launch, folder, alone=True))
    async with k.running():
        # What runs without its engine was killed with it; the relist and an inspect say so.
        record = await k.until(lambda: (c := k.container(made)) and c.state == "exited" and c)
        assert record.exit_code is not None
        assert k.report.record.state == "ok"
        assert k.report.record.data_at is None
        other = Hand(folder)
        await other.do("remove_container", made, force=True)
        await k.until(lambda: k.world.all(Container) == [])
        other.close()


async def test_an_engine_that_hangs_is_noticed_by_the_next_ping(own):
    folder, facts = own
    hand = Hand(folder)
    made = await hand.make("sleep", "1000")
    hand.api.close()
    clock = FakeClock()
    k = kit(facts["url"], clock=clock, timeout_s=1)
    async with k.running() as task:
        await k.until(lambda: (c := k.container(made)) and c.started_at)
        for _ in range(3):
            await clock.advance(PING_S)
            await asyncio.wait([task], timeout=0.1)
        assert not task.done()
        os.kill(int(facts["pid"]), signal.SIGSTOP)
        for _ in range(10):
            # A ping that was under way has to end before the next one waits for its time.
            await clock.advance(PING_S)
            await asyncio.wait([task], timeout=1)
            if task.done():
                break
        assert task.done()
        assert isinstance(task.exception(), SourceError)
        assert task.exception().kind == "timeout"
    assert k.container(made).state == "running"
    os.kill(int(facts["pid"]), signal.SIGCONT)
    async with k.running():
        assert k.report.record.state == "ok"


async def test_what_happens_while_it_is_away_is_seen_afterwards(own):
    folder, facts = own
    hand = Hand(folder)
    kept, gone = [await hand.make("sleep", "1000") for _ in range(2)]
    k = kit(facts["url"])
    async with k.running():
        await k.until(lambda: (c := k.container(gone)) and c.started_at)
    await hand.do("remove_container", gone, force=True)
    await hand.do("kill", kept)
    async with k.running():
        assert k.container(gone) is None
        await k.until(lambda: k.container(kept).state == "exited" and k.container(kept).exit_code == 137)
    hand.close()
