"""Graphs that do not shimmer, lines with names, thresholds: plain values in, plain values out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.monitoring.model import (
    POINTS,
    Panel,
    align,
    downsample,
    fill,
    last,
    legend,
    level,
    look,
    names,
    period_s,
    seconds,
    step_of,
    usual_interval_s,
)

PANEL = Panel(id="p", source="s", title="P", query="up")
RANGES = st.floats(10, 31_536_000)
INTERVALS = st.floats(1, 300)
MOMENTS = st.floats(1e9, 4e9)


@given(RANGES, INTERVALS)
def test_r45_a_step_is_never_finer_than_the_scrape_interval_and_points_are_bounded(range_s, interval_s):
    step = step_of(PANEL, range_s, interval_s)
    assert step >= interval_s
    assert range_s / step <= POINTS
    assert period_s(step, interval_s, "range") >= interval_s
    assert period_s(step, interval_s, "instant") >= interval_s


@given(MOMENTS, RANGES, INTERVALS)
def test_a_graph_is_aligned_and_covers_its_range(now, range_s, interval_s):
    step = step_of(PANEL, range_s, interval_s)
    start, end = align(now, range_s, step)
    assert start % step == end % step == 0
    assert end <= now < end + step
    assert end - start >= range_s
    assert (end - start) / step <= POINTS + 1


@given(MOMENTS, st.floats(0, 0.999), RANGES)
def test_points_once_drawn_do_not_move_within_a_step(now, fraction, range_s):
    step = step_of(PANEL, range_s, 15)
    _, end = align(now, range_s, step)
    assert align(end + fraction * (step - 0.001), range_s, step)[1] == end


def test_a_step_of_the_settings_counts_unless_it_is_finer_than_the_scrape_interval():
    assert step_of(Panel(id="p", source="s", title="P", query="up", step_s=60), 600, 15) == 60
    assert step_of(Panel(id="p", source="s", title="P", query="up", step_s=1), 600, 15) == 15


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=30))
def test_fill_takes_any_sample_and_gives_finite_points_of_the_right_number(samples):
    points = fill(samples, 1000.0, 1100.0, 10)
    assert len(points) == 11
    assert all(p is None or math.isfinite(p) for p in points)


def test_fill_leaves_gaps_where_there_is_no_sample():
    samples = [(100.0, 1.0), (120.0, math.nan), (130.0, math.inf), (140.0, 5.0)]
    assert fill(samples, 100, 140, 10) == (1.0, None, None, None, 5.0)


@given(st.lists(st.none() | st.floats(-1e9, 1e9), max_size=500), st.integers(1, 100))
def test_downsampling_keeps_the_extremes(points, most):
    few = downsample(points, most)
    assert len(few) == min(len(points), most)
    known = [p for p in points if p is not None]
    assert all(p in known for p in few if p is not None)
    if known:
        middle = math.fsum(known) / len(known)
        assert max(abs(p - middle) for p in few if p is not None) == max(abs(p - middle) for p in known)


def test_legend_fills_in_labels_and_leaves_out_what_a_line_lacks():
    assert legend("{{instance}} {{ job }}: {{nope}}", {"instance": "a:1", "job": "web"}) == "a:1 web:"
    assert legend("no field", {}) == "no field"
    assert legend("{{broken", {"broken": "x"}) == "{{broken"


def test_without_a_template_lines_are_named_by_what_differs():
    lines = [{"job": "web", "instance": "a"}, {"job": "web", "instance": "b"}]
    assert names("", lines, "CPU") == ("a", "b")
    assert names("", [{"job": "web"}], "CPU") == ("CPU",)
    assert names("", [{"__name__": "up"}, {"__name__": "down"}], "CPU") == ("up", "down")
    assert names("", [{"a": "1", "b": "1"}, {"a": "2", "b": "2"}], "CPU") == ("a=1 b=1", "a=2 b=2")
    assert names("{{nope}}", lines, "CPU") == ("CPU", "CPU")
    assert names("", [], "CPU") == ()


@given(st.text(max_size=40), st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=5)), max_size=5))
def test_there_is_a_name_for_every_line_whatever_the_labels(template, lines):
    assert len(names(template, lines, "title")) == len(lines)


@pytest.mark.parametrize(
    ("value", "below", "word"),
    [
        (None, False, "unknown"),
        (1, False, "ok"),
        (5, False, "warning"),
        (9, False, "failed"),
        (9, True, "ok"),
        (4, True, "failed"),
    ],
)
def test_level(value, below, word):
    warn, fail = (8, 4) if below else (5, 9)
    assert level(value, warn, fail, below=below) == word


@pytest.mark.parametrize(
    ("text", "expected"),
    [("15s", 15), ("1m30s", 90), ("1h", 3600), ("500ms", 0.5), ("1d12h", 129_600), ("", 0), ("soon", 0), ("5", 0)],
)
def test_durations_as_prometheus_writes_them(text, expected):
    assert seconds(text) == expected


def test_the_usual_interval_is_that_of_most_targets():
    assert usual_interval_s([15, 15, 60]) == 15
    assert usual_interval_s([15, 60]) == 60
    assert usual_interval_s([0, 0]) == 0
    assert usual_interval_s([]) == 0


def test_a_look_names_a_panel_and_perhaps_a_range():
    assert look("cpu") == ("cpu", None)
    assert look("cpu@3600") == ("cpu", 3600.0)
    assert look("cpu@1") == ("cpu", 10.0)
    assert look("cpu@999999999") == ("cpu", 31_536_000.0)
    assert look("cpu@9999999999999") == ("cpu@9999999999999", None)
    assert look("@5") == ("", 10.0)


def test_the_last_sample_there_is():
    assert last((1.0, 2.0, None)) == 2.0
    assert last((None,)) is None
    assert last(()) is None
