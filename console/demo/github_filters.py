"""How a list of runs is chosen from. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from console.demo.github_shapes import stamp
from console.demo.runs import Run


def _created(run: Run, wanted: str, _now: float) -> bool:
    """GitHub's date search: >=, >, <=, <, A..B, or a day."""
    own = stamp(run.created)
    if match := re.fullmatch(r"(>=|<=|>|<)(.+)", wanted):
        operator, bound = match[1], match[2]
        return {">=": own >= bound, "<=": own[: len(bound)] <= bound, ">": own > bound, "<": own < bound}[operator]
    first, dots, last = wanted.partition("..")
    if dots:
        return (first == "*" or own >= first) and (last == "*" or own[: len(last)] <= last)
    return own.startswith(wanted)


FILTERS: dict[str, Callable[[Run, str, float], bool]] = {
    "actor": lambda r, wanted, _: r.actor == wanted,
    "branch": lambda r, wanted, _: r.branch == wanted,
    "event": lambda r, wanted, _: r.event == wanted,
    "status": lambda r, wanted, now: wanted in r.status(now),
    "head_sha": lambda r, wanted, _: r.sha == wanted,
    "check_suite_id": lambda r, wanted, _: str(r.id + 31_000_000_000) == wanted,
    "created": _created,
}
