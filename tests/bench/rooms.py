"""Agents with made-up rooms: `python -m tests.bench.rooms quiet|busy`. Everything but the facts is the real agent."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from console.agent.run import run_agent
from console.alerts.model import Alert
from console.fleet.model import Container, Host
from console.monitoring.model import Line, Panel, Series
from console.settings.load import find, load
from console.settings.model import Settings
from console.world.feed import Context, Wanted
from console.world.model import Record
from console.world.report import Report

HOSTS = ("eu1", "eu2", "us1")
STEPS_A_SECOND = 20


def host(name: str, containers: int) -> Host:
    return Host(
        id=name, name=name, url=f"unix:///run/{name}.sock", engine="27.3.1", cpus=16, containers=containers,
        running=containers,
    )  # fmt: skip


def container(number: int, since: float) -> Container:
    at = HOSTS[number % len(HOSTS)]
    return Container(
        id=f"{at}/{number:012x}", host=at, name=f"web-{number}", image=f"acme/web:1.{number % 10}.0", state="running",
        health="healthy", project="shop", service="web", created_at=since, started_at=since, networks=("shop_default",),
        restart_policy="unless-stopped", labels={"com.docker.compose.project": "shop"}, command="/app/server",
    )  # fmt: skip


def panel(number: int) -> Panel:
    return Panel(
        id=f"p{number}", source="bench", title=f"Requests {number}", query=f"rate(x{number}[5m])", unit="per_second"
    )


def series(number: int, at: float) -> Series:
    points = tuple((at * (number + 1) + i * 37) % 1000 / 7 for i in range(240))
    line = Line("web", {"service": "web"}, points)
    return Series(id=f"p{number}", panel=f"p{number}", source="bench", at=at, start=at - 3600, step_s=15, lines=(line,))


def alert(number: int, since: float) -> Alert:
    return Alert(
        id=f"bench/{number:08x}", cluster="bench", fingerprint=f"{number:08x}", name=f"ErrorRate{number % 7}",
        severity="warning", since=since, starts_at=since,
        labels={"alertname": f"ErrorRate{number % 7}", "service": f"web-{number}", "severity": "warning"},
    )  # fmt: skip


class QuietFeed:
    """100 containers on three hosts, all well, for ever."""

    def __init__(self, context: Context, containers: int = 100) -> None:
        self.name = "docker/bench"
        self._world = context.world
        self._containers = containers

    async def run(self, report: Report) -> None:
        for record in self.facts():
            self._world.put(record)
        report.ok(0.0)
        await asyncio.Event().wait()

    def facts(self) -> Iterator[Record]:
        since = time.time() - 9 * 86_400
        for name in HOSTS:
            yield host(name, self._containers // len(HOSTS))
        for number in range(self._containers):
            yield container(number, since)

    def forget(self) -> None:
        """Its facts end with its agent."""


class BusyFeed:
    """`rate` changes a second among 1,000 containers, 60 series and 200 alerts; some are things that come and go."""

    def __init__(self, context: Context, rate: int) -> None:
        self.name = "docker/busy"
        self._world = context.world
        self._rate = rate
        self._turn = 0
        self._made = 1_000
        self._here = list(range(1_000))

    async def run(self, report: Report) -> None:
        since = time.time() - 9 * 86_400
        records: list[Record] = [host(name, 333) for name in HOSTS]
        records += [container(n, since) for n in self._here]
        records += [panel(n) for n in range(60)]
        records += [series(n, since) for n in range(60)]
        records += [alert(n, since) for n in range(200)]
        for record in records:
            self._world.put(record)
        report.ok(0.0)
        loop, began, done = asyncio.get_running_loop(), time.monotonic(), 0
        while True:
            # By the clock and not by the number of turns: a slow turn is made up for.
            due = int((time.monotonic() - began) * self._rate)
            while done < due:
                done += self._change()
            await asyncio.sleep(max(0.0, 1 / STEPS_A_SECOND - (loop.time() % (1 / STEPS_A_SECOND))))

    def forget(self) -> None:
        """Its facts end with its agent."""

    def _change(self) -> int:
        """One turn; how many records it changed."""
        self._turn += 1
        turn, now = self._turn, time.time()
        if turn % 200 == 0:
            place = turn // 200 % len(self._here)
            gone = self._here[place]
            self._here[place] = self._made
            self._world.drop(Container.topic, container(gone, now).id)
            self._world.put(container(self._made, now))
            self._made += 1
            return 2
        if turn % 10 == 5:
            self._world.put(series(turn // 10 % 60, now))
        elif turn % 10 == 3:
            number = turn // 10 % 400
            if not self._world.drop(Alert.topic, alert(number, now).id):
                self._world.put(alert(number, now))
        else:
            number = self._here[turn * 7 % len(self._here)]
            known = self._world.get(Container, container(number, now).id)
            if known is not None:
                self._world.put(msgspec.structs.replace(known, restarts=known.restarts + 1))
        return 1


def rooms(name: str) -> Callable[[Settings], list[Wanted]]:
    rate = int(os.environ.get("BENCH_RATE", "500"))
    if name == "quiet":
        return lambda _: [Wanted("docker/bench", "bench", QuietFeed)]
    return lambda _: [Wanted("docker/busy", rate, lambda context: BusyFeed(context, rate))]


if __name__ == "__main__":
    environment = os.environ
    sys.exit(
        run_agent(
            load(find(None)),
            folder=Path(environment["QUARTERDECK_STATE_DIR"]),
            socket_path=Path(environment["QUARTERDECK_SOCKET"]),
            rooms_of=(rooms(sys.argv[1]),),
        )
    )
