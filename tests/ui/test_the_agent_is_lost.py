"""A lost agent is a banner, never an end: the last facts stay and say how old they are."""

from __future__ import annotations

from tests.ui import worlds
from tests.ui.console import console


async def test_the_banner_says_since_when_and_why_and_the_facts_stay():
    async with console(worlds.afternoon()) as c:
        await c.press("3")
        c.port.lose(worlds.NOW - 42, "the socket was closed")
        await c.sees("no agent for 42s: the socket was closed", "trying again")
        assert "checkout-canary" in c.text()
        assert "all facts as of 42s ago" in c.text()
        assert "live" not in c.line("all facts"), "how fresh a source is only the agent knows"


async def test_the_banner_grows_older_with_the_slow_tick():
    async with console(worlds.afternoon()) as c:
        c.port.lose(worlds.NOW)
        await c.sees("no agent for 0s")
        await c.clock.advance(60)
        c.app.tick()
        await c.sees("no agent for 1m")


async def test_it_goes_when_the_agent_is_back():
    async with console(worlds.afternoon()) as c:
        c.port.lose(worlds.NOW)
        await c.sees("no agent")
        c.port.snapshot(worlds.afternoon(), at=worlds.NOW)
        await c.no_longer_sees("no agent")
        await c.sees("docker ×3 live")  # noqa: RUF001  # a times sign


async def test_a_reset_drops_what_the_new_world_does_not_have():
    async with console(worlds.afternoon()) as c:
        await c.press("3")
        await c.sees("checkout-canary")
        c.port.snapshot(worlds.calm(), at=worlds.NOW)
        await c.no_longer_sees("checkout-canary")
        await c.sees("checkout-1")
