"""The same seed and the same time give the same company, however often it was asked in between."""

from __future__ import annotations

import msgspec
import pytest

from console.demo.company import Company
from console.demo.github_shapes import Shapes

START = 1_790_000_000.0
SPAN_S = 1_200.0


def look(company: Company, now: float) -> bytes:
    """All that an observer could see of it."""
    company.advance(now)
    shapes = Shapes("http://x")
    return msgspec.json.encode(
        [
            [shapes.run(run, now) for r in company.forge.repositories.values() for run in r.runs if run.created <= now],
            [c for h in company.fleet.hosts.values() for c in h.containers.values()],
            [[e.at_us, e.action, e.container.id] for h in company.fleet.hosts.values() for e in h.events],
            [[a.fingerprint, a.active_at, a.fired_at, a.value] for a in company.alarms.alerts.values()],
            sorted(company.alarms.silences),
            [company.signals.error_ratio("checkout", now), company.signals.latency("search", 0.95, now)],
        ]
    )


def build(seed: int = 7, **sizes: int) -> Company:
    return Company(seed=seed, start=START, **sizes)


def test_the_same_seed_and_times_give_the_same_company():
    one, two = build(), build()
    for at in (0, 15, 60, 61.5, 400, SPAN_S):
        assert look(one, START + at) == look(two, START + at)


def test_how_often_it_is_asked_changes_nothing():
    often, once = build(), build()
    for second in range(0, int(SPAN_S), 7):
        often.advance(START + second)
    assert look(often, START + SPAN_S) == look(once, START + SPAN_S)


def test_another_seed_is_another_company():
    assert look(build(7), START + 60) != look(build(8), START + 60)


def test_a_time_that_lies_back_changes_nothing():
    company = build()
    before = look(company, START + 300)
    company.advance(START + 10)
    assert company.now == START + 300
    assert look(company, START + 300) == before


@pytest.mark.parametrize("seed", [1, 7, 42])
def test_something_changes_every_few_seconds_but_not_everything(seed: int):
    company, changes, last = build(seed), 0, b""
    for second in range(0, 300, 5):
        seen = look(company, START + second)
        changes += seen != last
        last = seen
    assert changes >= 50
    running = [c for h in company.fleet.hosts.values() for c in h.containers.values() if c.state == "running"]
    assert len(running) >= 35


def test_sizes_are_as_asked():
    company = build(repos=200, hosts=5, containers=1000, alerts=500)
    assert len(company.forge.repositories) == 200
    assert len(company.fleet.hosts) == 5
    assert sum(len(h.containers) for h in company.fleet.hosts.values()) == 1000
    assert len(company.alarms.firing()) >= 500
    assert all(r.runs for r in company.forge.repositories.values() if not r.gone)


@pytest.mark.parametrize("sizes", [{"repos": 0}, {"repos": 1}, {"containers": 0}, {"containers": 3}, {"hosts": 1}])
def test_small_companies_live_too(sizes: dict[str, int]):
    company = build(**sizes)
    company.advance(START + SPAN_S)
    assert len(company.forge.repositories) == sizes.get("repos", 24)
