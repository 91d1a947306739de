"""Remote text made safe for a terminal, a log line and a message. Pure.

Source: ECMA-48 for control sequences; Trojan Source (CVE-2021-42574) for the bidirectional controls.
"""

from __future__ import annotations

import re

LIMIT = 4096
"""Longest remote text kept in a record, in characters: a screen shows 200 columns, a detail view a few lines."""

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]P_^X][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, APC, PM, SOS: titles, clipboard, links
    r"|\x1b[ -/]*[0-~]"  # two-byte escapes
    r"|\x9b[0-?]*[ -/]*[@-~]"  # the 8-bit CSI
)
_SGR = re.compile(r"(\x1b\[[0-9;:]{0,64}m)")
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # zero-width and bidirectional controls
    "\ud800-\udfff"  # lone surrogates: not encodable
    "]"
)


def clean(text: str, limit: int = LIMIT) -> str:
    """One line of plain text: no escape sequence, control code or line break, at most `limit` characters."""
    return _plain(text.replace("\n", " ").replace("\r", " ").replace("\t", " "), limit)


def clean_block(text: str, limit: int = 65_536) -> str:
    """The same with line breaks kept and tabs as four spaces, for messages of several lines."""
    return _plain(text.replace("\r\n", "\n").replace("\t", "    "), limit)


def clean_log(text: str, limit: int = 16_384) -> str:
    """One line of a log: no control code but colours (SGR), tabs as four spaces, at most `limit` visible characters.

    A carriage return becomes a blank, so that nothing written before it is hidden.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    text = text[: limit * 10].replace("\t", "    ").replace("\r", " ").replace("\n", " ")
    # Split with one group: the odd ones are the colours.
    parts = [p if n % 2 else _UNSAFE.sub("", _SEQUENCE.sub("", p)) for n, p in enumerate(_SGR.split(text))]
    if sum(map(len, parts[::2])) <= limit:
        return "".join(parts)
    room = limit - 1
    for index in range(0, len(parts), 2):
        if len(parts[index]) > room:
            return "".join(parts[:index]) + parts[index][:room] + "…"
        room -= len(parts[index])
    return "".join(parts)


def _plain(text: str, limit: int) -> str:
    # Ten times the limit bounds the work on a hostile text and still leaves `limit` characters of a coloured one.
    text = text[: limit * 10]
    if not text.isascii() or "\x1b" in text or not text.isprintable():
        text = _UNSAFE.sub("", _SEQUENCE.sub("", text))
    return text if len(text) <= limit else text[: limit - 1] + "…"
