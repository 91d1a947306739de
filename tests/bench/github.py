"""200 simulated repositories for hours by a clock that is moved: requests charged, and how soon a change is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from tests.bench.figure import Figure, Options
from tests.pipelines.simulation import simulate

NAME = "github"
REPOSITORIES, RUNNING = 200, 5


def measure(options: Options) -> Iterator[Figure]:
    hours = options.n(3, 1)
    repositories = options.n(REPOSITORIES, 20)
    result = asyncio.run(simulate(repositories=repositories, running=RUNNING, hours=hours))
    how = f"simulated clock, {hours} h, {repositories} repositories, {RUNNING} runs under way, one of them looked at"
    yield Figure(
        key="github.charged", title=f"GitHub: requests charged in an hour, {repositories} repositories", measured=result.charged,
        goal=2_500, n=result.requests, how=f"{how}; the dearest hour; n is all requests of that hour, with those not charged",
        facts={"requests": result.requests, "busiest_minute": result.minute, "hours": str(result.hours)},
    )  # fmt: skip
    yield Figure(
        key="github.seen.p95", title="GitHub: a change of a running run is seen, p95", measured=result.seen_p95_s, unit="s",
        goal=15, n=result.changes, how=how, facts={"most_s": result.seen_most_s, "new_run_p95_s": result.new_p95_s},
    )  # fmt: skip
