"""One demo company for all tests that only look, and one of its own with a clock to move for those that wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from console.demo.servers import Demo, start


class MovedClock:
    """A clock that another thread reads while a test moves it."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the demo waits for its pulse, never for the injected clock")

    def move(self, seconds: float) -> None:
        self._now += seconds


@pytest.fixture(scope="module")
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture(scope="module")
def demo(clock: MovedClock) -> Iterator[Demo]:
    with start(clock=clock) as running:
        yield running


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    def wait(is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not is_so():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.01)

    return wait
