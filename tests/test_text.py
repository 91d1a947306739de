"""Remote text cannot move the cursor, set a title, or hide what it says."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.text import LIMIT, clean, clean_block

HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x9b[]0;m2JHP\\\x07\u202e\u200b\ud800\n\r\t")))


@given(HOSTILE)
def test_nothing_a_terminal_obeys_is_left(text):
    for char in clean(text):
        assert unicodedata.category(char) not in ("Cc", "Cs")
        assert char not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(HOSTILE)
def test_a_block_keeps_line_breaks_and_no_other_control(text):
    assert {c for c in clean_block(text) if unicodedata.category(c) == "Cc"} <= {"\n"}


@given(st.text(max_size=3 * LIMIT))
def test_length_is_bounded(text):
    assert len(clean(text)) <= LIMIT


@pytest.mark.parametrize(
    ("hostile", "safe"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1;2qsixel\x1b\\after", "after"),
        ("a\x1b[2J\x1b[Hb", "ab"),
        ("tab\there\nline", "tab here line"),
        ("[bold]markup[/bold] stays text", "[bold]markup[/bold] stays text"),
        ("ümlaut 日本 🚀", "ümlaut 日本 🚀"),
        ("gro\u202eleksrever", "groleksrever"),
    ],
)
def test_examples(hostile, safe):
    assert clean(hostile) == safe
