"""Prometheus into the world: panels at once, rules and targets always, samples only while somebody looks (R45)."""

from __future__ import annotations

import asyncio

from console.errors import SourceError
from console.monitoring import facts, packs
from console.monitoring.client import Client
from console.monitoring.lanes import MOST, Lanes
from console.monitoring.model import (
    DEFAULT_INTERVAL_S,
    Panel,
    Rule,
    Series,
    Target,
    look,
    usual_interval_s,
)
from console.monitoring.watch import Watch
from console.settings import model as settings
from console.tls import context_for
from console.world.feed import Context
from console.world.report import Report

FACTS_S = 30.0
"""How often rules and targets are read: half of the usual evaluation interval of a minute."""
SKEW_S = 5.0
"""A clock further off than this is reckoned with: less than a scrape interval shows on no graph."""
SKEW_TOLD_S = 30.0
"""A clock further off than this is told: time stamps of two sources no longer fit together."""


class PrometheusFeed:
    def __init__(self, own: settings.Prometheus, panels: tuple[settings.Panel, ...], context: Context) -> None:
        """`panels` are those of the settings that ask this Prometheus."""
        self.name = f"prometheus/{own.name}"
        self._own = own
        self._context = context
        self._panels = {p.id: p for p in packs.panels(own.name, own.packs)}
        # A panel of the settings stands in for one of a pack with the same name.
        self._panels |= {p.name: _panel(own.name, p) for p in panels}
        self._looked = asyncio.Event()
        self._asked: dict[str, float] = {}
        self._slow: set[str] = set()
        self._interval_s = 0.0
        context.interest.listen(self._looked.set)

    async def run(self, report: Report) -> None:
        self._put_panels()
        client = await self._client()
        try:
            await self._read_facts(client, report)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._facts(client, report))
                group.create_task(self._watch(client).run(self._own.name, self._looked))
        except BaseExceptionGroup as errors:
            raise _first(errors) from errors
        finally:
            client.close()

    def forget(self) -> None:
        world = self._context.world
        world.replace(Panel.topic, (), scope=lambda r: isinstance(r, Panel) and r.source == self._own.name)
        world.replace(Rule.topic, (), scope=lambda r: isinstance(r, Rule) and r.source == self._own.name)
        world.replace(Target.topic, (), scope=lambda r: isinstance(r, Target) and r.source == self._own.name)
        world.replace(Series.topic, (), scope=lambda r: isinstance(r, Series) and r.source == self._own.name)

    # -- panels ------------------------------------------------------------------------------------------------

    def _put_panels(self) -> None:
        self._context.world.replace(
            Panel.topic,
            self._panels.values(),
            scope=lambda r: isinstance(r, Panel) and r.source == self._own.name,
        )

    def _watch(self, client: Client) -> Watch:
        return Watch(
            self._context,
            client,
            Lanes(),
            self._wanted,
            interval_s=lambda: self._interval_s or DEFAULT_INTERVAL_S,
            now=lambda: self._context.clock.now() + _skew(client),
            asked=self._asked,
            slow=self._slow,
        )

    def _wanted(self) -> dict[str, tuple[Panel, float]]:
        """The series that somebody looks at: id to panel and range."""
        found = {}
        for series_id in self._context.interest.wanted(Series.topic):
            name, range_s = look(series_id)
            if panel := self._panels.get(name):
                found[series_id] = (panel, range_s or panel.range_s)
        return found

    # -- rules and targets -------------------------------------------------------------------------------------

    async def _facts(self, client: Client, report: Report) -> None:
        while True:
            await self._context.clock.sleep(FACTS_S)
            await self._read_facts(client, report)

    async def _read_facts(self, client: Client, report: Report) -> None:
        rules, targets = await asyncio.gather(client.rules(), client.targets(), return_exceptions=True)
        notes = []
        name, world = self._own.name, self._context.world
        for what, answer in (("rules", rules), ("targets", targets)):
            if not isinstance(answer, BaseException):
                continue
            # Thanos, VictoriaMetrics and their like lack one of the two; where both fail the server is to blame.
            both = isinstance(rules, BaseException) and isinstance(targets, BaseException)
            if both or not isinstance(answer, SourceError):
                raise answer
            notes.append(f"no {what}: {answer.message}")
        if not isinstance(rules, BaseException):
            world.replace(
                Rule.topic, facts.rules(name, rules), scope=lambda r: isinstance(r, Rule) and r.source == name
            )
        if not isinstance(targets, BaseException):
            found = facts.targets(name, targets)
            world.replace(Target.topic, found, scope=lambda r: isinstance(r, Target) and r.source == name)
            self._interval_s = usual_interval_s(t.interval_s for t in found)
        if not self._interval_s:
            self._interval_s = await _configured(client)
        skew = client.ahead_s or 0.0
        if abs(skew) > SKEW_TOLD_S:
            notes.append(f"its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's")
        mine = [r for r in world.all(Rule) if r.source == name]
        theirs = [t for t in world.all(Target) if t.source == name]
        report.ok(FACTS_S, detail=facts.summary(mine, theirs), notes=tuple(notes))

    async def _client(self) -> Client:
        own, secret = self._own, self._context.secret
        return Client(
            own.url,
            timeout_s=float(own.timeout),
            queries=MOST,
            clock=self._context.clock,
            tls=context_for(own.url, own.tls),
            token=await secret(own.token) if own.token else "",
            username=own.username,
            password=await secret(own.password) if own.password else "",
        )


async def _configured(client: Client) -> float:
    try:
        return await client.scrape_interval_s() or DEFAULT_INTERVAL_S
    except SourceError:
        # Thanos and its like have no such page; the usual interval is never too fast for them.
        return DEFAULT_INTERVAL_S


def _first(errors: BaseExceptionGroup) -> BaseException:
    """The error to tell: a mistake of ours before one of the server's."""
    leaves: list[BaseException] = []
    todo: list[BaseException] = [errors]
    while todo:
        one = todo.pop()
        if isinstance(one, BaseExceptionGroup):
            todo += one.exceptions
        else:
            leaves.append(one)
    return min(leaves, key=lambda e: isinstance(e, SourceError))


def _skew(client: Client) -> float:
    skew = client.ahead_s or 0.0
    return skew if abs(skew) > SKEW_S else 0.0


def _panel(source: str, panel: settings.Panel) -> Panel:
    return Panel(
        id=panel.name,
        source=source,
        title=panel.title,
        query=panel.query,
        unit=panel.unit,
        group=panel.group,
        kind=panel.kind,
        range_s=float(panel.range),
        step_s=float(panel.step),
        warn=panel.warn,
        fail=panel.fail,
        below=panel.below,
        legend=panel.legend,
    )
