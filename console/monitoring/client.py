"""Prometheus as typed calls, through prometheus-api-client in threads.

Every call ends within its time-out, whatever the peer does; every answer is bounded.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

import requests
from prometheus_api_client.prometheus_connect import PrometheusConnect
from urllib3.exceptions import HTTPError, ProtocolError
from urllib3.util.retry import Retry

from console.clock import Clock
from console.errors import SourceError
from console.monitoring import wire
from console.monitoring.answer import LINES, Answer, instant_answer, range_answer
from console.monitoring.model import seconds
from console.monitoring.session import Call, Session, TooLargeError, Whole
from console.monitoring.threads import Threads
from console.peer import Peer, ahead_s, causes, token_header
from console.text import clean

T = TypeVar("T")

ANSWER_LIMIT = 4 << 20
"""Bytes of an answer to a query: 50 lines of 240 points take 0.4 MiB, and 16 may be on their way at once."""
FACTS_LIMIT = 24 << 20
"""Bytes of all rules or all targets: 10,000 targets take some 10 MiB."""
CONTROL_THREADS = 2
"""Threads beyond those of queries, so that rules and targets never wait for panels."""

_NO_URL = (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)


class QueryError(SourceError):
    """One query failed; the server is well. Its panel says so, and the source goes on."""


class Client:
    def __init__(
        self,
        url: str,
        *,
        timeout_s: float,
        queries: int,
        clock: Clock,
        tls: ssl.SSLContext | None = None,
        token: str = "",
        username: str = "",
        password: str = "",
    ) -> None:
        """`queries` is how many may be under way at once; more than that wait for a thread."""
        self._url = url.rstrip("/")
        self._peer = Peer(self._url, "Prometheus", "Look at fewer panels, or raise its limit.")
        self._timeout_s = timeout_s
        self._clock = clock
        self._threads = Threads(queries + CONTROL_THREADS, "prometheus")
        self._session = Session(tls, queries + CONTROL_THREADS)
        if token:
            self._session.headers["Authorization"] = token_header(token, "Prometheus")
        elif username:
            # Not requests' own pair: it would encode a password beyond Latin-1 wrongly.
            pair = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
            self._session.headers["Authorization"] = f"Basic {pair}"
        self._library = PrometheusConnect(
            url=self._url,
            session=self._session,  # type: ignore[arg-type]  # it has all that the library asks of a session
            retry=Retry(0),
            timeout=timeout_s,  # type: ignore[arg-type]  # handed on to requests, which takes a float
            method="POST",
        )
        self._calls: set[Call] = set()
        self.ahead_s: float | None = None
        """How far the server's clock is ahead of ours, to a second: from the Date of its newest answer."""

    def close(self) -> None:
        """Give up what is under way and end the threads."""
        for call in list(self._calls):
            call.give_up()
        self._threads.close()
        self._session.close()

    # -- queries -----------------------------------------------------------------------------------------------

    async def query_range(self, query: str, start: float, end: float, step_s: int, *, most: int = LINES) -> Answer:
        """The lines of `query` from `start` to `end` (whole seconds, multiples of the step), at most `most` of them.

        Raises QueryError where the query is at fault, SourceError where the server is.
        """

        def ask() -> Whole:
            at = (datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
            return self._library.custom_query_range(query, *at, f"{step_s}", params=self._limits())  # type: ignore[no-any-return]  # session.py

        def read(whole: Whole) -> Answer:
            return range_answer(self._envelope(whole, query=True), start, end, step_s, most)

        return await self._call(ask, read, ANSWER_LIMIT, query=True)

    async def query(self, query: str, at: float, *, most: int = LINES) -> Answer:
        """The values of `query` at one moment: lines of one point."""

        def ask() -> Whole:
            return self._library.custom_query(query, params={"time": f"{at:.3f}", **self._limits()})  # type: ignore[no-any-return]  # session.py

        def read(whole: Whole) -> Answer:
            return instant_answer(self._envelope(whole, query=True), at, most)

        return await self._call(ask, read, ANSWER_LIMIT, query=True)

    def _limits(self) -> dict[str, str]:
        # The server gives a query up when we do.
        return {"timeout": f"{self._timeout_s:g}s"}

    # -- facts -------------------------------------------------------------------------------------------------

    async def rules(self) -> list[wire.RuleGroup]:
        return (await self._get("/api/v1/rules", wire.RulesData)).groups or []

    async def targets(self) -> list[wire.Target]:
        """The active targets."""
        return (await self._get("/api/v1/targets?state=active", wire.TargetsData)).active_targets or []

    async def alerts(self) -> list[wire.ActiveAlert]:
        """What the server's own rules have pending and firing."""
        return (await self._get("/api/v1/alerts", wire.AlertsData)).alerts or []

    async def buildinfo(self) -> wire.BuildInfo:
        return await self._get("/api/v1/status/buildinfo", wire.BuildInfo)

    async def scrape_interval_s(self) -> float:
        """The configuration's global interval; 0 where it names none."""
        config = await self._get("/api/v1/status/config", wire.ConfigData)
        found = re.search(r"^global:\n(?:[ \t]+.*\n)*?[ \t]+scrape_interval:[ \t]*(\S+)", config.yaml, re.MULTILINE)
        return seconds(found[1]) if found else 0.0

    async def _get(self, path: str, kind: type[T]) -> T:
        def ask() -> Whole:
            return self._session.request("GET", f"{self._url}{path}", timeout=self._timeout_s)

        def read(whole: Whole) -> T:
            return wire.decode(self._envelope(whole, query=False).data, kind, path.partition("?")[0])

        return await self._call(ask, read, FACTS_LIMIT, query=False)

    # -- the one way out ---------------------------------------------------------------------------------------

    async def _call(self, ask: Callable[[], Whole], read: Callable[[Whole], T], limit: int, *, query: bool) -> T:
        call = Call(limit)

        def work() -> T:
            with call.here():
                whole = ask()
            ahead = ahead_s(whole.headers, self._clock.now())
            self.ahead_s = self.ahead_s if ahead is None else ahead
            return read(whole)

        self._calls.add(call)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._threads.run(work)
        except TimeoutError as error:
            raise self._late(query=query) from error
        except TooLargeError as error:
            if query:
                raise QueryError(error.message, error.hint) from error
            raise
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise self._translated(error, query=query) from error
        finally:
            call.give_up()
            self._calls.discard(call)

    def _envelope(self, whole: Whole, *, query: bool) -> wire.Envelope:
        status = whole.status
        if status == 200:
            envelope = wire.decode(whole.body, wire.Envelope, "The answer")
            if envelope.status == "success":
                return envelope
            _refused(envelope, status, query=query)
        # 400, 422 and 503 of the API itself carry its own words; those of a proxy do not.
        if whole.body[:1] == b"{" and status not in (401, 403, 429) and status >= 400:
            _refused(wire.decode(whole.body, wire.Envelope, f"HTTP {status}"), status, query=query)
        raise self._peer.refusal(status, whole.headers, whole.body)

    def _late(self, *, query: bool) -> SourceError:
        kind = QueryError if query else SourceError
        return kind(
            f"No whole answer within {self._timeout_s:g} s.",
            "Make the query cheaper (a recording rule, a shorter range) or raise `timeout`."
            if query
            else f"Look at {self._url}; or raise `timeout` in its settings.",
            kind="timeout",
        )

    def _translated(self, error: Exception, *, query: bool) -> SourceError:
        under = causes(error)
        if (no_tls := self._peer.no_tls(under)) is not None:
            return no_tls
        if any(isinstance(cause, TimeoutError | requests.Timeout) for cause in under):
            return self._late(query=query)
        if any(isinstance(cause, _NO_URL) for cause in under):
            return SourceError(f"{self._url} is not a URL that can be asked.", "Write http://HOST:PORT.", kind="failed")
        if any(isinstance(cause, ConnectionRefusedError) for cause in under) or not any(
            isinstance(cause, ProtocolError | ValueError) for cause in under
        ):
            return self._peer.unreachable(under)
        return self._peer.hung_up() if isinstance(under[-1], ConnectionError) else self._peer.no_http(under)


def _refused(envelope: wire.Envelope, status: int, *, query: bool) -> NoReturn:
    words = clean(envelope.error, 400).strip() or f"HTTP {status} without a reason"
    # A proxy may speak JSON too, but not in these words.
    if query and envelope.status == "error" and envelope.error_type != "unavailable":
        kind = "timeout" if envelope.error_type in ("timeout", "canceled") else "failed"
        raise QueryError(
            words, "Mend the query in the settings." if envelope.error_type == "bad_data" else "", kind=kind
        )
    raise SourceError(f"Prometheus refused: {words}", kind="missing" if status == 404 else "failed")
