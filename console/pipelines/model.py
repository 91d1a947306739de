"""GitHub Actions in the world's words. Pure.

Shapes follow GitHub's REST API, version 2022-11-28. Its own documents disagree with each other, so a status or a
conclusion is a plain string here and an unknown one never raises.
"""

from __future__ import annotations

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
