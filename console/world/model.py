"""What the world is made of: records, pages of them, and how fresh each source is. Pure."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec
from msgspec import Struct


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """The base of every record a room puts into the world.

    No record can hold a cycle, so the collector need not walk them: with 10,000 alerts that stalled the loop.
    A subclass names its `topic`. A record holds facts only and nothing that moves by itself: an age is worked out
    where it is shown, so that a world in which nothing happens sends nothing.
    """

    topic: ClassVar[str]

    id: str
    """The identity within the topic; the same for the same thing for ever."""


class Line(Struct, frozen=True):
    """One record on the wire. `body` is the record as JSON; null means that it is gone."""

    topic: str
    id: str
    seq: int
    body: msgspec.Raw


class Page(Struct, frozen=True, omit_defaults=True):
    """One line of the stream.

    snapshot   some records of the whole world; `more` says that another page of it follows; what a client holds and
               no page of the snapshot names is gone
    changes    what is newer than the cursor
    heartbeat  nothing happened; the agent lives
    """

    kind: Literal["snapshot", "changes", "heartbeat"]
    cursor: str
    """EPOCH.SEQ: give it back as `since` to go on from here. Another epoch is another world: a snapshot follows."""
    at: float
    """The agent's clock, seconds since 1970."""
    records: tuple[Line, ...] = ()
    more: bool = False


class LogLine(Struct, frozen=True):
    """One line of a log, of a container or a job; already clean of control codes but for SGR colours."""

    at: float | None
    """Seconds since 1970, UTC; None where the line carries no time stamp."""
    stream: Literal["stdout", "stderr", "note"]
    """`note` is the agent's own word about the log: where it begins, what was dropped, why it ended."""
    text: str


SourceWord = Literal["starting", "ok", "degraded", "failed", "off"]


class Source(Record, frozen=True, kw_only=True):
    """The state of one source: where facts come from and how old they may be."""

    topic: ClassVar[str] = "sources"

    kind: str
    """docker, github, prometheus, alertmanager; the id is kind/name: docker/eu1."""
    state: SourceWord = "starting"
    fresh_s: float = 0.0
    """While the state is ok the facts are at most this old, in seconds; 0 means as they happen."""
    since: float = 0.0
    """When this state began."""
    data_at: float | None = None
    """When the facts were last known to be true, while tries fail; None while they succeed, since then fresh_s holds."""
    error: str = ""
    hint: str = ""
    error_kind: str = ""
    failures: int = 0
    """Tries in a row that failed."""
    retry_at: float | None = None
    detail: str = ""
    """One short thing worth seeing in the bar: 61% of budget used, API 1.41, 2 of 3 members."""
    notes: tuple[str, ...] = ()
    """What this source cannot give, and why: a repository that is gone, a scope that is missing."""


class Agent(Record, frozen=True, kw_only=True):
    """The agent itself; one record, id `self`."""

    topic: ClassVar[str] = "agent"

    version: str
    mode: Literal["personal", "duty"]
    organisation: str = ""
    demo: bool = False
    started_at: float
    pid: int
    host: str
    settings_path: str = ""
    refuses: tuple[str, ...] = ()
    """What a personal agent leaves alone (R1)."""


class Notice(Record, frozen=True, kw_only=True):
    """Something the agent wants every operator to know until it is mended: bad settings, a full disk."""

    topic: ClassVar[str] = "notices"

    level: Literal["info", "warning", "error"]
    message: str
    hint: str = ""
    since: float


def backoff_s(failures: int, jitter: float, *, first_s: float = 0.5, most_s: float = 30.0) -> float:
    """Seconds to wait after `failures` failures in a row: doubled each time, spread by `jitter` in [0, 1).

    Full jitter over the upper half, so that many sources that fell together do not come back together.
    """
    ceiling = min(most_s, first_s * 2.0 ** min(max(failures - 1, 0), 16))
    return ceiling * (0.5 + jitter / 2.0)


def age_s(source: Source, now: float) -> float | None:
    """How old the facts of `source` may be at `now`, in seconds; None where there have never been any."""
    if source.data_at is not None:
        return max(0.0, now - source.data_at)
    return source.fresh_s if source.state in ("ok", "degraded") else None
