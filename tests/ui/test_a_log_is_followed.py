"""A container's log is read in a thread of its own while its detail is open, and no longer."""

from __future__ import annotations

import threading

from console.errors import AgentError
from console.ui.follow import PORTION, Follower
from console.world.model import LogLine
from tests.ui import worlds
from tests.ui.console import DEADLINE_S, console
from tests.ui.port import FakePort


async def test_lines_come_and_the_reading_ends_with_the_screen():
    async with console(worlds.afternoon()) as c:
        c.port.logs[worlds.CANARY] = [LogLine(worlds.NOW, "stdout", "listening on 8080")]
        c.app.open_record("containers", worlds.CANARY)
        await c.sees("listening on 8080")
        c.port.say("GET /cart 200")
        await c.sees("GET /cart 200")
        await c.press("escape")
        await c.until(lambda: c.port.ended == [worlds.CANARY], "the end of the reading")


async def test_search_in_it():
    async with console(worlds.afternoon()) as c:
        c.port.logs[worlds.CANARY] = [LogLine(None, "stdout", f"line {i}") for i in range(300)]
        c.app.open_record("containers", worlds.CANARY)
        await c.sees("line 299")
        await c.press("slash", *"line 7", "enter")
        await c.sees("11 match")
        await c.press("escape")
        await c.no_longer_sees("11 match")
        assert len(c.app.screen_stack) == 2, "esc ends the search before it leaves the screen"


async def test_when_it_breaks_off_it_says_why_and_goes_on_when_the_agent_is_back():
    async with console(worlds.afternoon()) as c:
        c.port.log_error = AgentError("The agent closed the connection", "It is tried again by itself.")
        c.app.open_record("containers", worlds.CANARY)
        await c.sees("The agent closed the connection")
        c.port.lose(worlds.NOW)
        await c.sees("no agent")
        c.port.log_error = None
        c.port.logs[worlds.CANARY] = [LogLine(None, "stdout", "back again")]
        c.port.snapshot(worlds.afternoon())
        await c.sees("back again")


def test_a_flood_stays_with_the_agent():
    """The reader pauses once a portion waits, so that memory stays bounded."""
    port = FakePort()
    arrived = threading.Event()
    flood = [LogLine(None, "stdout", "x")] * PORTION
    port.logs["c"] = flood
    follower = Follower(port, "containers", "c", arrived.set, follow=True)
    follower.start()
    assert arrived.wait(DEADLINE_S)
    for _ in range(5):
        port._more.put(flood)
    # It holds one portion and takes no other until this one is taken.
    assert len(follower.take()) == PORTION
    follower.stop()
    follower.join(DEADLINE_S)
    assert not follower.is_alive()
    assert port.ended == ["c"]
