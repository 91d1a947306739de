"""Records as lines of plain text: a state is a glyph and a word, a pipe gets no colour."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from console.overview import freshness
from console.shape import fields, label, word
from console.shown import ago, number
from console.words import ASCII_GLYPHS, GLYPHS, StateWord
from console.world.model import Record, Source

COLUMNS: dict[str, tuple[str, ...]] = {
    "sources": ("word", "id", "freshness", "detail", "error"),
    "hosts": ("name", "url", "engine", "api", "running", "containers", "cpus", "memory"),
    "containers": ("word", "host", "name", "image", "health", "restarts", "up"),
    "images": ("host", "tags", "size", "containers", "age"),
    "networks": ("host", "name", "driver", "scope"),
    "volumes": ("host", "name", "driver", "containers"),
    "repositories": ("word", "id", "default_branch", "tier", "problem"),
    "workflows": ("repository", "name", "state", "path"),
    "runs": ("word", "repository", "number", "workflow", "branch", "actor", "event", "took", "age", "title"),
    "jobs": ("word", "repository", "job_id", "name", "took", "runner"),
    "budgets": ("id", "login", "token_from", "used", "limit", "reason"),
    "panels": ("id", "group", "title", "source", "unit", "query"),
    "rules": ("word", "source", "group", "name", "health", "error"),
    "targets": ("word", "source", "job", "instance", "health", "error"),
    "alerts": ("word", "severity", "name", "cluster", "age", "labels"),
    "groups": ("cluster", "receiver", "labels", "alerts"),
    "silences": ("word", "cluster", "matchers", "created_by", "comment", "ends_at"),
    "receivers": ("cluster", "name"),
    "clusters": ("id", "version", "status", "peers", "members"),
    "notices": ("level", "message", "hint"),
    "agent": ("version", "mode", "organisation", "host", "pid"),
    "stats": ("id", "pids", "memory_limit"),
    "series": ("id", "start", "step_s", "error"),
}
WIDEST = 60
"""Cells a column may take; the JSON has the whole of it."""
_SECONDS = frozenset({"age", "took", "up"})
_BYTES = frozenset({"memory", "size", "memory_limit"})


def glyph(state: StateWord) -> str:
    """The glyph of a state; ASCII where the output cannot take another."""
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "")
    plain = not encoding.startswith("utf") or os.environ.get("TERM") == "linux"
    return (ASCII_GLYPHS if plain else GLYPHS)[state]


def table(records: Sequence[Record], now: float) -> str:
    """A header and a row each, padded to the widest."""
    columns = COLUMNS[records[0].topic]
    rows = [[_cell(fields(r, now).get(c), c, r, now) for c in columns] for r in records]
    head = [c.upper().replace("_", " ") if c != "word" else "STATE" for c in columns]
    widths = [min(WIDEST, max(len(row[i]) for row in [head, *rows])) for i in range(len(columns))]
    return "\n".join(
        "  ".join(_fit(text, width) for text, width in zip(row, widths, strict=True)).rstrip() for row in [head, *rows]
    )


def line(record: Record, now: float) -> str:
    """One record on one line."""
    shape = fields(record, now)
    return "  ".join(_cell(shape.get(c), c, record, now) for c in COLUMNS[record.topic])


def _fit(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def _cell(value: object, column: str, record: Record, now: float) -> str:
    if column == "word":
        state = word(record)
        return f"{glyph(state)} {label(record)}" if state else ""
    if column == "freshness" and isinstance(record, Source):
        return freshness(record, now).text.partition("  ")[0]
    if column in _SECONDS:
        return ago(value) if isinstance(value, float) else ""
    if column in _BYTES and isinstance(value, int):
        return number(value, "bytes")
    if column.endswith("_at") and isinstance(value, float):
        from datetime import UTC, datetime

        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%MZ")
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
