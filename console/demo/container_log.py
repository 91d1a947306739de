"""What a container of the company prints: each line follows from the container and its number in the log. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from msgspec import Struct

from console.demo.hosts import Container
from console.demo.names import PEOPLE
from console.demo.signals import Signals

KEPT = 4_000
"""Lines before older ones are rotated away, as `max-size` does."""
_PATHS = ("/api/cart", "/api/price", "/api/orders", "/healthz", "/api/search?q=lamp", "/api/login", "/metrics")
_HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x1b[1;1Hcleared your screen?",
    "[bold red]markup[/] [@click=app.quit]click[/] {{template}} %s %n",
    "right \u202eto left\u202c, zero\u200bwidth, tab\tand bell\x07, \x9b31m8-bit",
    "ImportError: cannot import name 'ledger' from 'warehouse'",
)


class Line(Struct, frozen=True):
    at: float
    error: bool
    """Printed to stderr."""
    text: str


def interval_s(container: Container) -> float:
    return 1.0 + int(container.id[:2], 16) / 96.0


def lines(container: Container, signals: Signals, after: float, until: float) -> Iterator[Line]:
    """The lines printed after one moment and not after another, oldest first."""
    gap = interval_s(container)
    begin = max(after, container.created, until - KEPT * gap)
    end = until if container.state == "running" else min(until, container.finished + 0.5)
    for k in range(int((begin - container.created) / gap), int((end - container.created) / gap) + 1):
        rng = Random(f"{container.id}/{k}")
        at = container.created + gap * (k + rng.random() * 0.8)
        if begin < at <= end and at > container.created:
            yield _line(container, signals, rng, at)


def _line(container: Container, signals: Signals, rng: Random, at: float) -> Line:
    if container.hostile:
        return Line(at, error=True, text=rng.choice(_HOSTILE))
    path, who = rng.choice(_PATHS), rng.choice(PEOPLE)
    trouble = signals.trouble(container.service, at) if container.sick else None
    if trouble and rng.random() < 0.5 * trouble.height(at) + 0.05:
        text = rng.choice(
            ("pool exhausted: 20 of 20 connections in use", "upstream ledger: deadline exceeded after 2.0 s")
        )
        return Line(
            at,
            error=True,
            text=f'{_clock(at)} ERROR request failed path="{path}" error="{text}" trace={rng.getrandbits(48):012x}',
        )
    if rng.random() < 0.03:
        return Line(at, error=True, text=f"{_clock(at)} WARN slow query took {rng.uniform(0.4, 2):.2f} s user={who}")
    took = rng.expovariate(1 / 40)
    return Line(
        at,
        error=False,
        text=f"{_clock(at)} INFO {rng.choice(('GET', 'GET', 'GET', 'POST'))} {path} {200 if rng.random() < 0.96 else 404} {took:.1f}ms user={who}",
    )


def _clock(t: float) -> str:
    return datetime.fromtimestamp(t, UTC).strftime("%H:%M:%S.%f")[:-3]
