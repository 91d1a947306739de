"""Every topic of the world and the type of its records."""

from __future__ import annotations

from console.alerts.model import Alert, Cluster, Group, Receiver, Silence
from console.fleet.model import Container, Host, Image, Network, Stats, Volume
from console.monitoring.model import Panel, Rule, Series, Target
from console.pipelines.model import Budget, Job, Repository, Run, Workflow
from console.world.model import Agent, Notice, Record, Source

TOPICS: dict[str, type[Record]] = {
    kind.topic: kind
    for kind in (
        Agent, Notice, Source,
        Host, Container, Image, Network, Volume, Stats,
        Repository, Workflow, Run, Job, Budget,
        Panel, Series, Rule, Target,
        Alert, Group, Silence, Receiver, Cluster,
    )
}  # fmt: skip


def source_kinds(topic: str) -> frozenset[str]:
    """The kinds of source that the records of `topic` come from; {"none"} for what the agent knows by itself."""
    room = TOPICS[topic].__module__.split(".")[1]
    kind = {"fleet": "docker", "pipelines": "github", "monitoring": "prometheus", "alerts": "alertmanager"}.get(room)
    return frozenset({kind or "none"})
