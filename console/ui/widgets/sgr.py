"""Colours that a program wrote into its log: SGR sequences (ECMA-48, 8.3.117) as styles. Everything else is taken out.

Blinking and concealed text are not shown as such: a log must not hide anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from rich.color import Color
from rich.style import Style

from console.text import clean

LINE_LIMIT = 16_384
"""Characters of a line that are kept; what is longer is data, not a message."""
TAB = 8

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse", 9: "strike"}
_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",), 29: ("strike",)}


def plain(text: str) -> str:
    """The line as it can be copied and searched."""
    if text.isascii() and text.isprintable():
        return text[:LINE_LIMIT]
    return "".join(piece for piece, _ in styled(text))


def styled(text: str) -> list[tuple[str, Style | None]]:
    """The line as pieces of plain text with their style; together they are what `plain` gives."""
    pieces: list[tuple[str, Style | None]] = []
    size = 0
    for chunk, style in _chunks(text):
        parts = chunk.split("\t")
        for index, part in enumerate(parts):
            piece = clean(part, LINE_LIMIT)
            if index < len(parts) - 1:
                # To the next of the columns 8, 16, 24, as a terminal does.
                piece += " " * (TAB - (size + len(piece)) % TAB)
            piece = piece[: LINE_LIMIT - size]
            if piece:
                pieces.append((piece, style))
                size += len(piece)
    return pieces


def _chunks(text: str) -> Iterator[tuple[str, Style | None]]:
    state: frozenset[tuple[str, object]] = frozenset()
    at = 0
    for match in _SGR.finditer(text, 0, LINE_LIMIT * 10):
        if match.start() > at:
            yield text[at : match.start()], _style(state)
        state = _after(state, match.group(1))
        at = match.end()
    if at < len(text):
        yield text[at:], _style(state)


@lru_cache(512)
def _after(state: frozenset[tuple[str, object]], codes: str) -> frozenset[tuple[str, object]]:
    """The state of the pen after a sequence."""
    pen = dict(state)
    numbers = [int(code[:4]) if code else 0 for code in codes.replace(":", ";").split(";")[:32]]
    at = 0
    while at < len(numbers):
        code = numbers[at]
        at += 1
        if code == 0:
            pen.clear()
        elif code in _ON:
            pen[_ON[code]] = True
        elif code in _OFF:
            for name in _OFF[code]:
                pen.pop(name, None)
        elif code in (38, 48):
            colour, taken = _extended(numbers[at:])
            at += taken
            if colour is not None:
                pen["color" if code == 38 else "bgcolor"] = colour
        elif 30 <= code <= 37 or 90 <= code <= 97:
            pen["color"] = code - 30 if code < 90 else code - 82
        elif 40 <= code <= 47 or 100 <= code <= 107:
            pen["bgcolor"] = code - 40 if code < 100 else code - 92
        elif code in (39, 49):
            pen.pop("color" if code == 39 else "bgcolor", None)
    return frozenset(pen.items())


def _extended(numbers: list[int]) -> tuple[object, int]:
    """A colour of the 256 or of all, and how many numbers it took."""
    match numbers:
        case [5, index, *_]:
            return (index if index < 256 else None), 2
        case [2, red, green, blue, *_]:
            return ((red, green, blue) if max(red, green, blue) < 256 else None), 4
    return None, len(numbers)


@lru_cache(512)
def _style(state: frozenset[tuple[str, object]]) -> Style | None:
    if not state:
        return None
    pen = dict(state)
    flags = {name: True for name in _ON.values() if name in pen}
    return Style(color=_colour(pen.get("color")), bgcolor=_colour(pen.get("bgcolor")), **flags)  # type: ignore[arg-type]  # flags are bool


def _colour(given: object) -> Color | None:
    if isinstance(given, int):
        return Color.from_ansi(given)
    if isinstance(given, tuple):
        return Color.from_rgb(*given)
    return None
