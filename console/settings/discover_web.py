"""Prometheus and Alertmanager on their usual ports of this machine."""

from __future__ import annotations

import asyncio
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from console.text import clean

ANSWER_LIMIT = 65_536

Pack = Literal["node-exporter", "cadvisor", "prometheus", "http"]

TELLING: dict[Pack, str] = {
    "node-exporter": "node_cpu_seconds_total",
    "cadvisor": "container_cpu_usage_seconds_total",
    "prometheus": "prometheus_build_info",
    "http": "http_requests_total",
}
"""A metric that a Prometheus has when a pack's panels would show something."""

T = TypeVar("T")


class Server(Struct, frozen=True):
    detail: str
    version: str | None = None
    """None where nothing of its kind answers."""
    packs: tuple[Pack, ...] = ()


class _Info(Struct, frozen=True):
    version: str = ""


class _BuildInfo(Struct, frozen=True):
    status: str
    data: _Info = _Info()


class _Status(Struct, frozen=True):
    version: _Info = msgspec.field(name="versionInfo")


class _Result(Struct, frozen=True):
    result: list[msgspec.Raw] = []


class _Answer(Struct, frozen=True):
    data: _Result = _Result()


def prometheus(url: str, timeout_s: float) -> Server:
    try:
        info = _get(f"{url}/api/v1/status/buildinfo", timeout_s, _BuildInfo)
        version = clean(info.data.version, 40)
        packs = tuple(pack for pack, metric in TELLING.items() if _has(url, metric, timeout_s))
    except _NotThereError as absent:
        return Server(str(absent))
    told = f", with metrics for {', '.join(packs)}" if packs else ""
    return Server(f"Prometheus {version}{told}", version, packs)


def alertmanager(url: str, timeout_s: float) -> Server:
    try:
        version = clean(_get(f"{url}/api/v2/status", timeout_s, _Status).version.version, 40)
    except _NotThereError as absent:
        return Server(str(absent))
    return Server(f"Alertmanager {version}", version)


class _NotThereError(Exception):
    pass


def _has(url: str, metric: str, timeout_s: float) -> bool:
    return bool(_get(f"{url}/api/v1/query?query=count({metric})", timeout_s, _Answer).data.result)


def _get(url: str, timeout_s: float, kind: type[T]) -> T:
    """A JSON answer of at most ANSWER_LIMIT bytes. Raises _NotThereError, saying what is there instead."""
    import httpx

    try:
        # A loop of its own in this thread: only a deadline around the whole stops one that drips its headers.
        raw = asyncio.run(_fetch(url, timeout_s))
        return msgspec.json.decode(raw, type=kind)
    except httpx.ConnectError:
        raise _NotThereError("nothing answers there") from None
    except (httpx.TimeoutException, TimeoutError):
        raise _NotThereError(f"it did not answer within {timeout_s:g} s") from None
    except (httpx.HTTPError, msgspec.DecodeError, UnicodeDecodeError):
        raise _NotThereError("something else answers there") from None


async def _fetch(url: str, timeout_s: float) -> bytes:
    import httpx

    raw = b""
    # trust_env: what is on this machine is not asked through a proxy. identity: a bomb cannot unfold.
    async with (
        asyncio.timeout(timeout_s),
        httpx.AsyncClient(timeout=timeout_s, trust_env=False, headers={"Accept-Encoding": "identity"}) as client,
        client.stream("GET", url) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise _NotThereError(f"something else answers there (HTTP {answer.status_code})")
        async for part in answer.aiter_raw():
            raw += part
            if len(raw) > ANSWER_LIMIT:
                raise _NotThereError("something else answers there")
    return raw
