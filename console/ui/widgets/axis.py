"""The scale of a chart: round ends, and a middle that is as round. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple

_NICE = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
"""Halves of a scale that read well in two digits, doubled too."""
_BINARY = (1, 1.5, 2)
"""The same for bytes, over powers of two: 384 MiB, 512 MiB, 1.5 GiB."""


class Scale(NamedTuple):
    low: float
    high: float

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


def scale(low: float, high: float, unit: str = "") -> Scale:
    """Ends around `low` and `high`. A measure that comes near zero starts at zero, so that its size can be seen."""
    if low >= 0 and low <= high / 2:
        low = 0.0
    elif high <= 0 and high >= low / 2:
        high = 0.0
    # Below this a figure is a rounding error of whoever sent it, and floats have no room for steps.
    low, high = (0.0 if abs(end) < 1e-200 else end for end in (low, high))
    if high - low <= max(abs(low), abs(high)) * 1e-9:
        low, high = (0.0, 1.0) if high == 0 else (low - abs(low) / 2, high + abs(high) / 2)
    binary = unit.startswith("bytes")
    slack = (high - low) * 1e-9
    half = _nice((high - low) / 2, binary=binary)
    while True:
        bottom = math.floor((low + slack) / half) * half
        if bottom + 2 * half >= high - slack:
            return Scale(bottom, bottom + 2 * half)
        half = _nice(half * 1.01, binary=binary)


def _nice(value: float, *, binary: bool) -> float:
    """The smallest round number that is not below `value`."""
    base, steps = (2.0, _BINARY) if binary else (10.0, _NICE)
    power = base ** math.floor(math.log(value, base))
    return next((step * power for step in steps if step * power >= value * (1 - 1e-9)), base * power)
