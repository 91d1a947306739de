"""What the agent knows once its sources have had their first word."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from console.cli.reach import Reach
from console.client.replica import Batch, Replica
from console.client.stream import AgentPort
from console.clock import SystemClock
from console.errors import AgentError
from console.topics import TOPICS
from console.world.interest import Look
from console.world.model import Record, Source

SETTLE_S = 10.0
"""How long a verb waits for sources of an agent that has just begun; one that hangs is reported, not waited for."""


def settled(agent: Reach, *, wait_s: float = SETTLE_S) -> list[Record]:
    """Every record of the world, once no source is still in its first try or `wait_s` have passed."""
    replica = Replica()
    return [r for kind in TOPICS.values() for r in settled_replica(agent, replica, wait_s=wait_s).all(kind)]


def settled_replica(
    agent: Reach,
    replica: Replica,
    *,
    wait_s: float = SETTLE_S,
    kinds: frozenset[str] = frozenset(),
    looks: Iterable[Look] = (),
    enough: Callable[[Replica], bool] = lambda _: True,
) -> Replica:
    """The same as a replica, once `enough` holds too. `looks` is looked at meanwhile.

    `kinds` are the kinds of source to wait for; empty means all.

    Raises AgentError where no agent answers.
    """
    news = threading.Condition()
    batches: list[Batch] = []

    def deliver(batch: Batch) -> None:
        with news:
            batches.append(batch)
            news.notify()

    agent.reach()
    port = AgentPort(agent.path, SystemClock())
    port.look(looks)
    port.start(deliver)
    deadline = time.monotonic() + wait_s
    try:
        while True:
            with news:
                news.wait_for(lambda: bool(batches), timeout=max(0.0, deadline - time.monotonic()))
                taken, batches[:] = batches[:], []
            for batch in taken:
                replica.apply(batch)
                if batch.link.state == "lost":
                    raise AgentError(batch.link.error, batch.link.hint)
            begun = replica.link.state == "live" and not any(
                s.state == "starting" and (not kinds or s.kind in kinds) for s in replica.all(Source)
            )
            if begun and enough(replica):
                return replica
            if time.monotonic() >= deadline:
                if replica.link.state != "live":
                    # It accepts and says nothing: an empty world would read as "all is well".
                    raise AgentError(
                        f"The agent on {agent.path} does not answer.", "It may hang: end it, and start it again."
                    )
                return replica
    finally:
        port.close()
