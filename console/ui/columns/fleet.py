"""Lists of what stands on Docker hosts."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from console.fleet.model import Container, Host, Image, Network, Port, Volume, container_word
from console.needs import container_trouble
from console.ui.columns.cells import age, count, dim, state
from console.ui.shown import NOTHING, fit, number
from console.ui.widgets.columns import Cell, Column
from console.words import SEVERITY

LEAST_NAME = 4
"""Cells of a name below which its tag alone says more."""


def container_state(container: Container) -> str:
    """The state in the engine's own word, and the health where that says more."""
    if container.state == "running":
        return {"unhealthy": "unhealthy", "starting": "starting"}.get(container.health, "running")
    if container.state == "exited" and container.exit_code:
        return "oom" if container.oom_killed else f"exit {container.exit_code}"
    return container.state


def since(container: Container) -> float | None:
    """When the state began that the list shows."""
    if container.state in ("exited", "dead"):
        return container.finished_at
    return container.started_at if container.state in ("running", "restarting", "paused") else container.created_at


def ports(shown: Sequence[Port]) -> str:
    """18080→8080, or 8080 where it is not published; the same on several addresses once."""
    texts = (
        f"{p.public}→{p.private}" + ("" if p.protocol == "tcp" else f"/{p.protocol}") if p.public else str(p.private)
        for p in shown
    )
    return " ".join(dict.fromkeys(texts))


def image_in(image: str, width: int) -> str:
    """An image in at most `width` cells: the registry goes first, then the end of the name, the tag last of all."""
    if cell_len(image) <= width:
        return image
    name, at, digest = image.partition("@")
    if at:
        image = f"{name}@{digest.removeprefix('sha256:')[:12]}"
    last = image.rpartition("/")[2]
    if last != image and cell_len(last) + 2 <= width:
        return f"…/{last}"
    name, mark, tag = last.partition("@" if at else ":")
    room = width - cell_len(mark + tag)
    return fit(name, room) + mark + tag if room >= LEAST_NAME else fit(last, width)


def container_rank(container: Container) -> tuple[int, str, str]:
    return SEVERITY[container_word(container)], container.name, container.host


def container_fields(container: Container) -> dict[str, object]:
    """What the filter looks at."""
    return {
        "name": container.name,
        "host": container.host,
        "state": container_state(container),
        "image": container.image,
        "project": container.project,
        "service": container.service,
        "health": container.health,
        "restarts": container.restarts,
        "ports": ports(container.ports),
        "labels": container.labels,
    }


def containers(*, ascii: bool) -> tuple[Column[Container], ...]:  # noqa: A002  # the word the settings use
    def of_state(c: Container, _: float) -> Cell:
        return state(container_word(c), container_state(c), ascii=ascii)

    return (
        Column("state", "state", of_state, 12, sort=lambda c: (SEVERITY[container_word(c)], container_state(c))),
        Column("name", "name", lambda c, _: Cell(c.name, "bold"), 18, grow=3, sort=lambda c: c.name),
        Column("host", "host", lambda c, _: dim(c.host), 6, grow=1, priority=1, sort=lambda c: c.host),
        Column("image", "image", lambda c, _: c.image, 20, grow=3, priority=3, sort=lambda c: c.image,
               shorten=image_in),
        Column("project", "project", lambda c, _: dim(c.project), 10, grow=1, priority=7, sort=lambda c: c.project,
               from_width=150),
        Column("service", "service", lambda c, _: dim(c.service), 9, grow=1, priority=5, sort=lambda c: c.service),
        Column("why", "trouble, or ports", _why_or_ports, 18, grow=4, priority=6),
        Column("restarts", "restarts", lambda c, _: count(c.restarts), 8, align="right", priority=4, sort=lambda c: c.restarts),
        Column("uptime", "for", lambda c, now: age(since(c), now), 4, align="right", priority=2, sort=since, ages=True),
    )  # fmt: skip


def _why_or_ports(container: Container, _: float) -> Cell:
    """One column for two facts of which only one matters at a time."""
    if container_word(container) == "failed":
        return Cell(container_trouble(container), "failed")
    return Cell(ports(container.ports), "dim")


def hosts() -> tuple[Column[Host], ...]:
    return (
        Column("name", "host", lambda h, _: Cell(h.name, "bold"), 10, grow=2, sort=lambda h: h.name),
        Column("environment", "environment", lambda h, _: h.environment or NOTHING, 12, grow=1, priority=1,
               sort=lambda h: h.environment),
        Column("running", "running", lambda h, _: f"{h.running} of {h.containers}", 9, align="right", priority=0,
               sort=lambda h: h.running),
        Column("images", "images", lambda h, _: str(h.images), 6, align="right", priority=5, sort=lambda h: h.images),
        Column("cpus", "cpus", lambda h, _: str(h.cpus), 4, align="right", priority=3, sort=lambda h: h.cpus),
        Column("memory", "memory", lambda h, _: number(h.memory or None, "bytes"), 8, align="right", priority=3,
               sort=lambda h: h.memory),
        Column("engine", "engine", lambda h, _: dim(h.engine), 9, priority=4, sort=lambda h: h.engine),
        Column("api", "api", lambda h, _: dim(h.api), 5, priority=7),
        Column("os", "system", lambda h, _: dim(" ".join(part for part in (h.os, h.architecture) if part)), 20, grow=2, priority=6),
        Column("url", "address", lambda h, _: dim(h.url), 20, grow=3, priority=8),
    )  # fmt: skip


def images() -> tuple[Column[Image], ...]:
    return (
        Column("tags", "image", lambda i, _: Cell(" ".join(i.tags) or "untagged", "bold" if i.tags else "dim"), 24, grow=4,
               sort=lambda i: i.tags),
        Column("host", "host", lambda i, _: dim(i.host), 6, grow=1, sort=lambda i: i.host),
        Column("size", "size", lambda i, _: number(i.size, "bytes"), 8, align="right", sort=lambda i: i.size),
        Column("containers", "containers", lambda i, _: count(i.containers), 10, align="right", priority=1,
               sort=lambda i: i.containers),
        Column("id", "id", lambda i, _: dim(i.id.rpartition("/")[2]), 12, priority=3),
        Column("age", "age", lambda i, now: age(i.created_at, now), 4, align="right", priority=2, sort=lambda i: i.created_at,
               ages=True),
    )  # fmt: skip


def networks() -> tuple[Column[Network], ...]:
    return (
        Column("name", "network", lambda n, _: Cell(n.name, "bold"), 20, grow=3, sort=lambda n: n.name),
        Column("host", "host", lambda n, _: dim(n.host), 6, grow=1, sort=lambda n: n.host),
        Column("driver", "driver", lambda n, _: n.driver, 8, grow=1, sort=lambda n: n.driver),
        Column("scope", "scope", lambda n, _: n.scope, 6, priority=1, sort=lambda n: n.scope),
        Column("internal", "reaches out", lambda n, _: "no" if n.internal else "yes", 11, priority=2),
    )  # fmt: skip


def volumes() -> tuple[Column[Volume], ...]:
    return (
        Column("name", "volume", lambda v, _: Cell(v.name, "bold"), 20, grow=3, sort=lambda v: v.name),
        Column("host", "host", lambda v, _: dim(v.host), 6, grow=1, sort=lambda v: v.host),
        Column("driver", "driver", lambda v, _: v.driver, 8, priority=3, sort=lambda v: v.driver),
        Column("containers", "containers", lambda v, _: count(v.containers), 10, align="right", priority=2,
               sort=lambda v: v.containers),
        Column("mountpoint", "where", lambda v, _: dim(v.mountpoint), 20, grow=3, priority=4),
        Column("age", "age", lambda v, now: age(v.created_at, now), 4, align="right", priority=1, sort=lambda v: v.created_at,
               ages=True),
    )  # fmt: skip
