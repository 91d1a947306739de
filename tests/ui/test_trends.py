"""Trends of the overview: one axis of time for all of them, and each with the range it is drawn over."""

from __future__ import annotations

import msgspec
import pytest

from console.monitoring.model import Panel, Series
from console.ui.trends import Trend, Window, axis_line, spark_width, stretched, trend_rows
from tests.ui import worlds
from tests.ui.console import console

PANELS = {p.id: p for p in worlds.panels() if isinstance(p, Panel)}
SERIES = {s.id: s for s in worlds.series() if isinstance(s, Series)}


def row(panel, series, width, window=None, height=1):
    shown = trend_rows(Trend.of(panel, series), window or Window.of([series]), width, height, ascii=False)
    assert len(shown) == height
    return shown[-1].plain


@pytest.mark.parametrize("width", [60, 80, 99, 100, 120, 200])
@pytest.mark.parametrize("name", list(PANELS))
def test_no_row_is_wider_than_the_screen(name, width):
    for height in (1, 2):
        shown = trend_rows(Trend.of(PANELS[name], SERIES[name]), Window.of(SERIES.values()), width, height, ascii=False)
        assert all(content.cell_length <= width for content in shown)
    assert axis_line(Window.of(SERIES.values()), width).cell_length <= width


def test_the_line_stands_under_its_axis():
    axis = axis_line(Window.of([SERIES["requests"]]), 120).plain
    text = row(PANELS["requests"], SERIES["requests"], 120)
    first = next(i for i, sign in enumerate(text) if "\u2800" < sign <= "\u28ff")
    assert axis[first : first + 2].isdigit()
    assert len(axis.rstrip()) == first + spark_width(120)


def test_it_tells_the_least_and_the_most_it_is_drawn_over():
    series = msgspec.structs.replace(
        SERIES["requests"],
        lines=(msgspec.structs.replace(SERIES["requests"].lines[0], points=(1200.0, 1500.0, 1400.0)),),
    )
    assert "1.4k/s   1.2k/s to 1.5k/s" in row(PANELS["requests"], series, 120)


def test_of_several_lines_it_names_the_one_it_shows():
    assert "CPU in use · eu1" in row(PANELS["cpu"], SERIES["cpu"], 120)


def test_a_panel_of_another_range_is_shown_over_the_same_hour():
    hour = Window.of([SERIES["requests"]])
    day = msgspec.structs.replace(SERIES["p95"], start=SERIES["p95"].start - 23 * 3600, step_s=720.0)
    points = hour.cut(Trend.of(PANELS["p95"], day))
    assert len(points) == 6
    assert points[-1] == day.lines[0].points[-1]


def test_few_points_stand_at_their_times():
    assert stretched((1.0, 2.0), 6) == [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
    assert stretched((1.0, None, 3.0), 3) == (1.0, None, 3.0)
    assert stretched((), 6) == ()


async def test_panels_beside_each_other_stand_on_one_line():
    async with console([worlds.AGENT, *worlds.panels(), *worlds.series()]) as c:
        await c.press("4")
        await c.sees("━ shop", "28 %")
        axes = [line.count("─ ") for line in c.text().splitlines() if "──" in line]
        assert axes[0] == 3, "the time axes of the first three panels are in one row"
