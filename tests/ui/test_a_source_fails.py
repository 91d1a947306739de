"""A source that fails says so in the bar, with the age of its facts; the rest goes on."""

from __future__ import annotations

import msgspec

from console.ui.freshness import entries, fitted
from console.world.model import Source
from tests.ui import worlds
from tests.ui.console import console

DOCKER = [s for s in worlds.sources() if s.kind == "docker"]


def failed(source: Source, **more: object) -> Source:
    facts = {
        "state": "failed",
        "data_at": worlds.NOW - 42,
        "error": "no answer",
        "error_kind": "timeout",
        "failures": 3,
    }
    return msgspec.structs.replace(source, **{**facts, **more})


async def test_the_bar_and_the_overview_say_it_and_the_rows_stay():
    async with console(worlds.afternoon()) as c:
        await c.press("3")
        await c.sees("docker ×3 live")  # noqa: RUF001  # a times sign
        await c.put(failed(DOCKER[0]))
        await c.sees("docker/eu1 stale 42s: timed out", "docker ×2")  # noqa: RUF001  # as above
        assert "checkout-1" in c.text(), "a source that fails never blanks its data"
        await c.press("1")
        await c.sees("docker/eu1")


def words(sources: list[Source], width: int) -> list[str]:
    return [f"{word} {text}" for word, text in fitted(sources, worlds.NOW, width)[0]]


def test_sources_of_a_kind_that_are_well_are_one_entry():
    assert words(DOCKER, 100) == ["ok docker ×3 live"]  # noqa: RUF001  # a times sign


def test_one_that_fails_stands_first_and_by_its_own_name():
    assert words([*DOCKER[1:], failed(DOCKER[0])], 100) == [
        "stale docker/eu1 stale 42s: timed out",
        "ok docker ×2 live",  # noqa: RUF001  # as above
    ]


def test_one_that_never_had_facts_has_failed():
    assert words([failed(DOCKER[0], data_at=None)], 100) == ["failed docker no data yet: timed out"]


def test_one_that_polls_says_how_old_its_facts_may_be():
    polls = Source(id="prometheus/main", kind="prometheus", state="ok", fresh_s=15)
    assert words([polls], 100) == ["ok prometheus ≤15s"]


def test_many_that_fail_are_counted_when_there_is_no_room():
    fifty = [failed(Source(id=f"docker/h{i}", kind="docker")) for i in range(50)]
    shown, left = fitted(fifty, worlds.NOW, 80)
    assert (shown, left) == ([("stale", "docker 50 of 50 stale 42s")], 0)


def test_no_width_is_exceeded_and_what_has_no_room_is_counted():
    kinds = [Source(id=f"kind{i}/a", kind=f"kind{i}", state="ok", fresh_s=5) for i in range(20)]
    for width in range(10, 200, 7):
        shown, left = fitted(kinds, worlds.NOW, width)
        assert sum(len(text) + 5 for _, text in shown) - 3 <= width or not shown
        assert len(shown) + left == 20


def test_only_ages_that_move_are_marked_as_ageing():
    assert [e.ages for e in entries([*DOCKER[1:], failed(DOCKER[0])], worlds.NOW)] == [True, False]
