"""Signs and tones: how a state looks in content. Names of theme variables only; a theme says what they are."""

from __future__ import annotations

from textual.content import Content

from console.ui.shown import glyph
from console.words import StateWord

STRONG = "bold"
MUTED = "$muted"
ACCENT = "bold $accent"
CRUMB = " › "  # noqa: RUF001  # the sign between the steps of a way, not a comparison


def tone(word: StateWord) -> str:
    """The style of a state."""
    return f"$state-{word}"


def sign(word: StateWord, *, ascii: bool) -> str:  # noqa: A002  # the word the settings use
    return glyph(word, ascii)


def state(word: StateWord, text: str = "", *, ascii: bool) -> Content:  # noqa: A002  # as above
    """Glyph and word in the state's tone: `● ok`, or `text` in the word's place."""
    return Content.styled(f"{sign(word, ascii=ascii)} {text or word}", tone(word))
