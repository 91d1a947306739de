"""A run: its jobs with their steps, and the log of the selected one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from textual import on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from console.client.replica import Changed
from console.pipelines.model import Job, Run, Step, run_word, seconds_taken
from console.ui.columns.cells import dim
from console.ui.columns.pipelines import short, took, word
from console.ui.facts import Fact, Section
from console.ui.logpane import LogPane
from console.ui.paint import MUTED, STRONG, sign, tone
from console.ui.panes import FactsPane, ListPane
from console.ui.screens.base import ConsoleScreen
from console.ui.screens.pages import when
from console.ui.shown import ago, duration, glyph
from console.ui.widgets.columns import Cell, Column
from console.ui.widgets.table import VirtualTable
from console.words import StateWord
from console.world.interest import Look

ENOUGH = 3
"""Runs below which a median is a guess (R43)."""
NO_LIVE_LOG = "GitHub gives no log of a job that still runs. Its steps are live; the log follows when the job ends."


@dataclass(frozen=True)
class Row:
    """A job, or one step of it."""

    job: Job
    step: Step | None = None

    @property
    def id(self) -> str:
        return self.job.id if self.step is None else f"{self.job.id}#{self.step.number}"

    @property
    def word(self) -> StateWord:
        return word(self.step or self.job)

    @property
    def rank(self) -> tuple[float, int, int]:
        """Jobs in the order in which they begin, each with its steps below it; what has not begun stands last."""
        begun = self.job.started_at if self.job.started_at is not None else float("inf")
        return begun, self.job.job_id, self.step.number if self.step else 0

    def took(self, now: float) -> float | None:
        if self.step is not None:
            return seconds_taken(self.step.started_at, self.step.completed_at, now)
        return seconds_taken(self.job.started_at, self.job.completed_at, now) if self.word != "queued" else None


def rows_of(jobs: Iterable[Job], opened: str) -> list[Row]:
    """Every job; the steps of the one that is `opened`, of failed ones and of those that run."""
    rows: list[Row] = []
    for job in jobs:
        rows.append(Row(job))
        if job.id == opened or word(job) in ("failed", "running"):
            rows += [Row(job, step) for step in job.steps]
    return rows


def usual(run: Run, runs: Iterable[Run]) -> float | None:
    """The median of what its workflow took when it went well, in seconds; None where fewer than `ENOUGH` are known."""
    its = (
        r for r in runs if (r.repository, r.workflow_id, r.workflow) == (run.repository, run.workflow_id, run.workflow)
    )
    found = [s for r in its if word(r) == "ok" and (s := took(r, 0.0)) is not None]
    return median(found) if len(found) >= ENOUGH else None


def _columns(*, ascii: bool) -> tuple[Column[Row], ...]:  # noqa: A002  # the word the settings use
    def name(row: Row, _: float) -> Cell:
        mark = glyph(row.word, ascii)
        if row.step is None:
            return Cell(f"{mark} {row.job.name}", row.word if row.word != "ok" else "bold")
        return Cell(f"  {mark} {row.step.name}", row.word if row.word in ("failed", "running") else "dim")

    def elapsed(row: Row, now: float) -> Cell:
        seconds = row.took(now)
        return dim("") if seconds is None else Cell(duration(seconds), "running" if row.word == "running" else "dim")

    return (
        Column("name", "job", name, 20, grow=1),
        Column("took", "took", elapsed, 6, align="right", ages=True),
    )


class RunScreen(ConsoleScreen):
    def __init__(self, record_id: str) -> None:
        super().__init__()
        self._record_id = record_id
        self._run: Run | None = None
        self._opened = ""
        self._usual: float | None = None
        """Seconds that runs of its workflow take, where enough of them are known."""
        self._log = LogPane(empty="No log.", id="log")
        self._steps = FactsPane(id="steps")

    def body(self) -> Iterable[Widget]:
        self._jobs: ListPane[Any] = ListPane(
            _columns(ascii=self.deck.ascii), now=self.deck.clock.now, rank=lambda row: row.rank, id="left",
            classes="pane -front", empty="Waiting for the jobs.",
        )  # fmt: skip
        yield Horizontal(
            self._jobs, Vertical(self._steps, self._log, id="right", classes="pane"), id="halves", classes="jobs"
        )

    def panes(self) -> list[Widget]:
        return [self._jobs, self.query_one("#right")]

    def bring(self, pane: Widget) -> None:
        super().bring(pane)
        if pane.id == "right":
            (self._log.view if self._log.display else self._steps).focus()

    def on_mount(self) -> None:
        super().on_mount()
        self._log.display = False
        self._jobs.table.focus()

    def looks(self) -> frozenset[Look]:
        return frozenset({(Job.topic, self._record_id)})

    # The world.

    def _its_jobs(self) -> list[Job]:
        return [job for job in self.deck.replica.all(Job) if job.run == self._record_id]

    def sync(self) -> None:
        self._run = self.deck.replica.get(Run, self._record_id) or self._run
        if self._run is not None and self._usual is None:
            self._usual = usual(self._run, self.deck.replica.all(Run))
        self._show_jobs()

    def changed(self, changed: Changed) -> None:
        if self._record_id in changed.get(Run.topic, ()) or Job.topic in changed:
            self.sync()
        if "link" in changed and self.deck.link.state == "live":
            self._log.resume()

    def _show_jobs(self) -> None:
        jobs = self._its_jobs()
        if not self._opened and jobs:
            # What one comes for: the job that failed, else the one that runs, else the first.
            order = {"failed": 0, "running": 1}
            first = min(jobs, key=lambda job: (order.get(word(job), 2), Row(job).rank))
            self._opened = first.id
            self._jobs.table.set_rows(rows_of(jobs, self._opened))
            failed = next((s for s in first.steps if word(s) == "failed"), None)
            self._jobs.table.select(Row(first, failed).id)
        else:
            # Only rows that differ are drawn anew.
            self._jobs.table.set_rows(rows_of(jobs, self._opened))
        self._show_right()

    def _show_right(self) -> None:
        job = self.deck.replica.get(Job, self._opened) if self._opened else None
        if job is None:
            return
        ended = job.status == "completed"
        self._log.display = ended
        self._steps.display = not ended
        state_word = word(job)
        if ended:
            self._log.title(
                Content.assemble(
                    " ", (f"{sign(state_word, ascii=self.deck.ascii)} ", tone(state_word)), (job.name, STRONG)
                )
            )
            if job.conclusion != "skipped" and self._log.read(self.deck.port, "jobs", job.id, follow=False):
                self._seek()
            return
        now = self.deck.clock.now()
        facts = tuple(
            Fact(f"{sign(word(s), ascii=self.deck.ascii)} {duration(seconds_taken(s.started_at, s.completed_at, now))}", s.name,
                 "running" if word(s) == "running" else None, quiet=word(s) == "queued")
            for s in job.steps
        )  # fmt: skip
        text = NO_LIVE_LOG if state_word == "running" else "It has not begun."
        about = (Fact("runner", job.runner), Fact("started", when(job.started_at, now)))
        self._steps.show([Section(job.name, facts), Section("", (*about, Fact("log", text, quiet=True)))])

    def _seek(self) -> None:
        """To the lines of the selected step; of what failed, to its first error."""
        row = self._jobs.table.selected
        if not isinstance(row, Row) or row.job.id != self._opened:
            return
        failed = row.word == "failed"
        if row.step is not None and row.step.started_at is not None:
            self._log.seek(row.step.started_at, error=failed)
        elif failed:
            self._log.seek(None, error=True)

    # The lines around it.

    def crumbs(self) -> tuple[str, ...]:
        run = self._run
        if run is None:
            return ("Pipelines", self._record_id)
        where = f"{run.branch} {run.sha[:7]}".strip()
        return (
            "Pipelines",
            short(run.repository),
            f'{run.workflow} #{run.number}  {where}  "{run.title}" by {run.actor}',
        )

    def facts(self) -> Content:
        run = self._run
        if run is None:
            return Content("")
        now = self.deck.clock.now()
        w = run_word(run.status, run.conclusion)
        seconds = took(run, now)
        text = f"{sign(w, ascii=self.deck.ascii)} {w}{f' {duration(seconds)}' if seconds is not None else ''}"
        if w == "running" and self._usual is not None:
            text += f" / ~{ago(self._usual)}"
        attempt = Content.styled(f"attempt {run.attempt}  " if run.attempt > 1 else "", MUTED)
        return Content.assemble(attempt, (text, tone(w)))

    def ageing(self) -> bool:
        return self.chrome_ages() or any(word(job) == "running" for job in self._its_jobs())

    def tick(self, now: float) -> None:
        super().tick(now)
        self._jobs.table.tick()
        self._show_right()
        self.paint_title()

    def back(self) -> bool:
        return self._log.clear_search() or self._jobs.clear_filter()

    def copied(self) -> str:
        return f"{self._run.repository} #{self._run.number} {self._run.sha}" if self._run else ""

    def link(self) -> str:
        row = self._jobs.table.selected
        return (row.job.url if isinstance(row, Row) else "") or (self._run.url if self._run else "")

    @on(VirtualTable.Highlighted)
    def _highlighted(self, event: VirtualTable.Highlighted) -> None:
        event.stop()
        if not isinstance(event.record, Row):
            return
        if event.record.job.id == self._opened:
            self._seek()
        else:
            self._opened = event.record.job.id
            self._jobs.table.set_rows(rows_of(self._its_jobs(), self._opened))
            self._show_right()

    @on(VirtualTable.Opened)
    def _opened_row(self, event: VirtualTable.Opened) -> None:
        event.stop()
        self.bring(self.query_one("#right"))
