"""Values as people read them."""

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.ui.shown import ago, clock, duration, fit, glyph, number, padded, state_text

AT = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "—"),
        (float("nan"), "—"),
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (200, "3m"),
        (7300, "2h"),
        (86_400 * 9, "9d"),
        (86_400 * 800, "2y"),
    ],
)
def test_ago(seconds, text):
    assert ago(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (0.4, "0s"), (41, "41s"), (192, "3:12"), (7500, "2h05m"), (86_400 * 3 + 4 * 3600, "3d04h")],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1432, "per_second", "1.4k/s"), (0.312, "s", "312 ms"), (312, "ms", "312 ms"), (1500, "ms", "1.5 s"), (4.2 * 2**30, "bytes", "4.2 GiB"),
        (0.31, "percent", "0.31 %"), (0.0031, "ratio", "0.31 %"), (91.24, "percent", "91.2 %"), (99.96, "percent", "100 %"),
        (999.4, "", "999"), (999.6, "", "1.0k"), (999_600, "count", "1.0M"), (1023, "bytes", "1.0 KiB"), (1000, "bytes", "0.98 KiB"),
        (3, "", "3"), (-5.5, "", "-5.5"), (0, "bytes", "0 B"), (0, "s", "0 s"), (4e-5, "s", "40 µs"), (3e-9, "s", "3 ns"), (125, "s", "2:05"),
        (0.00042, "", "4e-4"), (5, "apples", "5 apples"), (None, "s", "—"), (float("nan"), "", "—"), (float("inf"), "s", "inf"),
        (3 * 2**20, "bytes_per_second", "3 MiB/s"), (0.9996, "s", "1.0 s"), (1e30, "", "1.0e12E"),
    ],
)  # fmt: skip
def test_number(value, unit, text):
    assert number(value, unit) == text


@given(
    st.floats(min_value=-1e17, max_value=1e17),
    st.sampled_from(["", "bytes", "percent", "ratio", "per_second", "count"]),
)
def test_a_figure_has_at_most_three_digits(value, unit):
    """R43: no more digits than were measured; more than three nobody reads."""
    text = number(value, unit).split("e")[0]
    assert sum(c.isdigit() for c in text) <= 3, text


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["s", "ms", "bytes", "ratio", "x"]))
def test_any_float_has_a_text(value, unit):
    assert number(value, unit)
    assert ago(value)
    assert duration(value)
    assert clock(value)


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0, "14:13:20 UTC"),
        (1, "15:13:20 UTC+1"),
        (-8, "06:13:20 UTC-8"),
        (5.5, "19:43:20 UTC+5:30"),
        (-3.5, "10:43:20 UTC-3:30"),
    ],
)
def test_clock_says_its_zone(hours, text):
    """R42: an absolute time carries its zone."""
    assert clock(AT, timezone(timedelta(hours=hours))) == text


def test_clock_names_another_day():
    utc = timezone.utc  # noqa: UP017  # the same object for both
    assert clock(AT, utc, now=AT + 60) == "14:13:20 UTC"
    assert clock(AT, utc, now=AT + 86_400) == "2026-09-21 14:13:20 UTC"
    assert clock(None) == clock(1e300) == clock(float("nan")) == "—"


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("checkout", 8, "checkout"),
        ("checkout", 7, "checko…"),
        ("x", 0, ""),
        ("xy", 1, "…"),
        ("你好世界", 5, "你好…"),
        ("你好世界", 4, "你…"),
        ("你好", 4, "你好"),
        ("web  front", 5, "web…"),
    ],
)
def test_fit(text, width, cut):
    assert fit(text, width) == cut


@given(st.text(max_size=30), st.integers(0, 20), st.booleans())
def test_padded_is_exactly_as_wide_as_asked(text, width, right):
    from console.text import clean

    assert cell_len(padded(clean(text), width, right=right)) == width


def test_states():
    assert state_text("ok") == "● ok"
    assert state_text("stale", "42s") == "◇ stale 42s"
    assert state_text("failed", ascii=True) == "x failed"
    assert glyph("waiting", True) == "="
