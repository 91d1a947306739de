"""GitHub Actions in the world's words. Pure.

Shapes follow GitHub's REST API, version 2022-11-28. Its own documents disagree with each other, so a status or a
conclusion is a plain string here and an unknown one never raises.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from msgspec import Struct

from console.words import StateWord
from console.world.model import Record


class Repository(Record, frozen=True, kw_only=True):
    """A repository; the id is OWNER/NAME as in the settings, also after a rename."""

    topic: ClassVar[str] = "repositories"

    source: str
    """The settings' name of the GitHub it is read from."""
    full_name: str
    """OWNER/NAME as GitHub has it now."""
    url: str = ""
    default_branch: str = ""
    private: bool = False
    archived: bool = False
    problem: str = ""
    """Why it cannot be read: gone (404), no access (403), disabled; empty while it can."""
    tier: str = ""
    """hot, warm, cold: how often it is asked for."""


class Workflow(Record, frozen=True, kw_only=True):
    """A workflow; the id is REPOSITORY/WORKFLOW_ID."""

    topic: ClassVar[str] = "workflows"

    repository: str
    name: str
    path: str = ""
    state: str = ""
    url: str = ""


class Run(Record, frozen=True, kw_only=True):
    """A run in its newest attempt; the id is REPOSITORY/RUN_ID."""

    topic: ClassVar[str] = "runs"

    repository: str
    run_id: int
    number: int = 0
    attempt: int = 1
    workflow: str = ""
    workflow_id: int = 0
    title: str = ""
    event: str = ""
    branch: str = ""
    sha: str = ""
    actor: str = ""
    status: str = ""
    """queued, in_progress, completed, waiting, requested, pending."""
    conclusion: str = ""
    """success, failure, cancelled, skipped, timed_out, action_required, neutral, stale; empty until completed."""
    created_at: float | None = None
    started_at: float | None = None
    updated_at: float | None = None
    url: str = ""


class Step(Struct, frozen=True, omit_defaults=True):
    number: int
    name: str
    status: str = ""
    conclusion: str = ""
    started_at: float | None = None
    completed_at: float | None = None


class Job(Record, frozen=True, kw_only=True):
    """A job of a run's attempt; the id is REPOSITORY/JOB_ID."""

    topic: ClassVar[str] = "jobs"

    repository: str
    run: str
    """The id of its run."""
    run_id: int
    job_id: int
    attempt: int = 1
    name: str = ""
    status: str = ""
    conclusion: str = ""
    started_at: float | None = None
    completed_at: float | None = None
    runner: str = ""
    labels: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    url: str = ""


class Budget(Record, frozen=True, kw_only=True):
    """What GitHub lets us ask, and what of it is gone; the id is the settings' name of the GitHub."""

    topic: ClassVar[str] = "budgets"

    limit: int = 0
    used: int = 0
    reset_at: float | None = None
    window_s: float = 3600.0
    share: float = 0.0
    """used / limit, rounded to whole per cents so that it does not move with every call."""
    paused_until: float | None = None
    reason: str = ""
    login: str = ""
    token_from: str = ""
    """Where the token came from: environment, keyring, gh; never the token."""


_CONCLUSIONS: dict[str, StateWord] = {
    "success": "ok",
    "neutral": "ok",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
    "action_required": "waiting",
    "cancelled": "cancelled",
    "skipped": "cancelled",
    "stale": "stale",
}
_STATUSES: dict[str, StateWord] = {
    "in_progress": "running",
    "queued": "queued",
    "requested": "queued",
    "pending": "queued",
    "waiting": "waiting",
}


def run_word(status: str, conclusion: str) -> StateWord:
    """The screen's word for the state of a run, a job or a step."""
    if status == "completed":
        return _CONCLUSIONS.get(conclusion, "unknown")
    return _STATUSES.get(status, "unknown")


def seconds_taken(started_at: float | None, ended_at: float | None, now: float) -> float | None:
    """How long something took, or has taken by `now` where it has not ended."""
    return None if started_at is None else max(0.0, (ended_at if ended_at is not None else now) - started_at)


RUNS_KEPT = 50
"""Runs kept of a repository, and the number asked for at once."""
KEPT_S = 86_400.0
"""How long a finished run is kept: a day."""
WORKFLOWS_KEPT = 300
"""Most workflows of which the last run is kept however old it is."""


def under_way(run: Run) -> bool:
    """Whether the run changes by itself: it is queued or running. One that waits for a person may wait for 30 days."""
    return run.status not in ("completed", "waiting", "")


def activity(run: Run) -> float:
    """When something last happened to the run; 0 where GitHub does not say."""
    return max(run.updated_at or 0.0, run.started_at or 0.0, run.created_at or 0.0)


def kept_runs(known: Iterable[Run], page: Iterable[Run], now: float) -> list[Run]:
    """Which runs of a repository are worth keeping, newest first, when GitHub's newest are `page`.

    Of the last day, not completed, or the last of their workflow. What is known and older than a full page is kept only
    as the last of its workflow; what the page should name and does not has been deleted.
    """
    runs = {run.id: run for run in page}
    oldest = min(run.run_id for run in runs.values()) if len(runs) >= RUNS_KEPT else 0
    for run in known:
        if run.run_id < oldest:
            runs.setdefault(run.id, run)
    kept: list[Run] = []
    last_of: set[int] = set()
    recent = 0
    for run in sorted(runs.values(), key=lambda run: run.run_id, reverse=True):
        last = run.workflow_id not in last_of and len(last_of) < WORKFLOWS_KEPT
        young = (
            recent < RUNS_KEPT and run.run_id >= oldest and (run.status != "completed" or now - activity(run) <= KEPT_S)
        )
        if last:
            last_of.add(run.workflow_id)
        recent += young
        if last or young:
            kept.append(run)
    return kept


def run_key(text: str) -> tuple[str, int, int] | None:
    """(repository, run id, attempt or 0) of REPOSITORY/RUN_ID or REPOSITORY/RUN_ID@ATTEMPT; None for anything else."""
    repository, _, tail = text.rpartition("/")
    run_id, _, attempt = tail.partition("@")
    if not repository or not _whole(run_id) or (attempt and not _whole(attempt)):
        return None
    return repository, int(run_id), int(attempt or 0)


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
