"""Long work in turns: 10,000 alerts must not keep the agent's loop from everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

TURN = 200
"""Alerts worked on before others get the loop: some 5 ms."""


async def turns(items: Iterable[T]) -> AsyncIterator[T]:
    """`items`, with a turn for everybody else after each TURN of them."""
    for index, item in enumerate(items, 1):
        yield item
        if index % TURN == 0:
            await asyncio.sleep(0)
