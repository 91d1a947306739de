"""The endpoints that a contract is held against: the real server, and the demo company's emulator of it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stack import have
from tests.stack.docker import connect

BOTH = ("real", "demo")


@dataclass(frozen=True)
class DockerEndpoint:
    """An engine with four containers that the suite may look at; ids are the engine's full ones."""

    url: str
    running: str
    """Runs and has never been started again."""
    exited: str
    talker: str
    """Has written at least two lines."""
    terminal: str
    """Runs with a terminal and has written something."""
    victim: str
    """Runs; `restart` stops it and starts it again."""
    restart: Callable[[str], Awaitable[None]]


@pytest.fixture(scope="session")
def demo() -> Iterator[object]:
    """The demo company's servers (console.demo.servers.Demo)."""
    from console.demo.servers import start

    with start(seed=7) as running:
        yield running


@pytest.fixture(scope="module", params=BOTH)
def docker_endpoint(request) -> Iterator[DockerEndpoint]:
    if request.param == "demo":
        yield demo_docker(request.getfixturevalue("demo"))
    else:
        with real_docker() as endpoint:
            yield endpoint


@contextlib.contextmanager
def real_docker() -> Iterator[DockerEndpoint]:
    facts = have("docker")
    folder = Path(facts["url"].removeprefix("unix://")).parent
    hand = connect(folder)
    made: list[str] = []

    def make(script: str, *, tty: bool = False) -> str:
        name = f"c-{uuid.uuid4().hex[:10]}"
        made.append(hand.create_container(facts["image"], ["sh", "-c", script], name=name, tty=tty)["Id"])
        hand.start(made[-1])
        return made[-1]

    async def restart(container: str) -> None:
        await asyncio.to_thread(hand.restart, container, timeout=0)

    try:
        talker = make("echo one; echo two >&2; echo three")
        exited = make("exit 3")
        for container in (talker, exited):
            hand.wait(container, timeout=20)
        running, victim = make("sleep 10000"), make("sleep 10000")
        terminal = make("echo one; sleep 10000", tty=True)
        yield DockerEndpoint(facts["url"], running, exited, talker, terminal, victim, restart)
    finally:
        for container in made:
            hand.remove_container(container, force=True)
        hand.close()


def demo_docker(demo) -> DockerEndpoint:
    from console.demo.docker_shapes import tty

    def choose() -> tuple[str, list[str]]:
        """A host with all that is needed, looked for on the servers' own thread."""
        for host in demo.company.fleet.hosts.values():
            every = list(host.containers.values())
            steady = [c.id for c in every if c.state == "running" and not (c.restarts or c.finished or tty(c))]
            terminal = [c.id for c in every if c.state == "running" and tty(c)]
            exited = [c.id for c in every if c.state == "exited" and c.finished]
            if len(steady) > 1 and exited and terminal:
                return host.name, [steady[0], exited[0], steady[0], terminal[0], steady[-1]]
        raise AssertionError("no host of the demo has containers that run and one that has ended")

    async def on_its_loop(what):
        return what()

    def there(what):
        return asyncio.run_coroutine_threadsafe(on_its_loop(what), demo._loop)

    def again(container: str) -> None:
        fleet, now = demo.company.fleet, demo._clock.now()
        [found] = [host.by_id[container] for host in fleet.hosts.values() if container in host.by_id]
        fleet.stop(found, now)
        fleet.start(found, now)

    async def restart(container: str) -> None:
        await asyncio.wrap_future(there(lambda: again(container)))

    host, (running, exited, talker, terminal, victim) = there(choose).result(10)
    return DockerEndpoint(demo.docker[host], running, exited, talker, terminal, victim, restart)
