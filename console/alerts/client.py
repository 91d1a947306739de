"""One Alertmanager as typed calls (API v2). Every call ends within its time-out; every answer is bounded."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, TypeVar

import httpx
import msgspec

from console.alerts import wire
from console.alerts.turns import turns
from console.clock import Clock
from console.errors import SourceError
from console.peer import Peer, ahead_s, causes, token_header, words

T = TypeVar("T")

LIMIT = 24 << 20
"""Bytes of an answer: 10,000 alerts take some 10 MiB."""


class Client:
    def __init__(
        self,
        url: str,
        *,
        timeout_s: float,
        clock: Clock,
        tls: ssl.SSLContext | None = None,
        token: str = "",
        username: str = "",
        password: str = "",
    ) -> None:
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._clock = clock
        self._peer = Peer(self._url, "Alertmanager", "Raise `poll` in the settings.")
        self._http = httpx.AsyncClient(
            # None only for plain http, where it is not used (console/tls.py).
            verify=tls if tls is not None else False,
            headers={"User-Agent": "quarterdeck"}
            | ({"Authorization": token_header(token, "Alertmanager")} if token else {}),
            auth=httpx.BasicAuth(username, password) if username and not token else None,
            timeout=timeout_s,
            limits=httpx.Limits(max_connections=5, max_keepalive_connections=5, keepalive_expiry=60),
            trust_env=False,
            follow_redirects=False,
        )
        self._read: dict[str, tuple[tuple[int, int], list[Any]]] = {}
        self.ahead_s = 0.0
        """How far its clock is ahead of ours, to a second: from the Date of its newest answer."""

    async def close(self) -> None:
        await self._http.aclose()

    async def alerts(self) -> list[wire.Alert]:
        """All of them, silenced and inhibited ones too."""
        return await self._list("/api/v2/alerts", wire.Alert)

    async def groups(self) -> list[wire.Group]:
        return await self._list("/api/v2/alerts/groups", wire.Group)

    async def silences(self) -> list[wire.Silence]:
        return await self._list("/api/v2/silences", wire.Silence)

    async def receivers(self) -> list[wire.Named]:
        return wire.decode(await self._get("/api/v2/receivers"), list[wire.Named], "/api/v2/receivers")

    async def status(self) -> wire.Status:
        return wire.decode(await self._get("/api/v2/status"), wire.Status, "/api/v2/status")

    async def _list(self, path: str, kind: type[T]) -> list[T]:
        """The same list again where the answer is the same."""
        body = await self._get(path)
        mark = (len(body), hash(body))
        known = self._read.get(path)
        if known is None or known[0] != mark:
            raws = wire.decode(body, list[msgspec.Raw], path)
            known = self._read[path] = (mark, [wire.decode(raw, kind, path) async for raw in turns(raws)])
        return known[1]

    async def _get(self, path: str) -> bytes:
        try:
            async with asyncio.timeout(self._timeout_s), self._http.stream("GET", f"{self._url}{path}") as response:
                body = bytearray()
                async for chunk in response.aiter_bytes(65_536):
                    body += chunk
                    if len(body) > LIMIT:
                        raise SourceError(
                            f"{self._url}{path} answered more than {LIMIT // 1_048_576} MiB.",
                            "Fewer alerts: group them in Prometheus, or name another member.",
                            kind="protocol",
                        )
        except (TimeoutError, httpx.TimeoutException) as error:
            raise SourceError(
                f"{self._url} gave no whole answer within {self._timeout_s:g} s.",
                "Look at that member, or raise `timeout` in the settings.",
                kind="timeout",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise self._translated(error) from error
        ahead = ahead_s(response.headers, self._clock.now())
        self.ahead_s = self.ahead_s if ahead is None else ahead
        if response.status_code == httpx.codes.OK:
            return bytes(body)
        raise self._peer.refusal(response.status_code, response.headers, bytes(body))

    def _translated(self, error: Exception) -> SourceError:
        under = causes(error)
        if (no_tls := self._peer.no_tls(under)) is not None:
            return no_tls
        if isinstance(error, httpx.ConnectError):
            return self._peer.unreachable(under)
        if isinstance(error, httpx.ReadError | httpx.WriteError) or "without sending a response" in words(under):
            return self._peer.hung_up()
        return self._peer.no_http(under)
