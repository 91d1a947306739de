"""The nine words for a state that every screen, verb and report uses. Pure."""

from __future__ import annotations

from typing import Literal

StateWord = Literal["ok", "running", "queued", "waiting", "warning", "failed", "cancelled", "unknown", "stale"]

GLYPHS: dict[StateWord, str] = {
    "ok": "●",
    "running": "◐",
    "queued": "◌",
    "waiting": "⏸",
    "warning": "▲",
    "failed": "✖",
    "cancelled": "⊘",
    "unknown": "?",
    "stale": "◇",
}
ASCII_GLYPHS: dict[StateWord, str] = {
    "ok": "+",
    "running": ">",
    "queued": ".",
    "waiting": "=",
    "warning": "!",
    "failed": "x",
    "cancelled": "-",
    "unknown": "?",
    "stale": "~",
}
SEVERITY: dict[StateWord, int] = {
    "failed": 0,
    "warning": 1,
    "stale": 2,
    "unknown": 3,
    "waiting": 4,
    "running": 5,
    "queued": 6,
    "cancelled": 7,
    "ok": 8,
}
"""Worst first: the order in which an operator wants to see rows."""
