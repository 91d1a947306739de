"""The last door before the terminal: no control code leaves a widget, whatever a record holds."""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_CODES = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""C0, C1 and the bidirectional controls: none has a width, so nothing moves when they go."""


class PlainFilter(LineFilter):
    """For `App.get_line_filters`. Sources clean what they read; this holds where one forgot."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  # Textual's signature
        return [
            segment
            if segment.control or segment.text.isprintable()
            else Segment(_CODES.sub("", segment.text), segment.style)
            for segment in segments
        ]
