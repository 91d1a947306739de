"""Signs beyond ASCII, put into ASCII on their way to a terminal that has no others: one for one, so nothing moves."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from console.ui.widgets.braille import ASCII
from console.words import ASCII_GLYPHS, GLYPHS

_SIGNS = {
    "…": ">", "—": "-", "\u2013": "-", "─": "-", "━": "-", "│": "|", "┃": "|", "┄": "-", "·": ".", "•": "*", "\u00d7": "x",
    "▸": ">", "\u203a": ">", "▾": "v", "▴": "^", "▼": "v", "↑": "^", "↓": "v", "→": ">", "←": "<", "◂": "<", "⟲": "@", "≥": ">",
    "≤": "<", "≈": "~", "µ": "u", "█": "#", "▌": "|", "▐": "|", "▁": "_", "▔": "-", "▊": "|", "▎": "|",
    "\u2018": "'", "\u2019": "'", "“": '"', "”": '"',
}  # fmt: skip
# The ends of a scroll bar's thumb: part of a cell cannot be said in ASCII, its ground can.
_ENDS = dict.fromkeys("▂▃▄▅▆▇▉▋▍▏▕", " ")
_TABLE = (
    {ord(sign): plain for sign, plain in (_SIGNS | _ENDS).items()}
    | {ord(GLYPHS[word]): plain for word, plain in ASCII_GLYPHS.items()}
    | ASCII
)


def in_ascii(text: str) -> str:
    """`text` in ASCII and as wide as before: our own signs by their stand-ins, other people's letters as `?`."""
    if text.isascii():
        return text
    text = text.translate(_TABLE)
    return text if text.isascii() else "".join(c if c.isascii() else "?" * cell_len(c) for c in text)


class AsciiFilter(LineFilter):
    """For `App.get_line_filters`: whatever a widget draws comes out in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  # Textual's signature
        return [
            segment if segment.text.isascii() else Segment(in_ascii(segment.text), segment.style, segment.control)
            for segment in segments
        ]
