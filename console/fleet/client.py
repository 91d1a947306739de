"""One Docker engine as typed calls: lanes of threads over docker-py's low-level client, or an ssh forward before it.

Every call raises SourceError, within the host's time-out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from console.errors import SourceError
from console.fleet import wire
from console.fleet.address import Address, parse
from console.fleet.failures import FOREIGN, explain
from console.fleet.lane import Lane, Stream
from console.fleet.transport import Client
from console.fleet.tunnel import Tunnel
from console.settings.model import DockerHost
from console.text import clean

T = TypeVar("T")

OLDEST = (1, 41)
"""Docker 20.10, which Debian 12 ships."""
NEWEST = (1, 52)
"""Docker 29; a newer engine is spoken to in this version."""
BULK = 4
"""Lists and inspects at once: enough to follow a host that restarts everything, and no load for its engine."""
WORDS_S = 0.1
"""How long ssh's words may lag behind the end of the connection they explain: both are on this machine."""
LINE_LIMIT = 2_000_000
"""Bytes of one event or sample: the longest are containers' labels."""
EVENTS = {
    "type": ["container", "image", "network", "volume", "daemon"],
    "event": [
        *("create", "start", "restart", "die", "oom", "pause", "unpause", "rename", "update", "destroy"),
        *("health_status", "pull", "tag", "untag", "delete", "import", "load", "prune", "remove"),
        *("connect", "disconnect", "reload"),
    ],
}
"""What changes a record. Left out above all: three exec_* events for every probe of every health check."""


class Engine:
    """`api` is the version spoken, `min(theirs, ours)`. Made by `connect`; close it."""

    api: str
    version: str

    def __init__(self, host: DockerHost) -> None:
        self._host = host
        self._timeout_s = float(host.timeout)
        self._shown = parse(host.url, tls=host.tls is not None)
        self._address = self._shown
        self._tunnel: Tunnel | None = None
        self._lanes: dict[str, Lane] = {}
        self._streams: set[Stream[bytes]] = set()
        self.api = ".".join(map(str, OLDEST))
        self.version = ""

    @classmethod
    async def connect(cls, host: DockerHost) -> Engine:
        """Open the way to it and agree on a version. Raises SourceError."""
        engine = cls(host)
        try:
            await engine._open()
        except BaseException:
            await engine.close()
            raise
        return engine

    async def close(self) -> None:
        for lane in self._lanes.values():
            lane.close()
        await asyncio.gather(*(stream.close() for stream in list(self._streams)))
        if self._tunnel is not None:
            await self._tunnel.close()

    async def gone(self) -> None:
        """Raise SourceError when the ssh process ends; without one, never return."""
        if self._tunnel is not None:
            await self._tunnel.ended()
            raise await self._tunnel.failure()
        await _never()

    # -- calls with an answer --------------------------------------------------------------------------------------

    async def ping(self) -> None:
        """Ask for a sign of life on a lane that nothing else uses."""
        await self._call("control", "ping", lambda c: c.ping())

    async def info(self) -> wire.Info:
        return await self._call("control", "tell about itself", lambda c: _decode(c.info(), wire.Info))

    async def containers(self) -> list[wire.Listed]:
        """All of them, in one sparse request: no inspects."""
        return await self._call("bulk", "list containers", lambda c: _decode(c.containers(all=True), list[wire.Listed]))

    async def inspect(self, container: str) -> wire.Inspected | None:
        """None where there is no such container, or no longer."""
        try:
            return await self._call(
                "bulk",
                f"inspect container {container[:12]}",
                lambda c: _decode(c.inspect_container(container), wire.Inspected),
            )
        except SourceError as error:
            if error.kind == "missing":
                return None
            raise

    async def images(self) -> list[wire.Image]:
        return await self._call("bulk", "list images", lambda c: _decode(c.images(), list[wire.Image]))

    async def networks(self) -> list[wire.Network]:
        return await self._call("bulk", "list networks", lambda c: _decode(c.networks(), list[wire.Network]))

    async def volumes(self) -> list[wire.Volume]:
        return await self._call("bulk", "list volumes", lambda c: _decode(c.volumes(), wire.Volumes).volumes or [])

    # -- answers without an end ------------------------------------------------------------------------------------

    async def events(
        self, since_nano: int | None, opened: Callable[[], None] = lambda: None
    ) -> AsyncGenerator[wire.Event, None]:
        """Events as they happen, from `since_nano` on; calls `opened` once they flow. Never ends but by SourceError."""
        since = None if since_nano is None else f"{since_nano // 10**9}.{since_nano % 10**9:09d}"
        pieces = self._stream(
            "events",
            lambda c: cast("Iterable[bytes]", c.events(since=cast("int", since), filters=EVENTS, decode=False)),
            opened=opened,
        )
        async with aclosing(_lines(pieces)) as lines:
            async for line in lines:
                try:
                    yield _decode(line, wire.Event)
                except msgspec.MsgspecError as error:
                    raise self._explain(error, "events") from error
        # docker-py turns a lost connection into a clean end (CancellableStream), and an engine never ends it itself.
        raise SourceError(
            f"Docker at {self._shown.url} ended its stream of events{self._words()}",
            "The engine was restarted, or something between cut the connection.",
            kind="unreachable",
        )

    async def stats(self, container: str) -> AsyncGenerator[wire.Sample, None]:
        """A sample a second, until the container stops."""
        pieces = self._stream(
            "stats",
            lambda c: cast("Iterable[bytes]", c.stats(container, decode=False, stream=True)),
            read_timeout_s=self._timeout_s,
        )
        async with aclosing(_lines(pieces)) as lines:
            async for line in lines:
                try:
                    yield _decode(line, wire.Sample)
                except msgspec.MsgspecError as error:
                    raise self._explain(error, "stats") from error

    async def logs(
        self, container: str, *, follow: bool, tail: int, since: float | None
    ) -> AsyncGenerator[bytes, None]:
        """The log's raw bytes, time stamps included: frames, or plain text where the container has a terminal."""
        pieces = self._stream(
            "logs",
            lambda c: cast(
                "Iterable[bytes]",
                c.logs(
                    container,
                    stdout=True,
                    stderr=True,
                    stream=True,
                    timestamps=True,
                    tail=tail or "all",
                    since=since if since and since > 0 else None,
                    follow=follow,
                ),
            ),
            read_timeout_s=None if follow else self._timeout_s,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        _check_files(self._host)
        if self._address.kind == "ssh":
            self._tunnel = Tunnel(self._address)
            await self._tunnel.open()
            self._address = Address(kind="unix", url=self._address.url, path=self._tunnel.socket)
        self._lanes["first"] = Lane("first", self._make, 1)
        said = await self._call(
            "first", "tell its version", lambda c: _decode(c.version(api_version=False), wire.Version)
        )
        self._lanes.pop("first").close()
        self.api = negotiate(said, self._shown.url)
        self.version = clean(said.version or "", 60)
        self._lanes["control"] = Lane("control", self._make, 1)
        self._lanes["bulk"] = Lane("bulk", self._make, BULK)

    def _make(self) -> Client:
        return Client(self._address, self.api, self._host.tls, self._timeout_s)

    async def _call(self, lane: str, what: str, work: Callable[[Client], T]) -> T:
        try:
            return await self._lanes[lane].call(work, self._timeout_s)
        except FOREIGN as error:
            await self._listen()
            raise self._explain(error, what) from error

    async def _stream(
        self,
        what: str,
        start: Callable[[Client], Iterable[bytes]],
        *,
        read_timeout_s: float | None = None,
        opened: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[bytes, None]:
        stream = Stream(what, lambda: Client(self._address, self.api, self._host.tls, read_timeout_s), start)
        self._streams.add(stream)
        try:
            await stream.opened(self._timeout_s)
            opened()
            async for piece in stream:
                yield piece
        except FOREIGN as error:
            await self._listen()
            raise self._explain(error, what) from error
        finally:
            await stream.close()
            self._streams.discard(stream)

    def _explain(self, error: BaseException, what: str) -> SourceError:
        explained = explain(error, what, self._shown if self._tunnel is None else self._address)
        words = self._words()
        return explained if not words else SourceError(explained.message + words, explained.hint, kind=explained.kind)

    async def _listen(self) -> None:
        """Let ssh say why it closed a connection: its words come by another way than the end itself."""
        if self._tunnel is not None and not self._tunnel.words:
            await asyncio.sleep(WORDS_S)

    def _words(self) -> str:
        return f" (ssh says: {self._tunnel.words})" if self._tunnel is not None and self._tunnel.words else ""


def negotiate(said: wire.Version, url: str) -> str:
    """The API version to speak: the newest both know. Raises SourceError where there is none. Pure."""
    newest = _version(said.api_version)
    oldest = _version(said.min_api) or OLDEST
    if newest is None:
        raise SourceError(
            f"Docker at {url} does not say which API versions it speaks",
            "Is this a Docker engine, 20.10 or newer? Check the host's url.",
            kind="protocol",
        )
    if newest < OLDEST:
        raise SourceError(
            f"Docker at {url} speaks API {_dotted(newest)}; Quarterdeck speaks {_dotted(OLDEST)} to {_dotted(NEWEST)}",
            "Upgrade the engine to Docker 20.10 or newer.",
            kind="protocol",
        )
    if oldest > NEWEST:
        raise SourceError(
            f"Docker at {url} speaks no API older than {_dotted(oldest)}; Quarterdeck speaks up to {_dotted(NEWEST)}",
            "Upgrade Quarterdeck, or let the engine speak older versions (DOCKER_MIN_API_VERSION).",
            kind="protocol",
        )
    return _dotted(min(newest, NEWEST))


def _version(said: str | None) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d{1,4})\.(\d{1,4})", said or "", re.ASCII)
    return (int(found[1]), int(found[2])) if found else None


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _decode(answer: object, kind: type[T]) -> T:
    return msgspec.json.decode(cast("bytes", answer), type=kind)


async def _lines(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The lines of a stream of JSON values. Raises SourceError for one that has no end."""
    rest = b""
    async with aclosing(pieces) as source:
        async for piece in source:
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                if line.strip():
                    yield line
            if len(rest) > LINE_LIMIT:
                raise SourceError(
                    f"Docker sent a line of more than {LINE_LIMIT // 1_000_000} MB",
                    "Is this a Docker engine? Check the host's url.",
                    kind="protocol",
                )


def _check_files(host: DockerHost) -> None:
    tls = host.tls
    if tls is None:
        return
    for key, name in (("ca", tls.ca), ("cert", tls.cert), ("key", tls.key)):
        if name and not Path(name).is_file():
            raise SourceError(
                f"The file {clean(name)} (tls.{key} of host {host.name}) is not there or cannot be read",
                "Correct the path in the settings, or make the file readable for the agent's user.",
                kind="tls",
            )
    if bool(tls.cert) != bool(tls.key):
        raise SourceError(
            f"Host {host.name} has only one of tls.cert and tls.key", "Give both, or neither.", kind="tls"
        )


async def _never() -> None:
    await asyncio.get_running_loop().create_future()
