"""Durations as people write them: `30s`, `1h30m`, `7d`, or a number of seconds. Pure."""

from __future__ import annotations

import itertools
import math
import re

from console.settings.model import Seconds

UNITS_MS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}

LONGEST_S = 315_360_000.0
"""Ten years: nothing in a settings file is meant to last longer, so more is a slip of the finger."""

ALLOWED = "a duration such as 30s, 10m, 1h30m or 7d, or a number of seconds"

_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|[wdhms])")


def parse_seconds(raw: object) -> Seconds:
    """Seconds, exact to the millisecond. Raises ValueError, whose text says what is wrong without a path."""
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        raise ValueError("is not a duration")  # noqa: TRY004  # a wrong value of a file, not of a program
    seconds = _from_text(raw) if isinstance(raw, str) else _from_number(raw)
    if seconds < 0:
        raise ValueError("is negative")
    if not seconds <= LONGEST_S:
        raise ValueError("is longer than ten years" if math.isfinite(seconds) else "is not a finite number")
    return Seconds(round(seconds, 3))


def format_seconds(seconds: float) -> str:
    """The shortest way to write it: 600.0 is `10m`, 5400.0 is `1h30m`, 0.25 is `250ms`; reads back to the same."""
    left = round(seconds * 1000)
    if left == 0:
        return "0s"
    parts = []
    for unit, size in UNITS_MS.items():
        if unit == "w":  # `7d` says more than `1w` beside `30d`
            continue
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def _from_number(raw: float) -> float:
    try:
        return float(raw)
    except OverflowError:
        return math.inf


def _from_text(raw: str) -> float:
    text = raw.strip().lower()
    sign = -1 if text.startswith("-") else 1
    body = text.lstrip("+-")
    try:
        # Only what looks like a plain number: float() takes `nan`, `1_0` and `infinity` too.
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", body):
            return sign * float(body)
    except OverflowError:
        return math.inf
    parts = _PART.findall(body)
    if not parts or "".join(number + unit for number, unit in parts) != body:
        raise ValueError("is not a duration")
    sizes = [UNITS_MS[unit] for _, unit in parts]
    if any(later >= earlier for earlier, later in itertools.pairwise(sizes)):
        raise ValueError("has its units in a wrong order; the larger unit stands first, each once")
    return sign * sum(float(number) * UNITS_MS[unit] for number, unit in parts) / 1000
