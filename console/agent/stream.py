"""The world as NDJSON pages: a snapshot, then changes, and a heartbeat when nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from console.clock import Clock
from console.world.model import Page
from console.world.world import World

HEARTBEAT_S = 10.0
"""A client that hears nothing for three of these knows that the agent is gone or frozen."""
GATHER_S = 0.1
"""At least this long between two pages of changes: 500 changes a second then cost a client half a per cent of a core
(docs/figures.md). The first change after a quiet spell goes out at once."""


async def pages(
    world: World, clock: Clock, since: str, topics: frozenset[str], ending: asyncio.Event
) -> AsyncIterator[bytes]:
    """Lines for one client until the agent ends. Pages that name nothing the client asked for are not sent."""
    encode = msgspec.json.Encoder().encode
    cursor = since
    sent_at = -GATHER_S
    while True:
        news = world.read(cursor, topics)
        for page in news:
            cursor = page.cursor or cursor
            if page.records or page.kind == "snapshot":
                yield encode(page) + b"\n"
                sent_at = clock.monotonic()
        if ending.is_set():
            return
        if not news:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await world.changed(cursor)
            except TimeoutError:
                yield encode(Page("heartbeat", cursor, clock.now())) + b"\n"
                continue
        wait = sent_at + GATHER_S - clock.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
