"""A container dies: from the engine's own time stamp until it is in the world, and until it is on the screen."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import msgspec

from console.client.connection import Connection
from console.errors import AgentError
from console.fleet.model import Container
from console.world.model import Page
from tests.bench.engine import BenchEngine, engine
from tests.bench.figure import Figure, Options, median, quantile
from tests.bench.place import Place
from tests.bench.terminal import Terminal

NAME = "deaths"
CONTAINERS = 20
PAUSE_S = 0.3
"""Between two deaths: the agent gathers changes that follow each other within 100 ms."""


class World:
    """The agent's stream as any client reads it: when each container had which state, by the agent's clock."""

    def __init__(self, place: Place) -> None:
        self._news = threading.Condition()
        self._states: dict[str, tuple[str, float]] = {}
        self._connection = Connection(place.socket, 60.0)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait(self, name: str, state: str, within_s: float = 15.0) -> float:
        """When the container was in the world in this state."""
        deadline = time.monotonic() + within_s
        with self._news:
            while self._states.get(name, ("", 0.0))[0] != state:
                if not self._news.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"{name} was not {state} within {within_s:g} s: {self._states.get(name)}")
            return self._states[name][1]

    def close(self) -> None:
        self._connection.close()
        self._thread.join(5)

    def _read(self) -> None:
        with contextlib.suppress(AgentError):  # it is how a closed connection ends
            for line in self._connection.lines("/v1/world/stream", {"topics": "containers", "since": ""}):
                page = msgspec.json.decode(line, type=Page)
                with self._news:
                    for record in page.records:
                        if bytes(record.body) != b"null":
                            container = msgspec.json.decode(record.body, type=Container)
                            self._states[container.name] = (container.state, page.at)
                    self._news.notify_all()


class Events:
    """The engine's own word on when each container died."""

    def __init__(self, docker: BenchEngine) -> None:
        self._news = threading.Condition()
        self._died: dict[str, float] = {}
        self._stream = docker.api.events(decode=True, filters={"type": "container", "event": "die"})
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait(self, name: str, after: float) -> float:
        with self._news:
            while self._died.get(name, 0.0) < after:
                if not self._news.wait(15.0):
                    raise TimeoutError(f"the engine told of no death of {name}")
            return self._died[name]

    def close(self) -> None:
        self._stream.close()
        self._thread.join(5)

    def _read(self) -> None:
        for event in self._stream:
            with self._news:
                self._died[event["Actor"]["Attributes"]["name"]] = event["timeNano"] / 1e9
                self._news.notify_all()


def measure(options: Options) -> Iterator[Figure]:
    n = options.n(120, 8)
    with engine() as docker:
        docker.run(CONTAINERS)
        with Place(docker.settings()) as place, contextlib.ExitStack() as after:
            place.agent()
            place.until(lambda records: len(records("containers")) == CONTAINERS)
            terminal = after.enter_context(place.screen())
            world, events = World(place), Events(docker)
            after.callback(world.close)
            after.callback(events.close)
            terminal.press("3")
            for name in docker.ids:
                terminal.wait(lambda painted, name=name: "running" in painted.row(name))
            terminal.quiet(1.0)
            in_world, on_screen = deaths(docker, world, events, terminal, n)
    how = f"docker kill of {n} containers one after the other; the engine's event time stamp to the agent's page that has it"
    yield figure("world", "container dies: in the world, p99", in_world, 50, how)
    how = "the same deaths; to the bytes after which its row in the fleet list of a real screen says so"
    yield figure("screen", "container dies: on the screen, p99", on_screen, 300, how)


def deaths(
    docker: BenchEngine, world: World, events: Events, terminal: Terminal, n: int
) -> tuple[list[float], list[float]]:
    in_world, on_screen = [], []
    names = list(docker.ids)
    for number in range(n):
        name = names[number % len(names)]
        asked = time.time()
        docker.api.kill(docker.ids[name])
        died = events.wait(name, asked)
        in_world.append((world.wait(name, "exited") - died) * 1e3)
        on_screen.append((terminal.wait(lambda painted: "exit" in painted.row(name)) - died) * 1e3)  # noqa: B023  # read at once
        time.sleep(PAUSE_S)
        docker.api.start(docker.ids[name])
        world.wait(name, "running")
        terminal.wait(lambda painted: "running" in painted.row(name))  # noqa: B023  # as above
        time.sleep(PAUSE_S)
    return in_world, on_screen


def figure(key: str, title: str, times_ms: list[float], goal: float, how: str) -> Figure:
    return Figure(
        key=f"death.{key}.p99", title=title, measured=quantile(times_ms, 0.99), unit="ms", goal=goal, n=len(times_ms), how=how,
        facts={"p50_ms": median(times_ms), "p95_ms": quantile(times_ms, 0.95), "most_ms": max(times_ms)},
    )  # fmt: skip
