"""From GitHub's answers to the world's records: every remote string cleaned, every time in seconds. Pure."""

from __future__ import annotations

from console.moment import moment
from console.pipelines import wire
from console.pipelines.model import Job, Repository, Run, Step, Workflow
from console.text import clean

NAME = 256
"""Characters kept of a name, a branch, a login: GitHub's own limit for a branch is 255."""
TITLE = 500
URL = 2048
STEPS = 400
"""Steps kept of a job; GitHub's own documents name no limit, and nobody has been seen with 200."""
LABELS = 50


def name(text: str | None, limit: int = NAME) -> str:
    return clean(text or "", limit)


def link(text: str | None) -> str:
    """A web address that is one, or nothing: a screen may hand it to a browser."""
    url = clean(text or "", URL)
    return url if url.startswith(("https://", "http://")) else ""


def repository_of(asked: str, source: str, found: wire.Repo, *, tier: str) -> Repository:
    return Repository(
        id=asked,
        source=source,
        full_name=name(found.full_name) or asked,
        url=link(found.html_url),
        default_branch=name(found.default_branch),
        private=bool(found.private),
        archived=bool(found.archived),
        problem="disabled by GitHub" if found.disabled else "",
        tier=tier,
    )


def workflow_of(asked: str, found: wire.Workflow) -> Workflow:
    return Workflow(
        id=f"{asked}/{found.id}",
        repository=asked,
        name=name(found.name),
        path=name(found.path, TITLE),
        state=name(found.state),
        url=link(found.html_url),
    )


def run_of(asked: str, found: wire.Run) -> Run:
    actor = found.triggering_actor or found.actor
    return Run(
        id=f"{asked}/{found.id}",
        repository=asked,
        run_id=found.id,
        number=found.run_number or 0,
        attempt=found.run_attempt or 1,
        workflow=name(found.name),
        workflow_id=found.workflow_id or 0,
        title=name(found.display_title, TITLE),
        event=name(found.event),
        branch=name(found.head_branch),
        sha=name(found.head_sha),
        actor=name(actor.login) if actor else "",
        status=name(found.status),
        conclusion=name(found.conclusion),
        created_at=moment(found.created_at),
        started_at=moment(found.run_started_at),
        updated_at=moment(found.updated_at),
        url=link(found.html_url),
    )


def job_of(asked: str, found: wire.Job) -> Job:
    return Job(
        id=f"{asked}/{found.id}",
        repository=asked,
        run=f"{asked}/{found.run_id}",
        run_id=found.run_id,
        job_id=found.id,
        attempt=found.run_attempt or 1,
        name=name(found.name, TITLE),
        status=name(found.status),
        conclusion=name(found.conclusion),
        started_at=moment(found.started_at),
        completed_at=moment(found.completed_at),
        runner=name(found.runner_name),
        labels=tuple(name(label) for label in (found.labels or ())[:LABELS]),
        steps=tuple(step_of(step) for step in (found.steps or ())[:STEPS]),
        url=link(found.html_url),
    )


def step_of(found: wire.Step) -> Step:
    return Step(
        number=found.number or 0,
        name=name(found.name, TITLE),
        status=name(found.status),
        conclusion=name(found.conclusion),
        started_at=moment(found.started_at),
        completed_at=moment(found.completed_at),
    )
