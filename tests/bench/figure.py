"""One figure: what it is, what was measured, what it should be."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct


class Figure(Struct, frozen=True, kw_only=True):
    key: str
    """Dotted and stable, for whoever compares two runs: screen.first_paint.ratio."""
    title: str
    measured: float | None = None
    unit: str = ""
    goal: float | None = None
    """At most this; None where a figure has no goal."""
    below: bool = False
    """The goal itself is too much already."""
    n: int = 0
    """How many samples the figure stands on."""
    how: str = ""
    missing: str = ""
    """Why it could not be measured."""
    facts: dict[str, float | str] = {}
    """What else was seen while measuring."""

    @property
    def met(self) -> bool | None:
        """None where there is no goal; a figure that could not be measured is not met."""
        if self.goal is None:
            return None
        if self.measured is None:
            return False
        return self.measured < self.goal if self.below else self.measured <= self.goal


@dataclass(frozen=True)
class Options:
    quick: bool = False
    """Few samples and short windows: to see that a figure works, not what it is."""
    soak_s: float = 60.0

    def n(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def window_s(self, full: float = 30.0, quick: float = 6.0) -> float:
        return quick if self.quick else full


class CannotMeasureError(Exception):
    """The figures cannot be had here; the message is the reason."""


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least squares: units of the second value for one of the first."""
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope
