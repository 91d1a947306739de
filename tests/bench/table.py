"""Figures as a table for people and as JSON for comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tests.bench.figure import Figure

WIDTH = 62
VERDICTS = {True: "met", False: "MISSED", None: ""}


def heading() -> str:
    return f"{'':{WIDTH}} {'measured':>12} {'goal':>12}\n{'─' * (WIDTH + 34)}"


def row(figure: Figure) -> str:
    """One line; what could not be measured says why on a second one."""
    goal = "" if figure.goal is None else f"{'<' if figure.below else '≤'} {number(figure.goal)} {figure.unit}".rstrip()
    measured = "—" if figure.measured is None else f"{number(figure.measured)} {figure.unit}".rstrip()
    verdict = "not measured" if figure.missing else VERDICTS[figure.met]
    line = f"{figure.title:{WIDTH}} {measured:>12} {goal:>12}  {verdict}".rstrip()
    return f"{line}\n    {figure.missing}" if figure.missing else line


def number(value: float) -> str:
    """Three digits that matter."""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def summary(figures: Iterable[Figure]) -> str:
    goals = [f for f in figures if f.goal is not None]
    missing = sum(bool(f.missing) for f in goals)
    met = sum(f.met is True for f in goals)
    rest = f", {missing} not measured" if missing else ""
    return f"{met} of {len(goals)} goals met, {len(goals) - met - missing} missed{rest}"


def write(path: Path, figures: Iterable[Figure], machine: Mapping[str, object]) -> None:
    plain = [msgspec.to_builtins(f) | {"met": f.met} for f in figures]
    path.write_bytes(msgspec.json.format(msgspec.json.encode({"machine": machine, "figures": plain}), indent=1) + b"\n")
