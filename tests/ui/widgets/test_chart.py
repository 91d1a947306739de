"""The chart and its dots."""

import math
import time
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.ui.widgets.ascii import AsciiFilter, in_ascii
from console.ui.widgets.axis import scale
from console.ui.widgets.braille import Raster, resampled, sparkline
from console.ui.widgets.chart import BrailleChart, ChartLine, Mark
from tests.ui.widgets.bare import NOW, Bare
from tests.ui.widgets.test_table import picture


def wave(count=240, gap=()):
    return [None if i in gap else 1.0 + math.sin(i / 9) for i in range(count)]


def chart(**given):
    return BrailleChart(tz=UTC, **given)


def test_sparkline_rises_from_zero_and_keeps_its_width():
    assert sparkline([0, 1, 2, 3], 2) == "⣠⣾"
    assert sparkline([0, 0, 3, 3], 2) == "⣀⣿"
    assert sparkline([3, 3], 3) == "  ⣿"
    assert sparkline([3, None, None, 3], 2) == "⡇⢸"
    assert sparkline([], 4) == sparkline([None, float("nan")], 4) == "    "
    assert sparkline([1], 0) == ""
    assert sparkline([0, 0, 1.6, 1.6, 3, 3], 3, ascii=True) == "_:|"


@given(st.lists(st.none() | st.floats(-1e9, 1e9), max_size=300), st.integers(0, 40), st.booleans())
def test_a_sparkline_is_exactly_as_wide_as_asked(points, width, plain):
    text = sparkline(points, width, plain)
    assert len(text) == width
    assert not plain or text.isascii()


def test_no_spike_is_lost():
    points = [1.0] * 1000
    points[777] = 50.0
    assert max(top for _, top in resampled(points, 40)) == 50.0


@given(st.lists(st.none() | st.floats(0, 100), min_size=1, max_size=200), st.integers(1, 200))
def test_resampling_invents_no_peak(points, columns):
    spans = [span for span in resampled(points, columns) if span is not None]
    known = [p for p in points if p is not None]
    assert len(resampled(points, columns)) == columns
    assert all(min(known) - 1e-9 <= low <= high <= max(known) + 1e-9 for low, high in spans)
    assert bool(known) == bool(spans)


def test_a_gap_is_a_gap():
    spans = resampled([1.0, None, None, 1.0], 40)
    assert spans[0] is not None
    assert spans[39] is not None
    assert all(span is None for span in spans[1:39])


def test_a_line_is_joined():
    raster = Raster(4, 3)
    raster.line(resampled([0.0, 1.0, 0.0, 1.0], 8), 0.0, 1.0, 1)
    columns = [sum(bool(row[x]) for row in raster.bits) for x in range(4)]
    assert all(columns)


@pytest.mark.parametrize(
    ("low", "high", "unit", "ends"),
    [
        (0.2, 2.8, "", (0, 3)),
        (0, 0, "", (0, 1)),
        (98, 99, "", (98, 99)),
        (5, 5, "", (2.5, 7.5)),
        (-1, 1, "", (-1, 1)),
        (3e8, 9e8, "bytes", (0, 2**30)),
        (0, 1, "", (0, 1)),
    ],
)
def test_scale(low, high, unit, ends):
    assert scale(low, high, unit) == pytest.approx(ends)


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12), st.sampled_from(["", "bytes", "s"]))
def test_a_scale_holds_its_figures(one, other, unit):
    low, high = sorted((one, other))
    ends = scale(low, high, unit)
    slack = 1e-6 * max(1e-300, ends.high - ends.low)
    assert ends.low <= low + slack
    assert ends.high >= high - slack
    assert ends.high > ends.low


async def test_a_full_chart():
    shown = chart(title="errors")
    async with Bare(shown).run_test(size=(60, 12)) as pilot:
        shown.show(
            [ChartLine("", wave(gap=range(100, 120)), "ok")],
            start=NOW,
            step_s=15,
            unit="percent",
            warn=1.5,
            fail=1.9,
            marks=[Mark(NOW + 1800, "▼")],
        )
        await pilot.pause()
        rows = picture(pilot.app)
        assert rows[0].startswith("errors")
        assert rows[0].endswith("max 2.0 %")
        assert rows[1].startswith("2 %")
        assert rows[-2].startswith("0 %")
        assert "14:13 ─" in rows[-1]
        assert rows[-1].endswith("15:13")
        assert "▼" in rows[-1][28:40]
        assert len([row for row in rows if row[:5].strip() and "%" in row[:5]]) <= 3


async def test_drawn_once_for_its_data_and_size():
    shown = chart()
    async with Bare(shown).run_test(size=(60, 12)) as pilot:
        lines = [ChartLine("a", wave())]
        shown.show(lines, start=NOW, step_s=15)
        await pilot.pause()
        drawn = shown.drawn_count
        shown.refresh()
        await pilot.pause()
        shown.show([ChartLine("a", wave())], start=NOW, step_s=15)
        await pilot.pause()
        assert shown.drawn_count == drawn
        shown.show(lines, start=NOW + 15, step_s=15)
        await pilot.pause()
        assert shown.drawn_count == drawn + 1
        await pilot.resize_terminal(80, 20)
        await pilot.pause()
        assert shown.drawn_count > drawn + 1


@pytest.mark.parametrize("size", [(80, 1), (80, 2), (3, 1), (10, 3), (7, 5), (80, 3), (80, 24), (1, 1), (200, 60)])
@pytest.mark.parametrize("lines", [0, 1, 3, 40])
async def test_any_size_any_number_of_lines(size, lines):
    shown = chart(title="requests")
    async with Bare(shown).run_test(size=size) as pilot:
        shown.show(
            [ChartLine(f"eu{n}", wave() if n % 5 else [None] * 9) for n in range(lines)],
            start=NOW,
            step_s=15,
            unit="per_second",
        )
        await pilot.pause()
        assert all(len(row) <= size[0] for row in picture(pilot.app))
        if size == (80, 24) and lines == 40:
            assert any("+" in row for row in picture(pilot.app)[:2])  # what is not named is counted


async def test_one_row_names_draws_and_tells():
    shown = chart(name_width=10)
    async with Bare(shown).run_test(size=(60, 1)) as pilot:
        shown.show([ChartLine("errors", [0.1] * 50 + [2.0] * 50)], start=NOW, step_s=15, unit="percent")
        await pilot.pause()
        row = picture(pilot.app)[0]
        assert row.startswith("errors      ⣀")
        assert row.endswith("⣿       2 %")


async def test_no_point_says_so():
    shown = chart(title="p95", empty="no data: prometheus timed out")
    async with Bare(shown).run_test(size=(60, 9)) as pilot:
        shown.show([ChartLine("x", [None, float("nan"), float("inf")])], start=NOW, step_s=15)
        await pilot.pause()
        assert "no data: prometheus timed out" in picture(pilot.app)[4]


async def test_any_float_a_peer_may_send():
    shown = chart()
    async with Bare(shown).run_test(size=(60, 9)) as pilot:
        for points in ([1e308, -1e308], [5e-324, 0.0], [1e299, -1e299], [float("inf"), 1.0], [1.0, 1.0000000001]):
            shown.show(
                [ChartLine("x", points)], start=1e300, step_s=1e300, unit="bytes", warn=1e308, marks=[Mark(0, "x")]
            )
            await pilot.pause()
            assert picture(pilot.app)


async def test_ascii_terminals_get_ascii():
    class Plain(Bare):
        def get_line_filters(self):
            return [*super().get_line_filters(), AsciiFilter()]

    shown = chart(title="requests …")
    async with Plain(shown).run_test(size=(60, 12)) as pilot:
        shown.show([ChartLine("a", wave())], start=NOW, step_s=15, warn=1.5, marks=[Mark(NOW + 900, "✖")])
        await pilot.pause()
        text = "\n".join(
            "".join(segment.text for segment in strip) for strip in pilot.app.screen._compositor.render_strips()
        )
        assert text.isascii()


@given(st.text(max_size=40))
def test_ascii_is_as_wide_as_before(text):
    from rich.cells import cell_len

    from console.text import clean

    text = clean(text)
    assert in_ascii(text).isascii()
    assert len(in_ascii(text)) == cell_len(text)


async def test_a_worst_case_chart_costs_little_beside_a_reference():
    """Full-screen noise, against the time a plain loop over as many cells takes in the same run."""
    shown = chart()
    async with Bare(shown).run_test(size=(200, 60)) as pilot:
        noise = [(i * 7919 % 997) / 997 for i in range(600)]
        shown.show([ChartLine("noise", noise)], start=NOW, step_s=15)
        await pilot.pause()

        def best(action):
            times = []
            for _ in range(7):
                started = time.process_time()
                action()
                times.append(time.process_time() - started)
            return min(times)

        def reference():
            return [[chr(0x2800 + (x * y) % 256) for x in range(200)] for y in range(60)]

        assert best(lambda: shown._draw(200, 60)) < 12 * best(reference)
