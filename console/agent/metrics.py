"""/metrics: the agent as seriously watched as what it watches. Names follow prometheus.io/docs/practices/naming."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from console.agent.supervisor import Supervisor
from console.clock import Clock
from console.pipelines.model import Budget
from console.world.model import Agent, Source, age_s
from console.world.world import World

LAG_TICK_S = 1.0
"""How often the loop's lag is sampled: once a second costs 0.02 % of a core."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    def __init__(
        self, world: World, supervisor: Supervisor, clock: Clock, queues: dict[str, Callable[[], int]]
    ) -> None:
        self._world = world
        self._supervisor = supervisor
        self._clock = clock
        self._queues = queues
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self.streams: Counter[str] = Counter()
        """Open streams by client."""
        self.lag = Histogram(
            "quarterdeck_loop_lag_seconds",
            "How late the event loop woke for a timer.",
            buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
            registry=self._registry,
        )
        self.requests = Histogram(
            "quarterdeck_request_seconds",
            "How long requests of the agent's own API took, streams left out.",
            ("route", "status"),
            buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 2.5),
            registry=self._registry,
        )

    def text(self) -> bytes:
        return generate_latest(self._registry)

    async def watch_lag(self) -> None:
        while True:
            before = self._clock.monotonic()
            await asyncio.sleep(LAG_TICK_S)
            self.lag.observe(max(0.0, self._clock.monotonic() - before - LAG_TICK_S))

    def collect(self) -> Iterator[Metric]:
        now = self._clock.now()
        age = GaugeMetricFamily("quarterdeck_source_age_seconds", "How old a source's facts may be.", labels=["source"])
        up = GaugeMetricFamily("quarterdeck_source_up", "1 while the source answers whole.", labels=["source"])
        for source in self._world.all(Source):
            if (seconds := age_s(source, now)) is not None:
                age.add_metric([source.id], seconds)
            up.add_metric([source.id], float(source.state == "ok"))
        yield age
        yield up
        errors = CounterMetricFamily("quarterdeck_source_errors", "Failed tries.", labels=["source", "kind"])
        for (name, kind), count in sorted(self._supervisor.errors.items()):
            errors.add_metric([name, kind], count)
        yield errors
        records = GaugeMetricFamily("quarterdeck_world_records", "Records by topic.", labels=["topic"])
        for topic, count in self._world.counts().items():
            records.add_metric([topic], count)
        yield records
        depth = GaugeMetricFamily("quarterdeck_queue_depth", "What waits in a queue.", labels=["queue"])
        for name, size in self._queues.items():
            depth.add_metric([name], size())
        yield depth
        yield GaugeMetricFamily(
            "quarterdeck_stream_clients", "Clients that read the world.", value=self.streams.total()
        )
        info = GaugeMetricFamily(
            "quarterdeck_agent_info", "1, with what this agent is.", labels=["version", "mode", "organisation"]
        )
        for agent in self._world.all(Agent):
            info.add_metric([agent.version, agent.mode, agent.organisation], 1.0)
        yield info
        used = GaugeMetricFamily(
            "quarterdeck_request_budget_used_ratio", "Part of a peer's request limit that is gone.", labels=["source"]
        )
        for budget in self._world.all(Budget):
            used.add_metric([budget.id], budget.share)
        yield used
