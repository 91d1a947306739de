"""One member of a cluster, and what it said last."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

from msgspec import Struct

from console.alerts import wire
from console.alerts.client import Client
from console.clock import Clock
from console.errors import SourceError
from console.moment import moment

EXTRAS_S = 15.0
"""How often groups, silences, receivers and status are read: they change when somebody does something."""


class Extras(Struct):
    groups: list[wire.Group] = []
    silences: list[wire.Silence] = []
    receivers: list[wire.Named] = []
    status: wire.Status | None = None
    ahead_s: float = 0.0


class Member:
    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        timeout_s: float,
        tls: ssl.SSLContext | None = None,
        token: str = "",
        username: str = "",
        password: str = "",
    ) -> None:
        self.label = label(url)
        self._clock = clock
        self._client = Client(
            url, timeout_s=timeout_s, clock=clock, tls=tls, token=token, username=username, password=password
        )
        self._task: asyncio.Task[None] | None = None
        self._extras_at = float("-inf")
        self.alerts: list[wire.Alert] = []
        self.extras: Extras | None = None
        self.notes: list[str] = []
        """What it cannot give, and why."""
        self.error: SourceError | None = None
        """Why the last reading failed; None where it did not, or where there was none yet."""

    @property
    def ahead_s(self) -> float:
        """How far its clock is ahead of ours."""
        return self._client.ahead_s

    @property
    def uptime_s(self) -> float | None:
        """How long it runs, by its own clock; None where it does not say."""
        started = moment(self.extras.status.uptime) if self.extras and self.extras.status else None
        return None if started is None else self._clock.now() + self.ahead_s - started

    def begin(self) -> asyncio.Task[None]:
        """The reading under way; one begins where there is none."""
        if self._task is None:
            self._task = asyncio.create_task(self._read())
        return self._task

    def end(self, task: asyncio.Task[None]) -> None:
        """Take in how a reading ended. Raises what is no SourceError: a mistake of ours."""
        self._task = None
        try:
            task.result()
        except SourceError as error:
            self.error = error
            # It may come back as another process: what it said of itself no longer holds.
            self.extras = None
            self._extras_at = float("-inf")
        else:
            self.error = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._client.close()

    async def _read(self) -> None:
        due = self._clock.monotonic() - self._extras_at >= EXTRAS_S
        if not due:
            self.alerts = await self._client.alerts()
            return
        alerts, groups, silences, receivers, status = await asyncio.gather(
            self._client.alerts(),
            self._client.groups(),
            self._client.silences(),
            self._client.receivers(),
            self._client.status(),
            return_exceptions=True,
        )
        if isinstance(alerts, BaseException):
            raise alerts
        self.alerts = alerts
        self._take(groups, silences, receivers, status)

    def _take(
        self,
        groups: list[wire.Group] | BaseException,
        silences: list[wire.Silence] | BaseException,
        receivers: list[wire.Named] | BaseException,
        status: wire.Status | BaseException,
    ) -> None:
        """Keep what could be read; what could not keeps its last facts, and a note says why."""
        self._extras_at = self._clock.monotonic()
        known = self.extras or Extras()
        self.notes = []
        for what, answer in (("groups", groups), ("silences", silences), ("receivers", receivers), ("status", status)):
            if isinstance(answer, SourceError):
                self.notes.append(f"no {what} from {self.label}: {answer.message}")
            elif isinstance(answer, BaseException):
                raise answer
        self.extras = Extras(
            groups=known.groups if isinstance(groups, BaseException) else groups,
            silences=known.silences if isinstance(silences, BaseException) else silences,
            receivers=known.receivers if isinstance(receivers, BaseException) else receivers,
            status=known.status if isinstance(status, BaseException) else status,
            ahead_s=self._client.ahead_s,
        )


def label(url: str) -> str:
    """The URL as it may be shown: without the name and password somebody may have written into it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
