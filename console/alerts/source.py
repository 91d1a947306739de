"""An Alertmanager cluster into the world: what every member says, folded, and what became of what none says any more."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Iterable

import msgspec

from console.alerts import fold, wire
from console.alerts.member import Member
from console.alerts.model import Alert, Cluster, Group, Receiver, Silence
from console.alerts.tracking import Evidence, Health, RuleView, Seen, Tracked, evidence_of, step
from console.alerts.turns import turns
from console.errors import SourceError
from console.moment import moment
from console.settings import model as settings
from console.text import clean
from console.tls import context_for
from console.world.feed import Context
from console.world.model import Record, Source
from console.world.report import Report

RULES_READ_S = 5.0
"""How long a reading of the rules may take: what Prometheus says is at most this much older than its source's age."""
CLOCK_STEP_S = 2.0
"""A wall clock that moved so much more or less than time did was set."""
SKEW_TOLD_S = 30.0
"""A clock further off than this is told: time stamps of two sources no longer fit together."""


class AlertmanagerFeed:
    def __init__(self, own: settings.Alertmanager, prometheus: str, context: Context) -> None:
        """`prometheus` is the settings' name of the one that sends to this cluster; empty where there is none."""
        self.name = f"alertmanager/{own.name}"
        self._own = own
        self._cluster = own.name
        self._prometheus = prometheus
        self._context = context
        self._shelf = context.shelf(f"alerts/{own.name}")
        self._tracked: dict[str, Tracked] | None = None
        self._folded: dict[str, tuple[fold.Copies, Seen]] = {}
        """What was folded in the last poll: nearly every alert is what it was then."""
        self._grouped: list[list[wire.Group]] = []
        """What the groups in the world were made of: the same lists again where the answers are the same."""
        self._since: float | None = None
        """Since when it answers every poll; None while it does not."""
        self.polls = 0
        """Readings of the cluster taken in so far."""
        self._polled = (0.0, 0.0)
        """The newest answer, by the wall clock and the monotonic one."""

    async def run(self, report: Report) -> None:
        clock = self._context.clock
        self._since = None
        await self._recall()
        members = await self._members()
        try:
            while True:
                began = clock.monotonic()
                await self._poll(members, report)
                await clock.sleep(max(0.0, self._own.poll - (clock.monotonic() - began)))
        finally:
            for member in members:
                await member.close()

    def forget(self) -> None:
        for kind in (Alert, Group, Silence, Receiver):
            self._context.world.replace(kind.topic, (), scope=self._mine)
        self._context.world.drop(Cluster.topic, self._cluster)
        for fingerprint in self._tracked or self._shelf.load():
            self._shelf.save(fingerprint, None)

    # -- one poll ----------------------------------------------------------------------------------------------

    async def _poll(self, members: list[Member], report: Report) -> None:
        await _all_but_the_late(members)
        well = [m for m in members if m.error is None]
        self._put_cluster(members, well)
        if not well:
            raise _told(members)
        self._note_gap()
        health = Health(
            healthy=frozenset(m.label for m in well),
            down=frozenset(m.label for m in members if m.error is not None),
            since=self._since or self._polled[0],
            uptime_s=min((m.uptime_s for m in well if m.uptime_s is not None), default=None),
        )
        await self._step(await self._fold(well), health)
        await self._put_extras(well)
        self.polls += 1
        report.ok(float(self._own.poll), detail=_detail(members, well), notes=tuple(_notes(members)))

    def _note_gap(self) -> None:
        """Begin to count anew where time went by unwatched: the agent was stopped, or somebody set the clock."""
        clock = self._context.clock
        wall, mono = clock.now(), clock.monotonic()
        passed_s = mono - self._polled[1]
        stepped = abs((wall - self._polled[0]) - passed_s) > CLOCK_STEP_S
        if self._since is None or stepped or passed_s > 3 * self._own.poll + 2 * self._own.timeout:
            self._since = wall
        self._polled = (wall, mono)

    async def _fold(self, well: list[Member]) -> dict[str, Seen]:
        old, self._folded = self._folded, {}
        async for fingerprint, found in turns(fold.copies({m.label: m.alerts for m in well}).items()):
            kept = old.get(fingerprint)
            same = kept is not None and kept[0] == found
            self._folded[fingerprint] = kept if kept is not None and same else (found, fold.seen(fingerprint, found))
        return {fingerprint: seen for fingerprint, (_, seen) in self._folded.items()}

    async def _step(self, seen: dict[str, Seen], health: Health) -> None:
        tracked = self._tracked if self._tracked is not None else {}
        now = self._context.clock.now()
        rules = self._rules()
        async for fingerprint in turns([*seen, *(f for f in tracked if f not in seen)]):
            old, here = tracked.get(fingerprint), seen.get(fingerprint)
            evidence = self._evidence(old, here, rules, now)
            new = step(old, here, health, now, cluster=self._cluster, evidence=evidence)
            if new is not old:
                self._keep(fingerprint, new)

    def _keep(self, fingerprint: str, new: Tracked | None) -> None:
        tracked = self._tracked if self._tracked is not None else {}
        if new is None:
            tracked.pop(fingerprint, None)
            self._shelf.save(fingerprint, None)
            self._context.world.drop(Alert.topic, f"{self._cluster}/{fingerprint}")
            return
        tracked[fingerprint] = new
        self._shelf.save(fingerprint, msgspec.json.encode(new))
        self._context.world.put(new.alert)

    async def _recall(self) -> None:
        """What was known before the agent was started again."""
        if self._tracked is not None:
            return
        found: dict[str, Tracked] = {}
        async for fingerprint, kept in turns(self._shelf.load().items()):
            try:
                tracked = msgspec.json.decode(kept, type=Tracked)
            except (msgspec.MsgspecError, ValueError):
                # Written by another version: the next poll has what is true.
                self._shelf.save(fingerprint, None)
                continue
            found[fingerprint] = tracked
            self._context.world.put(tracked.alert)
        self._tracked = found

    # -- Prometheus's word -------------------------------------------------------------------------------------

    def _rules(self) -> dict[str, list[RuleView]]:
        """The rules of our Prometheus by name; empty while it does not answer, since old facts prove nothing."""
        source = self._context.world.get(Source, f"prometheus/{self._prometheus}")
        if source is None or source.data_at is not None or source.state not in ("ok", "degraded"):
            return {}
        found: dict[str, list[RuleView]] = {}
        for record in self._context.world.topic("rules"):
            view = msgspec.convert(record, RuleView, from_attributes=True)
            if view.source == self._prometheus:
                found.setdefault(view.name, []).append(view)
        return found

    def _evidence(
        self, old: Tracked | None, seen: Seen | None, rules: dict[str, list[RuleView]], now: float
    ) -> Evidence:
        if seen is not None:
            if old is not None and old.known:
                return "none"
            return evidence_of(seen.labels, rules.get(seen.labels.get("alertname", ""), ()))
        if old is None or old.alert.state == "resolved":
            return "none"
        found = evidence_of(old.alert.labels, rules.get(old.alert.name, ()))
        source = self._context.world.get(Source, f"prometheus/{self._prometheus}")
        fresh_s = (source.fresh_s if source is not None else 0.0) + RULES_READ_S
        # Only rules read after it went missing can confirm that it is over.
        if found == "absent" and (old.absent_since is None or now - old.absent_since < fresh_s):
            return "none"
        return found

    # -- groups, silences, receivers, status -------------------------------------------------------------------

    async def _put_extras(self, well: list[Member]) -> None:
        world = self._context.world
        extras = [m.extras for m in well if m.extras is not None]
        if not extras:
            return
        ahead = extras[0].ahead_s
        now = self._context.clock.now() + ahead
        await self._put_groups([e.groups for e in extras])
        world.replace(Silence.topic, fold.silences(self._cluster, [e.silences for e in extras], now), scope=self._mine)
        world.replace(Receiver.topic, fold.receivers(self._cluster, [e.receivers for e in extras]), scope=self._mine)

    async def _put_groups(self, said: list[list[wire.Group]]) -> None:
        if len(said) == len(self._grouped) and all(map(operator.is_, said, self._grouped)):
            return
        found: dict[str, Group] = {}
        async for one in turns(group for groups in said for group in groups):
            group = fold.group(self._cluster, one)
            found[group.id] = fold.merged(found[group.id], group) if group.id in found else group
        async for group in turns(found.values()):
            self._context.world.put(group)
        self._context.world.replace(Group.topic, found.values(), scope=self._mine)
        self._grouped = said

    def _put_cluster(self, members: list[Member], well: list[Member]) -> None:
        old = self._context.world.get(Cluster, self._cluster) or Cluster(id=self._cluster)
        status = next((m.extras.status for m in well if m.extras is not None), None)
        states = {m.label: "ok" if m.error is None else m.error.message for m in members}
        if status is None:
            self._context.world.put(msgspec.structs.replace(old, members=states))
            return
        self._context.world.put(
            Cluster(
                id=self._cluster,
                version=clean(status.version_info.version, 40),
                status=clean(status.cluster.status, 40),
                peers=len(status.cluster.peers or []),
                started_at=moment(status.uptime),
                members=states,
            )
        )

    def _mine(self, record: Record) -> bool:
        return getattr(record, "cluster", None) == self._cluster

    async def _members(self) -> list[Member]:
        own, secret = self._own, self._context.secret
        if not own.members:
            raise SourceError(f"The cluster {own.name} names no member.", "Give at least one URL under `members`.")
        token = await secret(own.token) if own.token else ""
        password = await secret(own.password) if own.password else ""
        return [
            Member(
                url,
                clock=self._context.clock,
                timeout_s=float(own.timeout),
                tls=context_for(url, own.tls),
                token=token,
                username=own.username,
                password=password,
            )
            for url in dict.fromkeys(own.members)
        ]


async def _all_but_the_late(members: Iterable[Member]) -> None:
    """Read every member. One that failed the last time is not waited for while others answer: it may be a black hole."""
    tasks = {member.begin(): member for member in members}
    trusted = {task for task, member in tasks.items() if member.error is None}
    waiting = set(tasks)
    while True:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            tasks[task].end(task)
        some_well = any(member.error is None for member in tasks.values())
        if not waiting or (some_well and not trusted & waiting):
            return


def _told(members: list[Member]) -> SourceError:
    """The error of the whole cluster: the first member's, with how many there are."""
    error = members[0].error or SourceError("no member answered", kind="unreachable")
    if len(members) == 1:
        return error
    kinds = {m.error.kind for m in members if m.error is not None}
    return SourceError(
        f"None of {len(members)} members answers: {error.message}",
        error.hint,
        kind=error.kind if len(kinds) == 1 else "unreachable",
        retry_after_s=error.retry_after_s,
    )


def _detail(members: list[Member], well: list[Member]) -> str:
    return f"{len(well)} of {len(members)} members" if len(members) > 1 else ""


def _notes(members: list[Member]) -> list[str]:
    notes = []
    for member in members:
        if member.error is not None:
            notes.append(f"{member.label} is not read: {member.error.message}")
        else:
            notes += member.notes
            if abs(member.ahead_s) > SKEW_TOLD_S:
                word = "ahead of" if member.ahead_s > 0 else "behind"
                notes.append(f"the clock of {member.label} is {abs(member.ahead_s):.0f} s {word} this machine's")
    return notes
