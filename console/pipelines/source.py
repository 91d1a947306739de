"""GitHub as a source: which repositories are asked for what, until something fails that concerns all of them."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from console.errors import ConsoleError, SourceError
from console.pipelines import logs
from console.pipelines.client import Client, fix_of
from console.pipelines.etags import ETags, fingerprint
from console.pipelines.governor import Gate
from console.pipelines.limits import CONCURRENT, Governor, governor_of
from console.pipelines.model import Budget, Job, Repository, Run, Workflow
from console.pipelines.polls import Polls
from console.pipelines.refusals import Refusal
from console.pipelines.schedule import START_S, fresh_s
from console.pipelines.watched import Watched, shown
from console.settings.github_token import github_token
from console.settings.model import GitHub
from console.settings.stores import Found
from console.text import clean
from console.world.feed import Context
from console.world.model import LogLine
from console.world.report import Report

LEAST_S = 0.02
"""The shortest the loop rests: a sum of clock readings may miss what is due by a rounding error."""
IDLE_S = 30.0
"""The longest the loop rests: nothing is due sooner, and what changes wakes it."""


class GitHubFeed:
    """Repositories, workflows, runs and jobs of one GitHub; reads logs of jobs too."""

    def __init__(
        self,
        github: GitHub,
        context: Context,
        *,
        token: Callable[[GitHub], Awaitable[Found]] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        governor: Governor | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = f"github/{github.name}"
        self._github = github
        self._context = context
        self._token = token
        self._transport = transport
        self._given = governor
        self._governor = governor
        self._chance = chance
        self._client: Client | None = None
        self._wake = asyncio.Event()
        self._paused = False
        self._fresh_s = 0.0
        self._watched: dict[str, Watched] = {asked: Watched(asked, asked) for asked in github.repositories}
        context.interest.listen(self._woken)

    async def run(self, report: Report) -> None:
        if not self._github.repositories:
            report.off("The settings name no repositories for it.")
            await asyncio.Event().wait()
        token, where = await self._find_token()
        host = httpx.URL(self._github.api_url).host
        clock = self._context.clock
        # Held beyond this try: a pause that GitHub asked for outlives a session that failed.
        governor = self._governor = self._given or governor_of(host, fingerprint(token), self._github.share)
        etags = ETags(self._context.shelf("github/etags"), host, token, clock.now())
        async with Client(
            self._github, token, clock=clock, gate=Gate(governor, clock), etags=etags, transport=self._transport
        ) as client:
            login = await self._login(client)
            self._client = client
            try:
                await self._poll(client, governor, report, login, where)
            finally:
                self._client = None

    def forget(self) -> None:
        self._context.world.drop("budgets", self._github.name)
        self._drop(set(self._github.repositories))

    async def log(
        self, record_id: str, *, follow: bool, tail: int, since: float | None
    ) -> AsyncIterator[list[LogLine]]:
        """The log of the job REPOSITORY/JOB_ID; see console/pipelines/logs.py."""
        if self._client is None:
            raise SourceError(
                f"{self.name} is not connected, so there is no log now.",
                "See its state in the source bar.",
                kind="failed",
            )
        repository, _, job_id = record_id.rpartition("/")
        one = self._watched.get(repository)
        if one is None or not (job_id.isascii() and job_id.isdigit() and len(job_id) <= 18):
            raise SourceError(
                f"There is no job {clean(record_id, 200)}.", "`quarterdeck list jobs` shows their ids.", kind="missing"
            )
        reading = logs.read(
            self._client, self._context.clock, one.name, int(job_id), follow=follow, tail=tail, since=since
        )
        async with contextlib.aclosing(reading) as batches:
            async for batch in batches:
                yield batch

    # -- inside ------------------------------------------------------------------------------------------------

    async def _find_token(self) -> tuple[str, str]:
        """The token and where it came from. Raises SourceError (refused) that says how to give one."""
        try:
            if self._token is not None:
                found = await self._token(self._github)
                value, where = found.value, found.where
            elif self._github.token is not None:
                value, where = await self._context.secret(self._github.token), f"secret:{self._github.token}"
            else:
                # It runs gh and waits for it, so it has a thread of its own.
                thread = ThreadPoolExecutor(1, thread_name_prefix="gh")
                try:
                    found = await asyncio.get_running_loop().run_in_executor(thread, github_token, self._github)
                finally:
                    thread.shutdown(wait=False)
                value, where = found.value, found.where
        except SourceError:
            raise
        except ConsoleError as error:
            raise SourceError(
                f"No token for {self.name}: {error.message}", fix_of(self._github), kind="refused"
            ) from error
        value = value.strip()
        self._context.hide(value)
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise SourceError(
                f"The token for {self.name} ({where}) is empty or not a token.", fix_of(self._github), kind="refused"
            )
        return value, where

    async def _login(self, client: Client) -> str:
        """Whose token it is; empty for a GitHub App's installation, which is nobody."""
        try:
            answer = await client.user()
        except Refusal as error:
            if error.status in (403, 404) and error.kind != "limited":
                return ""
            raise
        return clean((answer.value.login if answer.value else None) or "", 100)

    def _drop(self, repositories: set[str]) -> None:
        """Take repositories and all that is known of them out of the world."""
        world = self._context.world
        for repository in repositories:
            world.drop("repositories", repository)

        def of_theirs(record: Workflow | Run | Job) -> bool:
            return record.repository in repositories

        for topic in ("workflows", "runs", "jobs"):
            world.replace(topic, [], scope=of_theirs)

    async def _poll(self, client: Client, governor: Governor, report: Report, login: str, where: str) -> None:
        clock = self._context.clock
        known = {r.id for r in self._context.world.all(Repository) if r.source == self._github.name}
        if left_out := known - set(self._github.repositories):
            # The settings named them once.
            self._drop(left_out)
        for one in self._watched.values():
            one.held.clear()
            if self._context.world.get(Repository, one.asked) is None:
                self._context.world.put(one.bare(self._github.name))
        polls = Polls(
            self._github.name, self._watched, self._context, client=client, governor=governor, chance=self._chance
        )
        polls.plan(START_S)
        tasks: set[asyncio.Task[None]] = set()

        def ended(task: asyncio.Task[None]) -> None:
            tasks.discard(task)
            if not task.cancelled():
                polls.fatal = task.exception() or polls.fatal
            self._wake.set()

        try:
            while True:
                self._wake.clear()
                if polls.fatal is not None:
                    raise polls.fatal
                polls.plan_jobs()
                now = clock.monotonic()
                paused = governor.paused_s(now)
                # In a pause of polling, what somebody looks at may still be asked for, if GitHub does not forbid all.
                for poll in polls.schedule.take(now, CONCURRENT - len(tasks), worst=0 if paused else 9):
                    task = asyncio.create_task(polls.do(poll), name=f"{self.name} {poll.kind} {poll.repository}")
                    tasks.add(task)
                    task.add_done_callback(ended)
                self._tell(polls, governor, report, login, where)
                due = polls.schedule.next_due()
                rest = IDLE_S if due is None or len(tasks) >= CONCURRENT else max(0.0, due - now)
                await self._rest(min(IDLE_S, max(rest, min(paused, 5.0), LEAST_S)))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _tell(self, polls: Polls, governor: Governor, report: Report, login: str, where: str) -> None:
        now, wall = self._context.clock.monotonic(), self._context.clock.now()
        paused = governor.paused_s(now)
        share = round(governor.used / governor.limit, 2) if governor.limit else 0.0
        until = float(round(wall + paused)) if paused else None
        old = self._context.world.get(Budget, self._github.name)
        if until is not None and old and old.paused_until is not None and abs(old.paused_until - until) <= 2.0:
            until = old.paused_until
        self._context.world.put(
            Budget(
                id=self._github.name,
                limit=governor.limit,
                used=round(share * governor.limit),
                reset_at=governor.reset_at,
                share=share,
                paused_until=until,
                reason=governor.reason,
                login=login,
                token_from=where,
            )
        )
        if polls.waiting:
            return
        notes = shown([polls.notes[asked] for asked in sorted(polls.notes)])
        if paused:
            notes = (f"GitHub is not asked at the moment: {governor.reason}.", *notes)
        if not paused or not self._paused:
            # Whole tens of seconds, and once a pause: an age that moves by itself would be news for every screen.
            age = fresh_s({one.tier for one in self._watched.values()}, governor.stretch(now)) + paused
            self._fresh_s = 10.0 * math.ceil(age / 10.0)
        self._paused = bool(paused)
        report.ok(
            self._fresh_s,
            detail=f"{share:.0%} of budget used" if governor.limit else "",
            notes=notes,
        )

    def _woken(self) -> None:
        self._wake.set()

    async def _rest(self, seconds: float) -> None:
        """Until `seconds` are over or something changed."""
        sleep = asyncio.ensure_future(self._context.clock.sleep(seconds))
        wake = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait({sleep, wake}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            wake.cancel()
            await asyncio.gather(sleep, wake, return_exceptions=True)
