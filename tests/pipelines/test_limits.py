"""The governor: what GitHub is asked stays within the share, whatever GitHub answers (R45)."""

from __future__ import annotations

import asyncio
import json
from email.utils import formatdate

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import SourceError
from console.pipelines.governor import Gate
from console.pipelines.limits import BURST, CONCURRENT, Governor, governor_of
from console.pipelines.model import Budget
from tests.clock import FakeClock

WALL = 1_790_000_000.0


def told(used: int, *, limit: int = 5000, reset: float = WALL + 3600, **more: str) -> dict[str, str]:
    return {
        "date": formatdate(WALL, usegmt=True),
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-used": str(used),
        "x-ratelimit-remaining": str(limit - used),
        "x-ratelimit-reset": str(int(reset)),
    } | {key.replace("_", "-"): value for key, value in more.items()}


def answered(governor: Governor, now: float, status: int, headers: dict[str, str], body: bytes = b"") -> None:
    governor.started(now)
    governor.answered(now, WALL + now, status, headers, body, recurring=True)


@settings(max_examples=200, deadline=None)
@given(
    share=st.floats(0.05, 0.8),
    limit=st.sampled_from([60, 1000, 5000, 15000]),
    steps=st.lists(st.tuples(st.floats(0, 30), st.booleans(), st.integers(1, 40)), max_size=60),
    others=st.integers(0, 2000),
)
def test_never_more_than_the_share_of_the_hour(share, limit, steps, others):
    """However requests and answers fall: with what others used, no more than the share is used by us."""
    governor = Governor(share)
    now, used, window = 0.0, min(others, limit), 0.0
    before = used
    for pause, unchanged, wanted in steps:
        now += pause
        if now >= window + 3600:
            window, used, before = now, 0, 0
        for _ in range(wanted):
            if governor.wait_s(now, urgent=True) > 0:
                break
            charged = not unchanged
            used += charged
            governor.started(now)
            headers = told(used, limit=limit, reset=WALL + window + 3600, date=formatdate(WALL + now, usegmt=True))
            governor.answered(now, WALL + now, 304 if unchanged else 200, headers, b"", recurring=True)
    # Of the very first request nobody can know.
    assert used <= max(before + 1, int(limit * share))


@settings(max_examples=200, deadline=None)
@given(share=st.floats(0.05, 0.8), pauses=st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_never_more_than_the_share_of_a_minutes_points(share, pauses):
    governor = Governor(share)
    now, times = 100.0, []
    for pause in pauses:
        now += pause
        while governor.wait_s(now) <= 0:
            governor.started(now)
            governor.answered(now, WALL + now, 304, {}, b"", recurring=False)
            times.append(now)
    for end, at in enumerate(times):
        assert sum(1 for x in times[: end + 1] if x > at - 60.0) <= max(900 * share, BURST) + 1e-6


def test_what_waits_leaves_evenly():
    governor = Governor()
    governor.started(0.0)
    for _ in range(100):
        wait = governor.wait_s(1.0)
        if wait:
            break
        governor.started(1.0)
    assert 0 < wait <= 0.1


def test_polling_leaves_a_reserve_for_what_people_ask():
    governor = Governor()
    answered(governor, 0.0, 200, told(3600))
    assert governor.wait_s(1.0) == pytest.approx(3599, abs=1)
    assert governor.wait_s(1.0, urgent=True) == 0
    assert governor.paused_s(1.0) == pytest.approx(3599, abs=1)
    assert governor.reason == "72 % of GitHub's hourly limit is used"
    answered(governor, 2.0, 200, told(4000))
    assert governor.wait_s(3.0, urgent=True) > 3000


def test_a_new_window_starts_again():
    governor = Governor()
    answered(governor, 0.0, 200, told(4000))
    assert governor.wait_s(3599.0) > 0
    assert governor.wait_s(3601.0) == 0
    answered(governor, 3602.0, 200, told(1, reset=WALL + 7200, date=formatdate(WALL + 3602, usegmt=True)))
    assert governor.used == 1


def test_answers_that_overtake_each_other_do_not_give_back():
    governor = Governor()
    answered(governor, 0.0, 200, told(100))
    answered(governor, 0.1, 200, told(90))
    answered(governor, 0.2, 200, told(95, reset=WALL + 3601))
    assert governor.used == 100


def test_an_answer_that_never_came_counts():
    governor = Governor()
    answered(governor, 0.0, 200, told(100))
    governor.started(1.0)
    governor.lost()
    assert (governor.used, governor.flying) == (101, 0)


def test_other_budgets_and_nonsense_are_not_ours():
    governor = Governor()
    answered(governor, 0.0, 200, told(100))
    for headers in (
        told(4999, x_ratelimit_resource="search"),
        told(9, limit=0),
        {"x-ratelimit-limit": "many", "x-ratelimit-used": "-1", "x-ratelimit-reset": "1e9"},
        {"x-ratelimit-limit": "9" * 5000, "x-ratelimit-used": "1", "x-ratelimit-reset": "1"},
        {"x-ratelimit-limit": "5000", "x-ratelimit-reset": "1"},
        {"date": "yesterday", "retry-after": "soon"},
    ):
        answered(governor, 1.0, 304, headers)
    assert (governor.limit, governor.used) == (5000, 100)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from([*told(1), "retry-after", "x-ratelimit-resource"]), st.text(max_size=40)),
    st.integers(100, 599),
)
def test_no_header_raises_or_pauses_for_ever(headers, status):
    governor = Governor()
    answered(governor, 5.0, status, headers, b"secondary rate limit")
    assert 0 <= governor.wait_s(5.0) <= 3601
    assert governor.flying == 0


@pytest.mark.parametrize(
    ("status", "headers", "body", "wait"),
    [
        (429, {"retry-after": "120"}, b"", 120),
        (403, {"retry-after": "7"}, b"", 7),
        (403, {"retry-after": formatdate(WALL + 90, usegmt=True), "date": formatdate(WALL, usegmt=True)}, b"", 90),
        (403, told(5000), b'{"message":"API rate limit exceeded"}', 3601),
        (403, told(100), b'{"message":"You have exceeded a secondary rate limit"}', 60),
        (429, {}, b"", 60),
        (429, {"retry-after": "99999999"}, b"", 3600),
    ],
)
def test_a_pause_is_as_long_as_github_says(status, headers, body, wait):
    governor = Governor()
    answered(governor, 0.0, status, headers, body)
    assert governor.wait_s(0.0, urgent=True) == pytest.approx(wait, abs=1)
    assert governor.paused_s(wait / 2) > 0
    assert governor.reason
    assert governor.wait_s(wait + 1.0, urgent=True) <= 0.1


def test_a_refusal_is_no_pause():
    governor = Governor()
    answered(governor, 0.0, 403, told(100), b'{"message":"Resource not accessible"}')
    assert governor.paused_s(0.0) == 0
    assert governor.reason == ""


def test_pauses_double_until_something_succeeds():
    governor = Governor()
    waits = []
    now = 0.0
    for _ in range(4):
        answered(governor, now, 429, {})
        waits.append(round(governor.wait_s(now)))
        now += waits[-1] + 1
    assert waits == [60, 120, 240, 480]
    answered(governor, now, 304, {})
    answered(governor, now, 429, {})
    assert round(governor.wait_s(now)) == 60


def test_intervals_grow_when_spending_would_not_last():
    governor = Governor()
    for second in range(600):
        answered(governor, float(second), 200, told(3 * second, date=formatdate(WALL + second, usegmt=True)))
    assert governor.stretch(600.0) == pytest.approx(1.2 * governor.spend(600) * 3000 / (3500 - 1797), rel=0.01)
    idle = Governor()
    answered(idle, 0.0, 304, told(100))
    assert idle.stretch(1.0) == 1
    answered(idle, 1.0, 304, told(3300))
    assert idle.stretch(2.0) == 4
    answered(idle, 2.0, 304, told(3600))
    assert idle.stretch(2.0) == 8


def test_settings_with_one_token_share_one_governor():
    one = governor_of("api.github.com", "f1", 0.8)
    assert governor_of("api.github.com", "f1", 0.5) is one
    assert one.share == 0.5
    assert governor_of("api.github.com", "f2", 0.8) is not one


async def test_the_gate_lets_ten_through_at_once():
    clock, governor = FakeClock(), Governor()
    gate = Gate(governor, clock)
    most = 0

    async def one() -> None:
        nonlocal most
        async with gate.admit():
            most = max(most, governor.flying)
            await clock.sleep(5.0)
            governor.answered(clock.monotonic(), clock.now(), 304, {}, b"", recurring=False)

    tasks = [asyncio.create_task(one()) for _ in range(40)]
    for _ in range(100):
        await clock.advance(1.0)
    assert all(task.done() for task in tasks)
    assert most == CONCURRENT
    assert governor.flying == 0


async def test_the_gate_says_so_where_the_wait_is_long():
    clock, governor = FakeClock(), Governor()
    answered(governor, clock.monotonic(), 429, {"retry-after": "600"})
    with pytest.raises(SourceError, match="not asked for another 600 s") as caught:
        async with Gate(governor, clock).admit():
            pytest.fail("it was let through")
    assert (caught.value.kind, round(caught.value.retry_after_s)) == ("limited", 600)


async def test_a_pause_of_github_is_kept_seen_and_ends(bench):
    """403 with Retry-After: nothing leaves until it is over, the budget says until when, and facts go on after it."""
    bench.github.run(bench.github.repo("acme/web"))
    async with bench.running(bench.feed()):
        body = json.dumps({"message": "You have exceeded a secondary rate limit"}).encode()
        headers = {"retry-after": "300", "content-type": "application/json"}
        bench.github.pause = httpx.Response(403, headers=headers, content=body)
        await bench.clock.advance(11)
        asked = len(bench.github.asked)
        cursor = bench.world.cursor
        await bench.clock.advance(200)
        assert len(bench.github.asked) == asked
        assert bench.world.cursor == cursor, "a pause is said once"
        budget = bench.world.get(Budget, "github")
        assert 0 < budget.paused_until - bench.clock.now() < 300
        assert budget.reason == "GitHub asked for a pause"
        assert bench.source().state == "degraded"
        assert "not asked at the moment" in bench.source().notes[0]
        bench.github.pause = None
        await bench.clock.advance(150)
        assert len(bench.github.asked) > asked
        assert bench.world.get(Budget, "github").paused_until is None
        assert bench.source().state == "ok"


async def test_the_hours_limit_is_never_passed(bench):
    """A small limit and lists that change all the time: 80 % is the end, and in the next hour it goes on."""
    bench.github.limit = 300
    repos = [bench.github.repo(f"acme/r{number}") for number in range(20)]
    runs = [(repo, bench.github.run(repo)) for repo in repos]
    async with bench.running(bench.feed(), 1):
        for _ in range(700):
            for repo, run in runs:
                bench.github.change(repo, run)
            await bench.clock.advance(5)
            assert bench.github.used.get("ghp_one", 0) <= 240
        asked = len(bench.github.asked)
        await bench.clock.advance(400)
        assert len(bench.github.asked) > asked
    assert bench.github.most_flying <= CONCURRENT
