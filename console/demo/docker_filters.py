"""How the Engine API chooses: filters of lists and of events, moments in time. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from console.demo import docker_shapes as shapes
from console.demo.hosts import Container, Event
from console.demo.names import ORGANISATION
from console.demo.wire import Request

LIST_FILTERS = ("ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name", "network", "publish", "since", "status", "volume")  # fmt: skip
EVENT_FILTERS = ("config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope", "secret", "service", "type", "volume")  # fmt: skip


class Fault(Exception):  # noqa: N818  # it is an answer, not a fault of ours
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def moment(text: str, now: float | None) -> float | None:
    """A Unix time with or without a fraction; empty and 0 mean none. Raises Fault for anything else."""
    if text in ("", "0"):
        return None
    try:
        return float(text)
    except ValueError as error:
        try:
            seconds = sum(float(n) * {"s": 1, "m": 60, "h": 3600}[u] for n, u in re.findall(r"([\d.]+)([smh])", text))
            return now - seconds if now and seconds else float(text)
        except ValueError:
            raise Fault(400, f"failed to parse value as time or duration: {text!r}") from error


def read(request: Request, allowed: tuple[str, ...]) -> dict[str, list[str]]:
    """Both shapes that the engine takes: lists, and the older maps to true."""
    text = request.first("filters")
    if not text:
        return {}
    try:
        found = msgspec.json.decode(text.encode(), type=dict[str, list[str] | dict[str, bool]])
    except msgspec.DecodeError as error:
        raise Fault(400, f"invalid filter: {error}") from error
    for name in found:
        if name not in allowed:
            raise Fault(400, f"invalid filter '{name}'")
    return {name: [str(v) for v in values] for name, values in found.items()}


def _label(labels: dict[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


def chooses(c: Container, name: str, value: str) -> bool:
    match name:
        case "status":
            return c.state == value
        case "id":
            return c.id.startswith(value)
        case "name":
            return re.search(value, c.name) is not None or re.search(value, "/" + c.name) is not None
        case "label":
            return _label(shapes.labels(c), value)
        case "health":
            return (c.health or "none") == value
        case "ancestor":
            return value in (c.image, c.image.rpartition(":")[0]) or shapes.digest(c.image).startswith(
                value.removeprefix("sha256:")
            )
        case "exited":
            return c.state == "exited" and str(c.exit_code) == value
        case "network":
            return value == f"{ORGANISATION}_default"
    return False


def tells(event: Event, filters: dict[str, list[str]]) -> bool:
    c = event.container
    checks: dict[str, Callable[[str], bool]] = {
        "type": lambda v: v == "container",
        "event": lambda v: event.action == v or event.action.startswith(v + ":"),
        "container": lambda v: v == c.name or c.id.startswith(v),
        "image": lambda v: v in (c.image, c.image.rpartition(":")[0]),
        "label": lambda v: _label(shapes.labels(c), v),
        "scope": lambda v: v == "local",
    }
    return all(any(checks[name](v) for v in values) if name in checks else False for name, values in filters.items())
