"""What the company's services and machines measure, as functions of time. Pure.

A value depends on the seed, the thing measured and the time alone, so that a chart drawn twice is the same chart. The
shape is a day's load, slow waves, some noise, and whatever goes wrong (`Trouble`).
"""

from __future__ import annotations

import math
import re
import zlib
from datetime import datetime

from msgspec import Struct

from console.demo.names import SERVICES, Service

_DAY_S = 86_400.0
_NOISE_S = 15.0
"""Noise is constant within one scrape interval, as a sampled value is."""
_MASK = (1 << 64) - 1


class Trouble(Struct):
    """A service that fails for a while; `until` is set when somebody ends it."""

    service: str
    start: float
    until: float = math.inf
    errors: float = 0.14
    """The share of requests that fail at its height."""
    slowdown: float = 4.0
    """How many times slower the service gets."""

    def height(self, t: float) -> float:
        """0 to 1: it takes 40 s to grow and 30 s to vanish."""
        if t <= self.start or t >= self.until + 30.0:
            return 0.0
        return min(1.0, (t - self.start) / 40.0) * min(1.0, (self.until + 30.0 - t) / 30.0)


class Outage(Struct, frozen=True):
    """A scrape target that does not answer from `start` to `until`."""

    instance: str
    start: float
    until: float


class Signals:
    def __init__(self, seed: int) -> None:
        self._seed = seed * 0x9E3779B97F4A7C15
        self.troubles: list[Trouble] = []
        self.outages: list[Outage] = []
        self.lags: list[tuple[float, float]] = []
        """When the database's replica falls behind: from, until."""
        self._services = {service.name: service for service in SERVICES}
        self._keys: dict[str, int] = {}

    def service(self, name: str) -> Service:
        return self._services[name]

    def key(self, name: str) -> int:
        found = self._keys.get(name)
        if found is None:
            found = self._keys[name] = (zlib.crc32(name.encode()) * 0xBF58476D1CE4E5B9 + self._seed) & _MASK
        return found

    def noise(self, name: str, t: float) -> float:
        """-1 to 1, another for each thing and each 15 s."""
        x = (self.key(name) + int(t // _NOISE_S) * 0x94D049BB133111EB) & _MASK
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((x ^ (x >> 31)) & 0xFFFFFF) / 8_388_608.0 - 1.0

    def wave(self, name: str, t: float) -> float:
        """-1 to 1, slow: minutes to an hour."""
        phase = (self.key(name) & 0xFFFF) / 10_000.0
        return 0.6 * math.sin(t / 613.0 + phase) + 0.4 * math.sin(t / 171.0 + 2 * phase)

    def mean(self, name: str, low: float, high: float) -> float:
        """The level a thing has for ever, between two bounds."""
        return low + (high - low) * ((self.key(name) >> 20) & 0xFFFF) / 65_536.0

    def day(self, t: float) -> float:
        """0.45 at 02:30 UTC to 1 at 14:30 UTC."""
        return 0.725 + 0.275 * math.sin((t % _DAY_S) / _DAY_S * 2 * math.pi - 2.225)

    def gauge(self, name: str, t: float, low: float, high: float) -> float:
        """Something that wanders between two bounds."""
        middle = self.mean(name, low + 0.2 * (high - low), high - 0.3 * (high - low))
        swing = (high - low) * 0.12
        return max(low, min(high, middle + swing * self.wave(name, t) + 0.25 * swing * self.noise(name, t)))

    def trouble(self, service: str, t: float) -> Trouble | None:
        for trouble in reversed(self.troubles):
            if trouble.service == service and trouble.start < t < trouble.until + 30.0:
                return trouble
        return None

    def requests(self, service: str, t: float) -> float:
        """A second, over all containers of the service."""
        base = self._services[service].requests * self.day(t)
        return base * (1.0 + 0.08 * self.wave(service, t) + 0.03 * self.noise(service, t))

    def error_ratio(self, service: str, t: float) -> float:
        ratio = 0.0022 * (1.0 + 0.4 * self.wave(service + "/e", t) + 0.3 * self.noise(service + "/e", t))
        trouble = self.trouble(service, t)
        return ratio + trouble.errors * trouble.height(t) * (1.0 + 0.1 * self.noise(service, t)) if trouble else ratio

    def latency(self, service: str, quantile: float, t: float) -> float:
        """Seconds at a quantile between 0 and 1."""
        tail = math.pow(1.0 / max(0.004, 1.0 - quantile), 0.52) / 1.43
        value = self._services[service].p50_s * tail * (0.85 + 0.25 * self.day(t))
        value *= 1.0 + 0.06 * self.wave(service + "/l", t) + 0.05 * self.noise(service + "/l", t)
        trouble = self.trouble(service, t)
        return value * (1.0 + (trouble.slowdown - 1.0) * trouble.height(t)) if trouble else value

    def up(self, instance: str, t: float) -> bool:
        return not any(o.instance == instance and o.start <= t < o.until for o in self.outages)

    def replication_lag(self, t: float) -> float:
        """Seconds that the database's replica is behind."""
        calm = 0.4 + 0.3 * abs(self.noise("replica", t))
        return calm + sum(64.0 * min(1.0, (t - a) / 60) for a, b in self.lags if a < t < b)


def parse_time(text: str) -> float:
    """Seconds since 1970 of an RFC 3339 time or a number. Raises ValueError for anything else."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        if moment.tzinfo is None:
            raise ValueError(f'cannot parse "{text}" to a valid timestamp') from None
        return moment.timestamp()
