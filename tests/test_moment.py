"""A peer's time stamp is a moment or nothing, and never an exception."""

from __future__ import annotations

import math
import os
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.moment import moment

ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
AFTER_1970 = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9999, 12, 30), timezones=ZONES)  # noqa: DTZ001  # hypothesis adds the zone


@given(AFTER_1970)
def test_what_is_written_is_read_back_in_any_zone(at):
    assert moment(at.isoformat()) == at.timestamp()


@given(AFTER_1970)
def test_z_is_utc(at):
    utc = at.astimezone(UTC)
    assert moment(utc.replace(tzinfo=None).isoformat() + "Z") == utc.timestamp()


@given(AFTER_1970, st.text("0123456789", min_size=1, max_size=3))
def test_nanoseconds_are_cut(at, digits):
    written = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"
    assert moment(f"{written}{digits}Z") == moment(f"{written}Z")


@given(st.text(st.one_of(st.sampled_from("0123456789-:TZ+. \x1b"), st.characters()), max_size=60))
def test_anything_else_is_nothing(text):
    found = moment(text)
    assert found is None or (math.isfinite(found) and found > 0)


@pytest.mark.parametrize(
    "text", [None, "", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "soon", "2026-02-30T00:00:00Z"]
)
def test_no_time_is_none(text):
    assert moment(text) is None


def test_without_a_zone_it_is_utc_wherever_this_machine_stands(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert moment("2026-11-20T00:00:00") == 1_795_132_800.0
    finally:
        monkeypatch.undo()
        time.tzset()
    assert os.environ.get("TZ") != "Asia/Kolkata"
