"""Lists of runs and jobs."""

from __future__ import annotations

from console.pipelines.model import Job, Run, Step, run_word, seconds_taken
from console.ui.columns.cells import age, dim, state
from console.ui.shown import duration
from console.ui.widgets.columns import Cell, Column
from console.words import SEVERITY, StateWord


def word(thing: Run | Job | Step) -> StateWord:
    return run_word(thing.status, thing.conclusion)


def short(repository: str) -> str:
    """NAME of OWNER/NAME: the owner is the same in nearly every row."""
    return repository.rpartition("/")[2]


def took(run: Run, now: float) -> float | None:
    """How long a run took, or has been going on."""
    if word(run) in ("queued", "waiting"):
        return None
    return seconds_taken(run.started_at, run.updated_at if run.status == "completed" else None, now)


def run_rank(run: Run) -> tuple[float, str]:
    """Newest first."""
    return -(run.created_at or 0.0), run.id


def run_fields(run: Run) -> dict[str, object]:
    """What the filter looks at."""
    return {
        "state": word(run),
        "repo": run.repository,
        "workflow": run.workflow,
        "title": run.title,
        "branch": run.branch,
        "actor": run.actor,
        "event": run.event,
        "number": run.number,
        "sha": run.sha,
    }


def runs(*, ascii: bool) -> tuple[Column[Run], ...]:  # noqa: A002  # the word the settings use
    return (
        Column("state", "state", lambda r, _: state(word(r), ascii=ascii), 11, sort=lambda r: SEVERITY[word(r)]),
        Column("repo", "repository", lambda r, _: Cell(short(r.repository), "bold"), 10, grow=1, sort=lambda r: r.repository),
        Column("workflow", "workflow", lambda r, _: f"{r.workflow} #{r.number}" if r.number else r.workflow, 14, grow=1,
               priority=2, sort=lambda r: r.workflow),
        Column("title", "title", lambda r, _: r.title, 20, grow=8, priority=1, sort=lambda r: r.title),
        Column("branch", "branch", lambda r, _: dim(r.branch), 12, grow=1, priority=4, sort=lambda r: r.branch),
        Column("actor", "by", lambda r, _: dim(r.actor), 8, grow=1, priority=5, sort=lambda r: r.actor),
        Column("event", "event", lambda r, _: dim(r.event), 12, priority=6, sort=lambda r: r.event,
               from_width=150),
        Column("took", "took", _took, 7, align="right", priority=3, sort=lambda r: took(r, r.updated_at or 0.0), ages=True),
        Column("age", "age", lambda r, now: age(r.created_at, now), 4, align="right", sort=lambda r: r.created_at, ages=True),
    )  # fmt: skip


def _took(run: Run, now: float) -> Cell:
    return Cell(duration(took(run, now)), "running" if word(run) == "running" else "dim")


def under_way(*, ascii: bool) -> tuple[Column[Run], ...]:  # noqa: A002  # as above
    """The runs that go on now, for the overview."""
    return (
        Column("state", "state", lambda r, _: state(word(r), ascii=ascii), 9),
        Column("repo", "repository", lambda r, _: Cell(short(r.repository), "bold"), 10, grow=1),
        Column(
            "workflow",
            "workflow",
            lambda r, _: f"{r.workflow} #{r.number}" if r.number else r.workflow,
            10,
            grow=1,
            priority=2,
        ),
        Column("title", "title", lambda r, _: dim(r.title), 12, grow=3, priority=3),
        Column("took", "elapsed", _took, 7, align="right", ages=True),
    )


def job_rank(job: Job) -> tuple[float, int]:
    """In the order in which they begin; what has not begun stands last."""
    return job.started_at if job.started_at is not None else float("inf"), job.job_id


def jobs(*, ascii: bool) -> tuple[Column[Job], ...]:  # noqa: A002  # as above
    return (
        Column("state", "", lambda j, _: Cell(state(word(j), ascii=ascii).text[0], word(j)), 1),
        Column("name", "job", lambda j, _: j.name, 16, grow=1),
        Column("took", "took", _job_took, 6, align="right", ages=True),
    )


def _job_took(job: Job, now: float) -> Cell:
    if word(job) in ("queued", "cancelled") and job.completed_at is None:
        return dim("")
    return Cell(
        duration(seconds_taken(job.started_at, job.completed_at, now)), "running" if word(job) == "running" else "dim"
    )
