"""`quarterdeck agent`: every part made once and wired together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from console import __version__
from console.agent.api import Parts, api
from console.agent.frame import Frame
from console.agent.identity import PERSONAL_REFUSES
from console.agent.lock import Holder, StateLock
from console.agent.logs import AgentLog, Redactor
from console.agent.memory import Memory
from console.agent.metrics import Metrics
from console.agent.notices import Notices
from console.agent.protocol import Server, bind, server
from console.agent.scrape import scrape_server
from console.agent.supervisor import Supervisor
from console.clock import SystemClock
from console.errors import ConsoleError, StoreError
from console.settings.load import Loaded
from console.settings.model import SecretRef, Settings
from console.settings.problems import SettingsError
from console.settings.secrets import Secrets
from console.settings.watch import watch
from console.store.shelf import Shelves
from console.world.feed import Context, LogReader, Wanted, WantedOf
from console.world.interest import Interest
from console.world.model import Agent
from console.world.world import World

log = logging.getLogger("quarterdeck.agent")


Override = Callable[[Settings], Settings]


def rooms() -> tuple[WantedOf, ...]:
    """What each room wants to run for given settings."""
    from console.alerts import feeds as alerts
    from console.fleet import feeds as fleet
    from console.monitoring import feeds as monitoring
    from console.pipelines import feeds as pipelines

    return (fleet.wanted, pipelines.wanted, monitoring.wanted, alerts.wanted)


IDLE_TICK_S = 5.0
"""How often a personal agent looks whether anybody is there."""
STREAMS_END_S = 1.5
"""How long streams get to end: the agent is gone within 5 s of a SIGTERM, whatever its clients do."""
READY_FD = "QUARTERDECK_READY_FD"
"""A file descriptor that whoever starts an agent gives it: a byte arrives on it once the agent answers."""


class AgentProcess:
    """One agent, from its lock to its end."""

    def __init__(
        self, loaded: Loaded, *, folder: Path, socket_path: Path, rooms: tuple[WantedOf, ...], override: Override
    ) -> None:
        self._rooms = rooms
        self._override = override
        self.settings = override(loaded.settings)
        self._began_with = self.settings
        self._loaded = loaded
        self._folder = folder
        self._socket_path = socket_path
        self._clock = SystemClock()
        self._mode = self.settings.agent.mode
        self._redactor = Redactor()
        self.world = World(self._clock, self._redactor.redact)
        self._notices = Notices(self.world, self._clock)
        self._interest = Interest()
        self._secrets = Secrets(self.settings.secrets, folder)
        self._shelves = Shelves(folder, self._clock, self._notices.store)
        self._context = Context(
            self.world, self._interest, self._clock, self._shelves.shelf, self._secret, self._redactor.add
        )
        self._memory = Memory(self._context)
        self._supervisor = Supervisor(self._context, data_at=self._memory.data_at)
        self._metrics = Metrics(self.world, self._supervisor, self._clock, {"store": lambda: self._shelves.pending})
        self._ended = asyncio.Event()

    async def run(self) -> int:
        """Serve until told to end. Returns the exit code; raises ConsoleError where it cannot begin."""
        lock = StateLock(self._folder)
        started = self._clock.now()
        why = lock.take(Holder(os.getpid(), str(self._socket_path), started, self._mode))
        listening = bind(self._socket_path, self.settings.agent.group if self._mode == "duty" else "")
        agent_log = AgentLog(self._folder / "log", self.settings.agent.log_level, self._redactor)
        if why:
            self._notices.store(
                StoreError(why, "Facts are kept in memory only. Check the folder, or set QUARTERDECK_STATE_DIR.")
            )
        self._introduce(started)
        presence = self._presence()
        parts = Parts(
            world=self.world,
            interest=self._interest,
            clock=self._clock,
            metrics=self._metrics,
            reader=self._reader,
            mode=self._mode,
            started_at=started,
            settings_path=lambda: str(self._loaded.path or ""),
            streams=self._metrics.streams,
            redact=self._redactor.redact,
            ending=self._ended,
        )
        frame = Frame(api(parts), self._mode, os.geteuid(), self._metrics)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended.set)
        api_server = server(frame)
        # The store is read before the first client is answered, so that nobody sees an empty world where there is one.
        await self._shelves.open()
        self._memory.recall([w.name for w in self._wanted(self.settings)])
        self._supervisor.apply(self._wanted(self.settings))
        tasks = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("api", api_server.serve(sockets=[listening])),
                ("shelves", self._shelves.run()),
                ("memory", self._memory.run()),
                ("lag", self._metrics.watch_lag()),
                ("settings", self._watch_settings()),
                ("idle", self._idle(frame)),
                *self._scrape(),
            )
        ]
        for task in tasks:
            task.add_done_callback(self._task_done)
        _settle_garbage()
        _tell_ready()
        log.info("agent started", extra={"version": __version__, "mode": self._mode, "socket": str(self._socket_path)})
        try:
            await self._ended.wait()
        finally:
            try:
                await self._end(api_server, frame, tasks)
            finally:
                with contextlib.suppress(OSError):
                    self._socket_path.unlink()
                lock.release()
                if presence is not None:
                    presence.close()
                log.info("agent ended")
                agent_log.close()
        return 0

    async def _end(self, api_server: Server, frame: Frame, tasks: list[asyncio.Task[Any]]) -> None:
        # Streams end first, each with a whole line: the news wakes them. Then at most 2 s for the rest; the store last.
        self._notices.say("agent", "info", "This agent ends.", "")
        deadline = time.monotonic() + STREAMS_END_S
        while frame.under_way and time.monotonic() < deadline:  # noqa: ASYNC110  # once in a life; an event would cost each request
            await asyncio.sleep(0.02)
        api_server.should_exit = True
        api_server.force_exit = True
        await self._supervisor.close()
        for task in tasks:
            if task.get_name() != "api":
                task.cancel()
        await asyncio.wait(tasks, timeout=1.0)
        self._memory.save()
        self._secrets.close()
        await self._shelves.close()

    def _task_done(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a part of the agent broke", extra={"part": task.get_name()}, exc_info=error)
            self._notices.say(
                f"part-{task.get_name()}",
                "error",
                f"A part of the agent broke: {task.get_name()}: {error}",
                "Start the agent again; its log has the trace.",
            )

    def _wanted(self, settings: Settings) -> list[Wanted]:
        return [want for room in self._rooms for want in room(settings)]

    def _reader(self, topic: str, record_id: str) -> LogReader | None:
        if topic == "containers":
            return self._supervisor.reader(f"docker/{record_id.partition('/')[0]}")
        if topic == "jobs":
            from console.pipelines.model import Job, Repository

            job = self.world.get(Job, record_id)
            repository = self.world.get(Repository, job.repository) if job else None
            return self._supervisor.reader(f"github/{repository.source}") if repository else None
        return None

    def _introduce(self, started: float) -> None:
        self.world.put(
            Agent(
                id="self",
                version=__version__,
                mode=self._mode,
                organisation=self.settings.organisation,
                demo=self.settings.demo,
                started_at=started,
                pid=os.getpid(),
                host=socket.gethostname(),
                settings_path=str(self._loaded.path or ""),
                refuses=PERSONAL_REFUSES if self._mode == "personal" else (),
            )
        )

    def _presence(self) -> socket.socket | None:
        """Be known as this organisation's duty agent on this machine, or say that there is another (R1).

        Two of them on different stores would each page and decide for themselves. On other machines the rule
        QuarterdeckTwoDutyAgents in config/prometheus sees it.
        """
        if self._mode == "personal":
            return None
        here = socket.socket(socket.AF_UNIX)
        try:
            # An abstract name: it needs no folder that both may write, and goes with its process.
            here.bind(f"\0quarterdeck-duty-{self.settings.organisation[:60]}")
        except OSError:
            here.close()
            self._notices.say(
                "duty",
                "error",
                f"Another duty agent of {self.settings.organisation or 'no organisation'} runs on this machine.",
                "Keep one of them: with two, each alert would page twice and each decide for itself.",
            )
            log.warning("another duty agent runs on this machine", extra={"organisation": self.settings.organisation})
            return None
        return here

    async def _secret(self, ref: SecretRef) -> str:
        value = await self._secrets.resolve(ref)
        self._redactor.add(value)
        return value

    # -- settings --------------------------------------------------------------------------------------------------

    async def _watch_settings(self) -> None:
        async for outcome in watch(self._loaded.path, self._clock, in_effect=self._loaded):
            if isinstance(outcome, SettingsError):
                self._notices.say(
                    "settings", "error", outcome.message, outcome.hint or "The last good settings stay in force."
                )
                continue
            self._notices.mended("settings")
            self._loaded = outcome
            self._apply(self._override(outcome.settings))

    def _apply(self, settings: Settings) -> None:
        fixed = _needs_restart(self._began_with, settings)
        if fixed:
            self._notices.say(
                "restart",
                "warning",
                f"Changed settings that hold from the next start: {', '.join(fixed)}.",
                "Start the agent again.",
            )
        else:
            self._notices.mended("restart")
        if settings.secrets != self.settings.secrets:
            # A new one has to prove the keyring and derive the vault's key again, so only where something differs.
            self._secrets.close()
            self._secrets = Secrets(settings.secrets, self._folder)
        logging.getLogger().setLevel(settings.agent.log_level.upper())
        agent = self.world.get(Agent, "self")
        self._supervisor.apply(self._wanted(settings))
        if agent is not None:
            path = str(self._loaded.path or "")
            self.world.put(msgspec.structs.replace(agent, organisation=settings.organisation, settings_path=path))
        self.settings = settings
        log.info("settings applied")

    def _scrape(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        if not self.settings.agent.metrics:
            return []
        try:
            scrape, listening = scrape_server(self.settings.agent.metrics, self._metrics)
        except ConsoleError as error:
            self._notices.say("metrics", "warning", error.message, error.hint)
            return []
        return [("metrics", scrape.serve(sockets=[listening]))]

    # -- the rest --------------------------------------------------------------------------------------------------

    async def _idle(self, frame: Frame) -> None:
        """A personal agent ends when nobody has been there for a while; a duty agent never does (R2)."""
        if self._mode == "duty":
            await self._ended.wait()
        while not self._ended.is_set():
            await self._clock.sleep(IDLE_TICK_S)
            if frame.under_way:
                frame.last_request = time.monotonic()
            if time.monotonic() - frame.last_request >= self.settings.agent.idle_exit:
                log.info("nobody is connected: the agent ends")
                self._ended.set()


def _needs_restart(old: Settings, new: Settings) -> list[str]:
    fixed = ("mode", "socket", "group", "metrics")
    return [f"agent.{name}" for name in fixed if getattr(old.agent, name) != getattr(new.agent, name)]


def _settle_garbage() -> None:
    """What start-up made stays for good, and records are not cyclic: full collections would walk it all again and again.

    With Python's own thresholds a poll of 10,000 alerts stalled the loop for up to 0.3 s, most of it collections.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _tell_ready() -> None:
    if (given := os.environ.pop(READY_FD, "")).isdecimal():
        with contextlib.suppress(OSError):
            os.write(int(given), b"1")
            os.close(int(given))


def run_agent(
    loaded: Loaded,
    *,
    folder: Path,
    socket_path: Path,
    rooms_of: tuple[WantedOf, ...] | None = None,
    override: Override = lambda settings: settings,
) -> int:
    """Run an agent in this process until it ends. Returns the exit code; raises ConsoleError where it cannot begin.

    `override` is what the command line says over the settings, now and at each reload.
    """

    async def serve() -> int:
        wanted = rooms() if rooms_of is None else rooms_of
        process = AgentProcess(loaded, folder=folder, socket_path=socket_path, rooms=wanted, override=override)
        return await process.run()

    return asyncio.run(serve())
