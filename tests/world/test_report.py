"""How a source says how it is, and what a screen makes of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.errors import SourceError
from console.shape import source_word
from console.world.model import Source, age_s, backoff_s
from console.world.report import CIRCUIT_FAILURES, Report
from console.world.world import World
from tests.clock import FakeClock


def made(clock: FakeClock | None = None) -> tuple[World, FakeClock, Report]:
    clock = clock or FakeClock()
    world = World(clock)
    return world, clock, Report(world, clock, "docker/eu1")


async def test_a_source_that_answers_again_and_again_changes_nothing():
    world, clock, report = made()
    report.ok(5.0)
    before = world.cursor
    await clock.advance(5.0)
    report.ok(5.0)
    assert world.cursor == before
    assert age_s(report.record, clock.now()) == 5.0


async def test_a_stumble_keeps_the_facts_age_and_a_row_of_them_opens_the_circuit():
    world, clock, report = made()
    report.ok(0.0)
    answered = clock.now()
    await clock.advance(10)
    for _ in range(CIRCUIT_FAILURES - 1):
        report.failed(SourceError("It did not answer.", "Look at it.", kind="timeout"), 1.0)
        assert report.record.state == "degraded"
    report.failed(SourceError("It did not answer.", "Look at it.", kind="timeout"), 8.0)
    record = world.get(Source, "docker/eu1")
    assert record.state == "failed"
    assert record.data_at == answered
    assert record.error_kind == "timeout"
    assert record.retry_at == clock.now() + 8.0
    assert source_word(record) == "stale"
    report.ok(0.0)
    assert world.get(Source, "docker/eu1").error == ""


def test_a_source_that_never_answered_has_failed_at_once():
    _, clock, report = made()
    report.failed(SourceError("Refused.", kind="refused"), 1.0)
    assert report.record.state == "failed"
    assert source_word(report.record) == "failed"
    assert age_s(report.record, clock.now()) is None


def test_what_a_source_cannot_give_makes_it_degraded_and_its_facts_fresh():
    _, clock, report = made()
    report.ok(30.0, notes=("acme/gone is not there any more",))
    assert source_word(report.record) == "warning"
    assert age_s(report.record, clock.now()) == 30.0


def test_remote_words_in_an_error_are_made_safe():
    _, _, report = made()
    report.failed(SourceError("bad \x1b]0;title\x07 \x1b[2Janswer"), 1.0)
    assert report.record.error == "bad  answer"


@given(st.integers(0, 10_000), st.floats(0, 0.999))
def test_backoff_stays_within_its_bounds_and_never_shrinks_on_average(failures, jitter):
    wait = backoff_s(failures, jitter)
    assert 0.25 <= wait <= 30.0
    assert backoff_s(failures + 1, 0.5) >= backoff_s(failures, 0.5)
