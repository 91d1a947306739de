"""Bytes to and from GitHub: bounded, timed, and every failure of the way translated."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import zlib
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from console.errors import SourceError
from console.peer import causes
from console.settings.model import GitHub
from console.text import clean
from console.tls import client_context

BODY_LIMIT = 16 * 1024 * 1024
"""Largest answer that is read, unpacked: 100 runs are 1.2 MB, so this is tenfold of the largest page."""
AGENT = "quarterdeck"


def http(github: GitHub, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client without any credential: those are added to the requests that need them and to no other."""
    return httpx.AsyncClient(
        transport=transport,
        verify=client_context(github.tls) if transport is None else True,
        http2=False,
        follow_redirects=False,
        # A proxy of the environment stands between us and the world, never between us and this machine.
        trust_env=not _loopback(httpx.URL(github.api_url).host),
        timeout=httpx.Timeout(github.timeout),
        limits=httpx.Limits(max_connections=16, max_keepalive_connections=10, keepalive_expiry=60.0),
        # A cookie would change the ETags, and somebody may have put it there.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        headers={"User-Agent": AGENT, "Accept-Encoding": "gzip"},
    )


async def body_of(response: httpx.Response, limit: int = BODY_LIMIT) -> bytes:
    """The whole body, unpacked. Raises SourceError (protocol) as soon as it is longer than `limit`."""
    parts = bytearray()
    async for part in chunks(response):
        parts += part
        if len(parts) > limit:
            raise SourceError(
                f"The answer is longer than {limit // 1024 // 1024} MiB; it was not read further.",
                "Check api_url in the settings: does GitHub answer there?",
                kind="protocol",
            )
    return bytes(parts)


async def chunks(response: httpx.Response, step: int = 256 * 1024) -> AsyncIterator[bytes]:
    """The body in unpacked pieces of at most `step` bytes, so that a small answer cannot unpack into a huge one."""
    if response.headers.get("content-encoding", "").lower() != "gzip":
        async for raw in response.aiter_raw():
            yield raw
        return
    unpack = zlib.decompressobj(wbits=31)
    try:
        async for raw in response.aiter_raw():
            piece = unpack.decompress(raw, step)
            while piece:
                yield piece
                piece = unpack.decompress(unpack.unconsumed_tail, step)
    except zlib.error as error:
        raise SourceError(
            f"The answer says it is gzip and is not: {error}.",
            "Check what stands between the agent and GitHub: a proxy, a captive portal.",
            kind="protocol",
        ) from error


def unreached(error: Exception, host: str, timeout_s: float) -> SourceError:
    """What a failure on the way to `host` means: unreachable, timeout, tls or protocol."""
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return SourceError(
            f"GitHub at {host} did not answer within {timeout_s:g} s.",
            "Check the way there (proxy, firewall), or raise `timeout` in the settings.",
            kind="timeout",
        )
    why = clean(str(error), 200) or type(error).__name__
    if any(isinstance(cause, ssl.SSLError) for cause in causes(error)):
        return SourceError(
            f"No trusted connection to GitHub at {host}: {why}.",
            "For a private certificate authority set tls.ca in the settings; check that api_url has the right scheme and port.",
            kind="tls",
        )
    if isinstance(error, httpx.ConnectError):
        return SourceError(
            f"GitHub at {host} cannot be reached: {why}.",
            "Check the address in api_url, name resolution and HTTPS_PROXY.",
            kind="unreachable",
        )
    if isinstance(error, (httpx.ReadError, httpx.WriteError, httpx.CloseError)):
        return SourceError(
            f"GitHub at {host} closed the connection in the middle: {why}.",
            "It is tried again by itself.",
            kind="unreachable",
        )
    return SourceError(
        f"What answers at {host} does not speak HTTP as GitHub does: {why}.",
        "Check api_url in the settings: https://api.github.com, or https://HOST/api/v3 for an Enterprise Server.",
        kind="protocol",
    )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, asyncio.TimeoutError, OSError, UnicodeError)
"""Everything that httpx, TLS and the system raise on the way; UnicodeError comes from host names that are none."""
