"""A terminal's picture, from the bytes a program writes to it: enough of xterm for what Textual writes."""

from __future__ import annotations

import codecs
import re

from rich.cells import get_character_cell_size

_TOKEN = re.compile(
    r"\x1b\[(?P<arguments>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]PX^_].*?(?:\x1b\\|\x07)"
    r"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)",
    re.DOTALL,
)


class Painted:
    """Give it bytes; it knows the rows."""

    def __init__(self, width: int, height: int) -> None:
        self._width = width
        self._cells = [[" "] * width for _ in range(height)]
        self._row = self._column = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self.begun = False
        """Something was painted that can be read: mode switches and blanks are not."""

    def feed(self, data: bytes) -> None:
        text = self._rest + self._decode(data)
        end = 0
        while token := _TOKEN.match(text, end):
            end = token.end()
            self._take(token)
        self._rest = text[end:]

    def rows(self) -> list[str]:
        return ["".join(row) for row in self._cells]

    def row(self, name: str) -> str:
        """The first row that has `name` in it as a word; empty if none has."""
        return next((row for row in self.rows() if name in row.split()), "")

    def __contains__(self, text: str) -> bool:
        return any(text in row for row in self.rows())

    def _take(self, token: re.Match[str]) -> None:
        if token["final"] in ("H", "f"):
            row, _, column = token["arguments"].partition(";")
            self._row, self._column = int(row or 1) - 1, int(column or 1) - 1
        elif token["final"] == "J":
            self._cells = [[" "] * self._width for _ in self._cells]
        elif token["control"] == "\n":
            self._row, self._column = self._row + 1, 0
        elif token["control"] == "\r":
            self._column = 0
        elif token["text"]:
            self._write(token["text"])

    def _write(self, text: str) -> None:
        self.begun = self.begun or not text.isspace()
        for character in text:
            width = get_character_cell_size(character)
            if 0 <= self._row < len(self._cells) and self._column + width <= self._width and width:
                self._cells[self._row][self._column : self._column + width] = [character, *[""] * (width - 1)]
            self._column += width
