"""Labelled facts as lines: what a detail says of its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from console.text import clean
from console.ui.paint import MUTED, STRONG, tone
from console.ui.shown import fit
from console.words import StateWord

LABELS = 13
"""Cells for the labels: the longest one used, `healthy check`, and what operators call their own labels in short."""


@dataclass(frozen=True)
class Fact:
    label: str
    value: str
    word: StateWord | None = None
    """A state that colours the value."""
    quiet: bool = False


@dataclass(frozen=True)
class Section:
    title: str
    facts: tuple[Fact, ...]


def facts_content(sections: Sequence[Section], width: int) -> Content:
    """The sections in `width` cells: values wrap under themselves, sections are parted by a blank line."""
    lines: list[Content] = []
    for section in sections:
        facts = [fact for fact in section.facts if fact.value]
        if not facts:
            continue
        if lines:
            lines.append(Content(""))
        if section.title:
            lines.append(Content.styled(fit(clean(section.title), width), STRONG))
        label_width = (
            min(max(LABELS, *(cell_len(clean(f.label)) for f in facts)), max(8, width // 3))
            if any(f.label for f in facts)
            else 0
        )
        for fact in facts:
            lines += _lines(fact, label_width, width)
    return Content("\n").join(lines)


def _lines(fact: Fact, label_width: int, width: int) -> list[Content]:
    style = tone(fact.word) if fact.word else MUTED if fact.quiet else ""
    indent = label_width + 2 if label_width else 0
    label = fit(clean(fact.label), label_width)
    room = max(8, width - indent)
    wrapped: list[Content] = []
    for part in fact.value.split("\n"):
        wrapped += (
            Content.styled(clean(part) or " ", style).fold(room)
            if " " not in part
            else _words(clean(part), style, room)
        )
    lead = Content.styled(label + " " * (indent - cell_len(label)), MUTED)
    return [Content.assemble(lead if i == 0 else " " * indent, line) for i, line in enumerate(wrapped)]


def _words(text: str, style: str, room: int) -> list[Content]:
    """Wrapped between words; only a word longer than the line is cut."""
    lines: list[str] = []
    line = ""
    for one in text.split(" "):
        word = one
        longer = f"{line} {word}" if line else word
        if cell_len(longer) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        while cell_len(word) > room:
            cut = fit(word, room, ellipsis="")
            lines.append(cut)
            word = word[len(cut) :]
        line = word
    lines.append(line)
    return [Content.styled(shown or " ", style) for shown in lines]
