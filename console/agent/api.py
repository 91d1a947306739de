"""The agent's HTTP API; /schema is written from it, docs/agent.md tells of it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from litestar import Litestar, Request, Response, get, put
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from console import __version__
from console.agent.frame import AFTER_KEY
from console.agent.identity import PERSONAL_REFUSES, SCOPE_KEY, Caller
from console.agent.metrics import CONTENT_TYPE, Metrics
from console.agent.stream import pages
from console.clock import Clock
from console.errors import ConsoleError, SourceError
from console.topics import TOPICS
from console.world.feed import LogReader
from console.world.interest import Interest
from console.world.model import LogLine, Source
from console.world.world import World

NDJSON = "application/x-ndjson"
LOG_TICK_S = 1.0
"""A followed log sends at least an empty batch this often, so that a client that went away is noticed."""


@dataclass(frozen=True)
class Parts:
    """What the routes work on."""

    world: World
    interest: Interest
    clock: Clock
    metrics: Metrics
    reader: Callable[[str, str], LogReader | None]
    """The log reader for (topic, record id)."""
    mode: Literal["personal", "duty"]
    started_at: float
    settings_path: Callable[[], str]
    """The settings file in force; empty where there is none."""
    streams: Counter[str]
    """Open streams by client."""
    redact: Callable[[bytes], bytes]
    """Takes secrets out of a log line."""
    ending: asyncio.Event
    """Set when the agent ends: streams end then, each with a whole line."""


class Health(msgspec.Struct, frozen=True):
    version: str
    mode: str
    up_s: float
    sources: list[Source]


class Who(msgspec.Struct, frozen=True):
    name: str
    uid: int
    mode: str
    """The agent's."""
    refuses: tuple[str, ...]
    """What this agent leaves alone, whoever asks."""
    settings: str
    """The settings file that the agent was started with; empty where there was none."""
    pid: int


class Looks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    client: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8,32}$")]
    """The id that the client's own stream was opened with."""
    looks: Annotated[list[tuple[str, str]], msgspec.Meta(max_length=2000)]
    """(topic, id) of every record that is looked at."""


class Problem(msgspec.Struct, frozen=True):
    message: str
    hint: str = ""


@get("/v1/world/stream", media_type=NDJSON, summary="The world: a snapshot, then changes, then heartbeats")
async def stream(
    request: Request[None, None, State],
    since: FromQuery[str] = "",
    topics: FromQuery[str] = "",
    client: Annotated[str, QueryParameter(pattern=r"^[0-9a-f]*$", max_length=32)] = "",
) -> Stream:
    """NDJSON pages. `since` is the cursor of an earlier page; `topics` narrows, separated by commas."""
    parts = _parts(request)
    key = _client(request, client)
    wanted = frozenset(filter(None, topics.split(",")))
    _known(wanted)

    async def lines() -> AsyncIterator[bytes]:
        parts.streams[key] += 1
        try:
            async for line in pages(parts.world, parts.clock, since, wanted, parts.ending):
                yield line
        finally:
            parts.streams[key] -= 1
            if not parts.streams[key]:
                del parts.streams[key]
                parts.interest.look(key, ())

    return Stream(lines(), media_type=NDJSON)


@get("/v1/world/{topic:str}", summary="All records of a topic")
async def topic_records(request: Request[None, None, State], topic: FromPath[str]) -> Response[bytes]:
    """A JSON array of the topic's records, as the world has them."""
    _known(frozenset({topic}))
    world = _parts(request).world
    bodies = [world.body(topic, i) for i in sorted(r.id for r in world.all(TOPICS[topic]))]
    return Response(b"[" + b",".join(b for b in bodies if b is not None) + b"]", media_type="application/json")


@put("/v1/looks", status_code=204, summary="Say what this client looks at")
async def looks(request: Request[None, None, State], data: JSONBody[Looks]) -> None:
    """Sources fetch what costs something only while somebody looks. Holds until the client's stream ends."""
    parts, key = _parts(request), _client(request, data.client)
    if key not in parts.streams:
        # Nobody would ever end these looks, and they would be paid for as long as the agent lives (R45).
        raise SourceError(
            "This client has no open stream.", "Open /v1/world/stream with the same client id.", kind="missing"
        )
    parts.interest.look(key, data.looks)


@get("/v1/log", media_type=NDJSON, summary="The log of a container or a job")
async def log(  # noqa: PLR0917  # query parameters, given by name
    request: Request[None, None, State],
    topic: FromQuery[str],
    record: FromQuery[str],
    follow: FromQuery[bool] = False,
    tail: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 500,
    since: FromQuery[float | None] = None,
) -> Stream:
    """NDJSON, each line an array of log lines. The first comes before the status, so a missing log is a 404."""
    parts = _parts(request)
    known = topic in TOPICS and parts.world.get(TOPICS[topic], record) is not None
    reader = parts.reader(topic, record) if known else None
    if reader is None:
        raise SourceError(
            f"There is no log for {topic} {record}.",
            "`quarterdeck list containers` shows what has one.",
            kind="missing",
        )
    lines = _LogLines(aiter(reader.log(record, follow=follow, tail=tail, since=since)), parts)
    request.scope[AFTER_KEY].append(lines.close)  # type: ignore[literal-required]  # our own key
    # A log that is not there says so at once, with its status; a silent one opens without a line.
    await lines.begin()
    return Stream(lines.read(), media_type=NDJSON)


@get("/v1/health", summary="Is the agent well, and its sources")
async def health(request: Request[None, None, State]) -> Health:
    parts = _parts(request)
    sources = sorted(parts.world.all(Source), key=lambda s: s.id)
    return Health(__version__, parts.mode, parts.clock.now() - parts.started_at, sources)


@get("/v1/whoami", summary="Who the kernel says you are")
async def whoami(request: Request[None, None, State]) -> Who:
    caller = _caller(request)
    parts = _parts(request)
    refuses = PERSONAL_REFUSES if parts.mode == "personal" else ()
    return Who(caller.name, caller.uid, parts.mode, refuses, parts.settings_path(), os.getpid())


@get("/metrics", media_type=CONTENT_TYPE, summary="The agent's own figures, in Prometheus format")
async def metrics(request: Request[None, None, State]) -> Response[bytes]:
    return Response(_parts(request).metrics.text(), media_type=CONTENT_TYPE)


def api(parts: Parts) -> Litestar:
    return Litestar(
        [stream, topic_records, looks, log, health, whoami, metrics],
        state=State({"parts": parts}),
        exception_handlers={ConsoleError: _told},
        openapi_config=OpenAPIConfig(
            "Quarterdeck agent",
            __version__,
            path="/schema",
            render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"])],
        ),
        logging_config=None,
        request_max_body_size=1_000_000,
    )


class _LogLines:
    """Batches of a log as lines of NDJSON, with an empty one at least each LOG_TICK_S."""

    def __init__(self, batches: AsyncIterator[list[LogLine]], parts: Parts) -> None:
        self._batches = batches
        self._parts = parts
        self._encode = msgspec.json.Encoder().encode
        self._waiting: asyncio.Task[list[LogLine]] | None = None

    async def begin(self) -> None:
        """Wait a moment for the first batch. Raises what the log raises in that time."""
        await self._next()
        if self._waiting.done() and (error := self._waiting.exception()) and not isinstance(error, StopAsyncIteration):  # type: ignore[union-attr]  # set by _next
            raise error

    async def read(self) -> AsyncIterator[bytes]:
        try:
            while not self._parts.ending.is_set():
                await self._next()
                if self._waiting is None or not self._waiting.done():
                    yield b"[]\n"
                    continue
                batch, self._waiting = self._waiting.result(), None
                yield self._parts.redact(self._encode(batch)) + b"\n"
        except StopAsyncIteration:
            return
        except ConsoleError as error:
            note = LogLine(None, "note", f"The log ended: {error.message} {error.hint}".rstrip())
            yield self._parts.redact(self._encode([note])) + b"\n"

    async def _next(self) -> None:
        if self._waiting is None:
            self._waiting = asyncio.ensure_future(_anext(self._batches))
        await asyncio.wait({self._waiting}, timeout=LOG_TICK_S)

    async def close(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)
        if hasattr(self._batches, "aclose"):
            await self._batches.aclose()


async def _anext(batches: AsyncIterator[list[LogLine]]) -> list[LogLine]:
    return await anext(batches)


def _parts(request: Request[None, None, State]) -> Parts:
    parts: Parts = request.app.state["parts"]
    return parts


def _caller(request: Request[None, None, State]) -> Caller:
    caller: Caller = request.scope[SCOPE_KEY]  # type: ignore[literal-required]  # our own key
    return caller


def _client(request: Request[None, None, State], client: str) -> str:
    # The uid is part of it, so that nobody can speak for another user's screen.
    return f"{_caller(request).uid}:{client}"


def _known(topics: frozenset[str]) -> None:
    if unknown := sorted(topics - TOPICS.keys()):
        raise SourceError(
            f"There is no topic {unknown[0]!r}.", f"There are: {', '.join(sorted(TOPICS))}.", kind="missing"
        )


_STATUS = {"missing": 404, "refused": 403, "limited": 429}


def _told(_: Request[None, None, State], error: ConsoleError) -> Response[Problem]:
    kind = error.kind if isinstance(error, SourceError) else ""
    return Response(Problem(error.message, error.hint), status_code=_STATUS.get(kind, 502))
