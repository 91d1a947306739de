"""One Alertmanager as typed calls (API v2). Every call ends within its time-out; every answer is bounded."""

from __future__ import annotations

import asyncio
import ssl
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import msgspec

from console.alerts import wire
from console.clock import Clock
from console.errors import SourceError
from console.text import clean

T = TypeVar("T")

LIMIT = 24 << 20
"""Bytes of an answer: 10,000 alerts take some 10 MiB."""


CHUNK = 500
"""Alerts decoded before others get the loop: some 3 ms."""


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
        if token and not (token.isascii() and token.isprintable()):
            # httpx would say so with the token in its words.
            raise SourceError(
                "The token for this Alertmanager holds characters that no header may have.", kind="refused"
            )
        self._http = httpx.AsyncClient(
            # It is not used for http, and to build a context for each of them would take 20 ms.
            verify=tls if tls is not None else False,
            headers={"User-Agent": "quarterdeck"} | ({"Authorization": f"Bearer {token}"} if token else {}),
            auth=httpx.BasicAuth(username, password) if username and not token else None,
            timeout=timeout_s,
            limits=httpx.Limits(max_connections=5, max_keepalive_connections=5, keepalive_expiry=60),
            trust_env=False,
            follow_redirects=False,
        )
        self._read: tuple[int, int, list[wire.Alert]] | None = None
        self.ahead_s = 0.0
        """How far its clock is ahead of ours, to a second: from the Date of its newest answer."""

    async def close(self) -> None:
        await self._http.aclose()

    async def alerts(self) -> list[wire.Alert]:
        """All of them, silenced and inhibited ones too. The same list again where the answer is the same."""
        body = await self._get("/api/v2/alerts")
        size, mark = len(body), hash(body)
        if self._read is None or self._read[:2] != (size, mark):
            raws = wire.decode(body, list[msgspec.Raw], "/api/v2/alerts")
            alerts: list[wire.Alert] = []
            for at in range(0, len(raws), CHUNK):
                alerts += [wire.decode(raw, wire.Alert, "/api/v2/alerts") for raw in raws[at : at + CHUNK]]
                await asyncio.sleep(0)
            self._read = (size, mark, alerts)
        return self._read[2]

    async def groups(self) -> list[wire.Group]:
        return wire.decode(await self._get("/api/v2/alerts/groups"), list[wire.Group], "/api/v2/alerts/groups")

    async def silences(self) -> list[wire.Silence]:
        return wire.decode(await self._get("/api/v2/silences"), list[wire.Silence], "/api/v2/silences")

    async def receivers(self) -> list[wire.Named]:
        return wire.decode(await self._get("/api/v2/receivers"), list[wire.Named], "/api/v2/receivers")

    async def status(self) -> wire.Status:
        return wire.decode(await self._get("/api/v2/status"), wire.Status, "/api/v2/status")

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
        self._note_clock(response)
        if response.status_code == httpx.codes.OK:
            return bytes(body)
        raise self._refused(response, clean(bytes(body[:400]).decode("utf-8", "replace"), 120))

    def _note_clock(self, response: httpx.Response) -> None:
        try:
            at = parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
        except (ValueError, OverflowError, TypeError):
            return
        # A Date is cut to the second, so on average it is half a second old.
        self.ahead_s = at + 0.5 - self._clock.now()

    def _refused(self, response: httpx.Response, words: str) -> SourceError:
        status = response.status_code
        if response.is_redirect:
            where = clean(response.headers.get("Location", "nowhere"), 120)
            return SourceError(
                f"{self._url} sends us on to {where}.",
                "Name the final URL in the settings; a sign-in page needs a token or a user name.",
                kind="protocol",
            )
        if status in (401, 403):
            return SourceError(
                f"{self._url} refused us: HTTP {status}.",
                "Give `token`, or `username` and `password`, in the settings of this Alertmanager.",
                kind="refused",
            )
        if status == 429:
            after = response.headers.get("Retry-After", "")
            return SourceError(
                f"{self._url} asks us to slow down: HTTP 429.",
                "Raise `poll` in the settings.",
                kind="limited",
                retry_after_s=float(after) if after.isdecimal() and len(after) < 6 else None,
            )
        return SourceError(
            f"{self._url} answered HTTP {status}: {words}",
            "Check the URL and its path prefix; Alertmanager is read through /api/v2."
            if status < 500
            else "Look at that member, or at the proxy before it.",
            kind="missing" if status == 404 else "failed",
        )

    def _translated(self, error: Exception) -> SourceError:
        causes = _causes(error)
        for cause in causes:
            if isinstance(cause, ssl.SSLError):
                words = getattr(cause, "verify_message", "") or cause.reason or str(cause)
                return SourceError(
                    f"TLS with {self._url} failed: {clean(words, 160)}",
                    "Check `tls.ca` in the settings, the name in its certificate, and that the port speaks TLS.",
                    kind="tls",
                )
        words = clean(next((str(c) for c in reversed(causes) if str(c)), type(error).__name__), 160).rstrip(".")
        if isinstance(error, httpx.ConnectError):
            return SourceError(
                f"{self._url} cannot be reached: {words}.",
                "Check the URL in the settings, the network, and that it runs.",
                kind="unreachable",
            )
        if isinstance(error, httpx.ReadError | httpx.WriteError) or "without sending a response" in words:
            return SourceError(
                f"{self._url} hung up without a whole answer.", "Check that the member is well.", kind="unreachable"
            )
        return SourceError(
            f"{self._url} does not speak HTTP as it should: {words}.",
            "Check the port in the settings.",
            kind="protocol",
        )


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found
