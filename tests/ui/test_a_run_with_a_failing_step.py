"""A run: the failing step is selected, its job's log is read; a job that runs has live steps and a sentence."""

from __future__ import annotations

import msgspec

from console.errors import SourceError
from console.pipelines.model import Job, Run
from console.world.model import LogLine
from tests.ui import worlds
from tests.ui.console import console


async def test_the_failing_step_is_selected_and_the_log_of_its_job_is_shown():
    async with console([*worlds.afternoon(), *worlds.jobs()]) as c:
        c.port.logs["acme/checkout/102"] = [LogLine(worlds.NOW, "stdout", "E   assert total == Decimal('12.30')")]
        c.app.open_record("runs", worlds.FAILED_RUN)
        await c.sees("✖ Run pytest", "assert total == Decimal", "✖ failed 4:02")
        assert c.screen._jobs.table.selected.step.name == "Run pytest"
        assert c.port.looked == {("jobs", worlds.FAILED_RUN)}


async def test_another_job_shows_its_own_log():
    async with console([*worlds.afternoon(), *worlds.jobs()]) as c:
        c.port.logs["acme/checkout/101"] = [LogLine(worlds.NOW, "stdout", "all files are formatted")]
        c.app.open_record("runs", worlds.FAILED_RUN)
        await c.sees("✖ Run pytest")
        await c.press("home")
        await c.sees("all files are formatted")


async def test_a_job_that_runs_shows_live_steps_and_says_that_there_is_no_live_log():
    async with console([*worlds.afternoon(), *worlds.live_jobs()]) as c:
        c.app.open_record("runs", worlds.RUNNING_RUN)
        await c.sees("◐ Run vitest", "GitHub gives no log of a job that still runs")
        assert c.port.followed == []


async def test_the_log_comes_when_the_job_ends():
    async with console([*worlds.afternoon(), *worlds.live_jobs()]) as c:
        c.app.open_record("runs", worlds.RUNNING_RUN)
        await c.sees("GitHub gives no log")
        job = next(r for r in worlds.live_jobs() if isinstance(r, Job))
        c.port.logs[job.id] = [LogLine(None, "stdout", "Tests: 812 passed")]
        await c.put(msgspec.structs.replace(job, status="completed", conclusion="success", completed_at=worlds.NOW))
        await c.sees("Tests: 812 passed")


async def test_a_log_that_cannot_be_had_says_why_in_its_place():
    async with console([*worlds.afternoon(), *worlds.jobs()]) as c:
        c.port.log_error = SourceError(
            "The log is gone: GitHub keeps logs for 90 days", "Run the job again.", kind="missing"
        )
        c.app.open_record("runs", worlds.FAILED_RUN)
        await c.sees("The log is gone", "Run the job again.")


async def test_at_80_columns_enter_brings_the_log_and_tab_the_jobs():
    async with console([*worlds.afternoon(), *worlds.jobs()], size=(80, 24)) as c:
        c.port.logs["acme/checkout/102"] = [LogLine(worlds.NOW, "stdout", "E   assert total")]
        c.app.open_record("runs", worlds.FAILED_RUN)
        await c.sees("✖ Run pytest")
        assert "assert total" not in c.text()
        await c.press("enter")
        await c.sees("assert total")
        await c.press("tab")
        await c.sees("✖ Run pytest")


def long_log() -> list[LogLine]:
    """The log of the failed job: three lines a second, each step's with its name, one error in the middle of pytest."""
    start = worlds.NOW - 18 * worlds.MINUTE
    lines = []
    for n in range(236 * 3):
        at = n / 3
        step = "set up" if at < 3 else "install" if at < 44 else "pytest" if at < 235 else "post"
        lines.append(LogLine(start + at, "stdout", f"{step} line {n}"))
    lines[300] = LogLine(start + 100, "stdout", "##[error]E   assert total == 12.30")
    return lines


async def test_a_failed_step_opens_at_its_first_error_with_what_led_to_it():
    async with console([*worlds.afternoon(), *worlds.jobs()]) as c:
        c.port.logs["acme/checkout/102"] = long_log()
        c.app.open_record("runs", worlds.FAILED_RUN)
        await c.sees("✖ E   assert total == 12.30", "pytest line 295", "pytest line 305")


async def test_a_step_shows_its_own_lines():
    async with console([*worlds.afternoon(), *worlds.jobs()]) as c:
        c.port.logs["acme/checkout/102"] = long_log()
        c.app.open_record("runs", worlds.FAILED_RUN)
        await c.sees("✖ E   assert total == 12.30")
        await c.press("up")
        await c.sees("install line 9")
        assert "set up line 8" not in c.text()
        assert "install line 9" in c.text().splitlines()[3]
        await c.press("down")
        await c.sees("✖ E   assert total == 12.30")


async def test_a_failed_job_opens_at_its_first_error_too():
    async with console([*worlds.afternoon(), *worlds.jobs()]) as c:
        c.port.logs["acme/checkout/102"] = long_log()
        c.app.open_record("runs", worlds.FAILED_RUN)
        await c.sees("✖ E   assert total == 12.30")
        await c.press("up", "up", "up")
        assert c.screen._jobs.table.selected.step is None
        await c.sees("✖ E   assert total == 12.30")


async def test_a_run_under_way_says_how_long_its_workflow_takes_where_enough_is_known():
    running = next(r for r in worlds.pipelines() if isinstance(r, Run) and r.id == worlds.RUNNING_RUN)
    ended = [
        msgspec.structs.replace(
            running, id=f"acme/web/{n}", run_id=n, status="completed", conclusion="success",
            started_at=worlds.NOW - 9000, updated_at=worlds.NOW - 9000 + took,
        )
        for n, took in ((1, 300), (2, 540), (3, 2000))
    ]  # fmt: skip
    async with console([*worlds.sources(), running, *ended[:2], *worlds.live_jobs()]) as c:
        c.app.open_record("runs", worlds.RUNNING_RUN)
        await c.sees("◐ running 6:12")
        assert "/ ~" not in c.text(), "two runs are no measure"
        await c.put(ended[2], msgspec.structs.replace(running, attempt=2))
        await c.sees("◐ running 6:12 / ~9m")
