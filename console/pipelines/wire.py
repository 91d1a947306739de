"""What GitHub answers, as far as the house reads it. Pure.

Nearly everything is optional, unknown fields are skipped, and a status is any string: GitHub's own examples break its
own schema in 22 of 96 cases. Only what identifies a thing must be there.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""An id or a count: what fits the 64 bits that JSON encoders, SQLite and GitHub itself have for it."""


class User(Struct, frozen=True, omit_defaults=True):
    login: str | None = None


class Repo(Struct, frozen=True, omit_defaults=True):
    full_name: str | None = None
    html_url: str | None = None
    default_branch: str | None = None
    private: bool | None = None
    archived: bool | None = None
    disabled: bool | None = None


class Workflow(Struct, frozen=True, omit_defaults=True):
    id: Count
    name: str | None = None
    path: str | None = None
    state: str | None = None
    html_url: str | None = None


class Workflows(Struct, frozen=True, omit_defaults=True):
    workflows: list[Workflow]
    total_count: Count | None = None


class Run(Struct, frozen=True, omit_defaults=True):
    id: Count
    run_number: Count | None = None
    run_attempt: Count | None = None
    name: str | None = None
    workflow_id: Count | None = None
    display_title: str | None = None
    event: str | None = None
    head_branch: str | None = None
    head_sha: str | None = None
    actor: User | None = None
    triggering_actor: User | None = None
    status: str | None = None
    conclusion: str | None = None
    created_at: str | None = None
    run_started_at: str | None = None
    updated_at: str | None = None
    html_url: str | None = None


class Runs(Struct, frozen=True, omit_defaults=True):
    workflow_runs: list[Run]
    total_count: Count | None = None


class Step(Struct, frozen=True, omit_defaults=True):
    number: Count | None = None
    name: str | None = None
    status: str | None = None
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None


class Job(Struct, frozen=True, omit_defaults=True):
    id: Count
    run_id: Count
    run_attempt: Count | None = None
    name: str | None = None
    status: str | None = None
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    runner_name: str | None = None
    labels: list[str] | None = None
    steps: list[Step] | None = None
    html_url: str | None = None


class Jobs(Struct, frozen=True, omit_defaults=True):
    jobs: list[Job]
    total_count: Count | None = None


class Message(Struct, frozen=True):
    """The body of an error."""

    message: str | None = None
