"""R43: "nothing needs you" is said only where the facts are there to say it."""

from __future__ import annotations

import pytest

from console.world.model import Source
from tests.ui import worlds
from tests.ui.console import console

OK = Source(id="docker/eu1", kind="docker", state="ok", since=worlds.NOW)
STARTING = Source(id="docker/eu2", kind="docker", state="starting", since=worlds.NOW)


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([worlds.AGENT], "Nothing is watched: the settings name no sources."),
        ([worlds.AGENT, OK, STARTING], "Waiting for the first facts of docker/eu2."),
        ([worlds.AGENT, OK], "● Nothing needs you."),
    ],
    ids=["no sources", "starting", "ok"],
)
async def test_it_says_what_is_known(records, said):
    async with console(records) as c:
        await c.sees(said)


async def test_it_becomes_calm_when_the_facts_are_there():
    async with console([worlds.AGENT, STARTING]) as c:
        await c.sees("Waiting for the first facts")
        await c.put(Source(id="docker/eu2", kind="docker", state="ok", since=worlds.NOW))
        await c.sees("Nothing needs you.")


async def test_without_an_agent_nothing_is_known():
    async with console(None) as c:
        c.port.lose(worlds.NOW, "no agent is listening")
        await c.sees("nothing is known of now", "no agent is listening")
        assert "Nothing needs you" not in c.text()
