"""What is asked for when, as plain values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.pipelines.model import Run, kept_runs, run_key, under_way
from console.pipelines.schedule import (
    TIERS,
    Poll,
    Schedule,
    after_failure_s,
    fresh_s,
    interval_s,
    jobs_interval_s,
    tier_of,
)

NOW = 1_790_000_000.0
DAY = 86_400.0
chances = st.floats(0, 1, exclude_max=True)


def run(run_id: int = 1, *, status: str = "completed", age: float = 0.0, workflow: int = 1) -> Run:
    return Run(
        id=f"acme/web/{run_id}",
        repository="acme/web",
        run_id=run_id,
        status=status,
        workflow_id=workflow,
        updated_at=NOW - age,
    )


runs = st.lists(
    st.builds(
        run,
        st.integers(1, 300),
        status=st.sampled_from(["completed", "in_progress", "queued", "waiting", "", "meditating"]),
        age=st.floats(0, 10 * DAY),
        workflow=st.integers(1, 8),
    ),
    max_size=120,
    unique_by=lambda r: r.run_id,
)


def test_tiers():
    assert tier_of([], NOW) == "cold"
    assert tier_of([run(age=2 * DAY)], NOW) == "cold"
    assert tier_of([run(age=2 * DAY), run(age=3600)], NOW) == "warm"
    assert tier_of([run(age=3600), run(status="in_progress")], NOW) == "hot"
    assert tier_of([run(status="waiting")], NOW) == "warm"
    assert tier_of([run(status="in_progress", age=7 * 3600)], NOW) == "warm"
    assert tier_of([run(status="queued", age=40 * DAY)], NOW) == "cold"


@given(tier=st.sampled_from(sorted(TIERS)), stretch=st.floats(1, 8), chance=chances)
def test_an_interval_is_its_tiers_within_a_tenth(tier, stretch, chance):
    every = interval_s(tier, stretch, chance)
    assert 0.9 * TIERS[tier] * stretch - 1e-9 <= every <= 1.1 * TIERS[tier] * stretch + 1e-9
    assert every <= fresh_s([tier], stretch) + 1e-9


@given(status=st.integers(0, 599), failures=st.integers(1, 10_000), chance=chances)
def test_a_failure_is_asked_again_between_nine_seconds_and_eleven_minutes(status, failures, chance):
    assert 9 <= after_failure_s(status, failures, chance) <= 660


def test_jobs_that_nobody_looks_at_go_first():
    assert jobs_interval_s(looked=True, stretch=1) == 5
    assert jobs_interval_s(looked=True, stretch=8) == 10
    assert jobs_interval_s(looked=False, stretch=1) == 30
    assert jobs_interval_s(looked=False, stretch=2) is None


@given(known=runs, page=runs)
def test_kept_runs_are_bounded_and_none_that_matters_is_lost(known, page):
    page = sorted(page, key=lambda r: -r.run_id)[:50]
    kept = kept_runs(known, page, NOW)
    ids = [r.run_id for r in kept]
    assert ids == sorted(set(ids), reverse=True)
    assert len(kept) <= 50 + 8
    by_id = {r.run_id: r for r in kept}
    for one in page:
        assert by_id.get(one.run_id, one) == one
        if under_way(one) or NOW - one.updated_at <= DAY:
            assert one.run_id in by_id
    for workflow in {r.workflow_id for r in page}:
        assert max(r.run_id for r in page if r.workflow_id == workflow) in by_id
    if len(page) < 50:
        assert set(ids) <= {r.run_id for r in page}
    assert kept_runs(kept, page, NOW) == kept


@given(st.text(max_size=60))
def test_no_id_of_a_look_raises(text):
    key = run_key(text)
    assert key is None or text.startswith(key[0] + "/")


def test_ids_of_looks():
    assert run_key("acme/web/7") == ("acme/web", 7, 0)
    assert run_key("acme/web/7@2") == ("acme/web", 7, 2)
    for wrong in ("", "7", "acme/web/x", "acme/web/7@x", "acme/web/" + "9" * 30):
        assert run_key(wrong) is None


polls = st.builds(Poll, st.sampled_from(["runs", "jobs"]), st.sampled_from(["a/b", "c/d", "e/f"]), st.integers(0, 3))
moves = st.lists(
    st.one_of(
        st.tuples(st.just("put"), polls, st.floats(0, 100), st.integers(0, 5)),
        st.tuples(st.just("sooner"), polls, st.floats(0, 100), st.integers(0, 5)),
        st.tuples(st.just("drop"), polls, st.just(0.0), st.just(0)),
        st.tuples(st.just("take"), polls, st.floats(0, 100), st.integers(0, 5)),
    ),
    max_size=60,
)


@given(moves)
def test_the_schedule_is_a_plain_list_that_is_fast(moves):
    """Against the simplest thing that could work: a dictionary of times and ranks."""
    schedule, plain = Schedule(), {}
    for what, poll, at, number in moves:
        if what == "put":
            schedule.put(poll, at, rank=number)
            plain[poll] = (at, number)
        elif what == "sooner":
            schedule.sooner(poll, at, rank=number)
            if poll not in plain or plain[poll][0] > at:
                plain[poll] = (at, number)
        elif what == "drop":
            schedule.drop(poll)
            plain.pop(poll, None)
        else:
            taken = schedule.take(at, number, worst=3)
            due = [p for p, (when, rank) in plain.items() if when <= at and rank <= 3]
            assert len(taken) == len(set(taken)) == min(number, len(due))
            assert set(taken) <= set(due)
            left = [plain[p][1] for p in due if p not in taken]
            assert not taken or not left or max(plain[p][1] for p in taken) <= min(left)
            for p in taken:
                del plain[p]
        assert len(schedule) == len(plain)
        assert schedule.next_due() == min((when for when, _ in plain.values()), default=None)
