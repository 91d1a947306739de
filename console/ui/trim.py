"""Only the cells that changed reach the terminal.

Textual knows which cells of a line are to be drawn anew, and writes the line from the left edge of its widget up to
them: an age at the right of a list is the whole row, ten times as many bytes.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate


class CellsUpdate(ChopsUpdate):
    """An update that is cut on both sides."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> CellsUpdate:
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        parts: list[str] = []
        for y, first, last in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= last or end <= first:
                    continue
                left = max(x, first)
                parts.append(Control.move_to(left, y).segment.text)
                parts.append(strip.crop(left - x, min(end, last) - x).render(console))
        return "".join(parts)
