"""Values as people read them: ages, durations, figures, clock times, states. Pure.

Figures carry at most three digits and their unit; what is not known is a dash, never a zero (R43).
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo

from console.words import ASCII_GLYPHS, GLYPHS, StateWord

NOTHING = "—"
"""Shown where there is no value."""

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86_400, 365 * 86_400
_DECIMAL = ("", "k", "M", "G", "T", "P", "E")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_BELOW_SECOND = (("ms", 1e3), ("µs", 1e6), ("ns", 1e9))


def ago(seconds: float | None) -> str:
    """How long ago, in one unit: 41s, 3m, 2h, 9d, 3y. A time to come (clock skew) is 0s."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = max(0, int(seconds))
    for size, unit in ((2 * _YEAR, "y"), (_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if whole >= size:
            return f"{whole // (_YEAR if unit == 'y' else size)}{unit}"
    return f"{whole}s"


def duration(seconds: float | None) -> str:
    """How long something took or has been going on: 41s, 3:12, 2h05m, 3d04h."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}:{whole % _MINUTE:02}"
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}m"
    return f"{whole // _DAY}d{whole % _DAY // _HOUR:02}h"


def number(value: float | None, unit: str = "") -> str:
    """A figure with its unit, in at most three digits: 1.4k/s, 312 ms, 4.2 GiB, 0.31 %.

    Units: s, ms, bytes, percent (0-100), ratio (0-1, shown as per cent), per_second, bytes_per_second, count or "",
    or any word, which is written after the figure.
    """
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "-inf" if value < 0 else "inf"
    match unit:
        case "s":
            return _time(value)
        case "ms":
            return _time(value / 1000)
        case "bytes":
            return _scaled(value, 1024, _BINARY, " ")
        case "bytes_per_second" | "bytes/s":
            return _scaled(value, 1024, _BINARY, " ") + "/s"
        case "percent":
            return _scaled(value, 1000, _DECIMAL, "") + " %"
        case "ratio":
            return _scaled(value * 100, 1000, _DECIMAL, "") + " %"
        case "per_second":
            return _scaled(value, 1000, _DECIMAL, "") + "/s"
        case "" | "count":
            return _scaled(value, 1000, _DECIMAL, "")
    return f"{_scaled(value, 1000, _DECIMAL, '')} {unit}"


def clock(at: float | None, tz: tzinfo | None = None, *, now: float | None = None) -> str:
    """The absolute time with its zone: 14:02:11 UTC+1. Where `now` is given and on another day, with the date.

    `at` and `now` are seconds since 1970; without `tz` it is the operator's own zone.
    """
    try:
        when = _local(at, tz)
        today = None if now is None else _local(now, tz)
    except (OverflowError, ValueError, OSError, TypeError):
        # A peer may send any number for a time; one that no calendar holds is not known.
        return NOTHING
    day = "" if today is None or today.date() == when.date() else f"{when:%Y-%m-%d} "
    offset = when.utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    zone = "" if minutes == 0 else f"{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
    return f"{day}{when:%H:%M:%S} UTC{zone}"


def glyph(word: StateWord, ascii: bool = False) -> str:  # noqa: A002  # the word the settings use
    return (ASCII_GLYPHS if ascii else GLYPHS)[word]


def state_text(word: StateWord, detail: str = "", *, ascii: bool = False) -> str:  # noqa: A002  # as above
    """Glyph, word and what there is to add: `● ok`, `◇ stale 42s`."""
    return f"{glyph(word, ascii)} {word}{' ' if detail else ''}{detail}"


def _local(at: float | None, tz: tzinfo | None) -> datetime:
    if at is None:
        raise ValueError
    utc = datetime.fromtimestamp(at, UTC)
    return utc.astimezone(tz)


def _time(seconds: float) -> str:
    size = abs(seconds)
    if size >= _MINUTE:
        return ("-" if seconds < 0 else "") + duration(size)
    if size == 0 or (_digits(size) not in {"0", "0.00"} and size >= 0.9995):
        return f"{_digits(seconds)} s"
    for unit, factor in _BELOW_SECOND:
        if size * factor >= 0.9995:
            return f"{_digits(seconds * factor)} {unit}"
    return f"{_digits(seconds * 1e9)} ns"


def _scaled(value: float, base: int, prefixes: tuple[str, ...], gap: str) -> str:
    step = 0
    while abs(value) >= 999.5 and step < len(prefixes) - 1:
        value /= base
        step += 1
    return _digits(value) + (gap + prefixes[step] if prefixes[step] else "")


def _digits(value: float) -> str:
    """At most three digits, with the decimals that matter."""
    size = abs(value)
    if size >= 1e6:
        return f"{value:.1e}".replace("e+", "e")
    if size == int(size) or size >= 99.95:
        return str(round(value))
    if size >= 0.995:
        return f"{value:.1f}"
    if size >= 0.00995:
        return f"{value:.2f}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"
