"""A number with a unit, as people type it: 2h, 1h30m, 1GiB, 80%, 1.5k. Pure."""

from __future__ import annotations

import re

_SECONDS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0,
    "w": 604_800.0, "y": 31_536_000.0,
}  # fmt: skip
_SIZES = {
    "": 1.0, "%": 1.0, "B": 1.0,
    "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
    "K": 2.0**10, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
    "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40,
}  # fmt: skip
_ONE = re.compile(r"\s*([+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18}))\s*([A-Za-zµ%]{0,3})(?:/s)?\s*")
_PART = re.compile(r"([0-9]{1,9})(w|d|h|min|m|s)")


def quantity(text: str) -> float | None:
    """`text` in its base unit (seconds, bytes, the bare number); None where it is no number with a known unit.

    `m` is minutes and `M` is 10^6; KiB, MiB, GiB are powers of 1024. Durations may have several parts: 1h30m.
    """
    if len(text) > 40:  # longer than any figure with its unit
        return None
    if match := _ONE.fullmatch(text):
        figure, unit = match.groups()
        factor = _SIZES.get(unit, _SECONDS.get(unit))
        return None if factor is None else float(figure) * factor
    parts = _PART.findall(text)
    if len(parts) > 1 and "".join(f"{figure}{unit}" for figure, unit in parts) == text:
        return sum(int(figure) * _SECONDS[unit] for figure, unit in parts)
    return None
