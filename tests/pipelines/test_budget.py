"""What watching costs, counted: the simulated company of tests/pipelines/simulation.py."""

from __future__ import annotations

from tests.pipelines.simulation import simulate


async def test_two_hundred_repositories_cost_at_most_2500_an_hour_and_changes_are_seen_within_15_s():
    result = await simulate(repositories=200, running=5, hours=1.0, seed=7)
    assert result.charged <= 2500
    assert result.seen_p95_s <= 15.0
    assert result.minute <= 720
    assert result.changes > 300


async def test_a_handful_of_repositories_costs_next_to_nothing_while_nothing_runs():
    result = await simulate(repositories=20, running=0, hours=1.0)
    assert result.charged <= 61
    assert result.requests > 600
