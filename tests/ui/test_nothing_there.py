"""Where a list is empty it says why and what to do next; what is not known is never said to be nothing."""

from __future__ import annotations

import pytest

from console.world.model import Source
from tests.ui import worlds
from tests.ui.console import console

NAMED = {
    "2": "No GitHub repository is named in the settings: quarterdeck init",
    "3": "No Docker host is named in the settings: quarterdeck init",
    "4": "No Prometheus is named in the settings: quarterdeck init",
    "5": "No Alertmanager is named in the settings: quarterdeck init",
}


@pytest.mark.parametrize("mode", NAMED)
async def test_nothing_in_the_settings_names_the_verb(mode):
    async with console([worlds.AGENT]) as c:
        await c.press(mode)
        await c.sees(NAMED[mode])


@pytest.mark.parametrize("mode", ["1", *NAMED])
async def test_without_an_agent_no_list_is_said_to_be_empty(mode):
    async with console(None) as c:
        await c.press(mode)
        await c.sees("Connecting to the agent.")
        c.port.lose(worlds.NOW, "no agent is listening")
        await c.sees("nothing is known of now", "quarterdeck doctor")
        for lie in ("Nothing is running", "No panels", "0 hosts", "none"):
            assert lie not in c.text()


async def test_a_source_that_never_answered_is_named_with_its_reason():
    failed = Source(id="docker/eu1", kind="docker", state="failed", since=worlds.NOW, error="connection refused")
    async with console([worlds.AGENT, failed]) as c:
        await c.press("3")
        await c.sees("No facts from docker/eu1: connection refused. Press i")
        await c.put(Source(id="docker/eu1", kind="docker", state="ok", since=worlds.NOW))
        await c.sees("No containers.")
