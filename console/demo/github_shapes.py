"""What GitHub's REST API says of the company, as plain values ready to be encoded. Pure.

Fields and their types follow GitHub's OpenAPI description, API version 2022-11-28.
"""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from console.demo.names import ORGANISATION, PEOPLE
from console.demo.runs import Job, Repository, Run, Workflow

WEB = "https://github.example"
"""A name that nobody owns (RFC 6761), so that a link opened by mistake leads nowhere."""
BORN = "2021-03-09T08:15:42Z"
_REPOSITORY_PATHS = {
    "archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}", "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}", "contributors_url": "/contributors", "deployments_url": "/deployments",
    "downloads_url": "/downloads", "events_url": "/events", "forks_url": "/forks", "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}", "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}",
    "languages_url": "/languages", "merges_url": "/merges", "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}", "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}  # fmt: skip
_USER_PATHS = {
    "followers_url": "/followers", "following_url": "/following{/other_user}", "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}", "subscriptions_url": "/subscriptions", "organizations_url": "/orgs",
    "repos_url": "/repos", "events_url": "/events{/privacy}", "received_events_url": "/received_events",
}  # fmt: skip

Json = dict[str, Any]


def stamp(t: float) -> str:
    return datetime.fromtimestamp(int(t), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_id(kind: str, number: int) -> str:
    return kind + "_" + base64.urlsafe_b64encode(number.to_bytes(9, "big")).decode().rstrip("=")


class Shapes:
    """Values for one API address; what never changes is encoded once."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._encoded: dict[str, msgspec.Raw] = {}

    def user(self, login: str) -> Json:
        number = 1_000_000 + zlib.crc32(login.encode()) % 90_000_000
        url = f"{self.base}/users/{login}"
        kind = "Organization" if login == ORGANISATION else "Bot" if login.endswith("-bot") else "User"
        return {
            "login": login,
            "id": number,
            "node_id": node_id("U", number),
            "avatar_url": f"{WEB}/avatars/{number}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{WEB}/{login}",
            **{name: url + path for name, path in _USER_PATHS.items()},
            "type": kind,
            "user_view_type": "public",
            "site_admin": False,
        }

    def me(self, login: str) -> Json:
        return {
            **self.user(login),
            "name": login.capitalize(),
            "company": ORGANISATION,
            "blog": "",
            "location": None,
            "email": None,
            "hireable": None,
            "bio": None,
            "twitter_username": None,
            "public_repos": 2,
            "public_gists": 0,
            "followers": 12,
            "following": 3,
            "created_at": BORN,
            "updated_at": BORN,
        }

    def repository_url(self, repository: Repository) -> str:
        return f"{self.base}/repos/{ORGANISATION}/{repository.name}"

    def minimal(self, repository: Repository) -> Json:
        url = self.repository_url(repository)
        return {
            "id": repository.id,
            "node_id": node_id("R", repository.id),
            "name": repository.name,
            "full_name": f"{ORGANISATION}/{repository.name}",
            "private": repository.private,
            "owner": self.user(ORGANISATION),
            "html_url": f"{WEB}/{ORGANISATION}/{repository.name}",
            "description": f"{repository.name} of {ORGANISATION}",
            "fork": False,
            "url": url,
            **{name: url + path for name, path in _REPOSITORY_PATHS.items()},
        }

    def minimal_raw(self, repository: Repository) -> msgspec.Raw:
        found = self._encoded.get(repository.name)
        if found is None:
            found = self._encoded[repository.name] = msgspec.Raw(msgspec.json.encode(self.minimal(repository)))
        return found

    def _user_raw(self, login: str) -> msgspec.Raw:
        key = "@" + login
        if key not in self._encoded:
            self._encoded[key] = msgspec.Raw(msgspec.json.encode(self.user(login)))
        return self._encoded[key]

    def full(self, repository: Repository, now: float) -> Json:
        pushed = max((r.created for r in repository.runs[-20:] if r.created <= now), default=0.0)
        web = f"{WEB}/{ORGANISATION}/{repository.name}"
        return {
            **self.minimal(repository),
            "git_url": web.replace("https:", "git:") + ".git",
            "ssh_url": f"git@github.example:{ORGANISATION}/{repository.name}.git",
            "clone_url": web + ".git",
            "svn_url": web,
            "mirror_url": None,
            "homepage": None,
            "language": repository.language,
            "forks": 0,
            "forks_count": 0,
            "stargazers_count": 3,
            "watchers": 3,
            "watchers_count": 3,
            "subscribers_count": 3,
            "network_count": 0,
            "size": 4_211,
            "default_branch": "main",
            "open_issues": 4,
            "open_issues_count": 4,
            "is_template": False,
            "topics": [],
            "has_issues": True,
            "has_projects": False,
            "has_wiki": False,
            "has_pages": False,
            "has_downloads": True,
            "has_discussions": False,
            "archived": repository.archived,
            "disabled": False,
            "visibility": "private" if repository.private else "public",
            "pushed_at": stamp(pushed) if pushed else BORN,
            "created_at": BORN,
            "updated_at": stamp(pushed) if pushed else BORN,
            "permissions": {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True},
            "license": None,
            "organization": self.user(ORGANISATION),
        }

    def workflow(self, repository: Repository, flow: Workflow) -> Json:
        web = f"{WEB}/{ORGANISATION}/{repository.name}"
        return {
            "id": flow.id,
            "node_id": node_id("W", flow.id),
            "name": flow.name,
            "path": flow.path,
            "state": "active",
            "created_at": BORN,
            "updated_at": BORN,
            "url": f"{self.repository_url(repository)}/actions/workflows/{flow.id}",
            "html_url": f"{web}/blob/main/{flow.path}",
            "badge_url": f"{web}/workflows/{flow.name.replace(' ', '%20')}/badge.svg",
        }

    def run(self, run: Run, now: float, attempt_number: int = 0) -> Json:
        repository, latest = run.repository, run.attempt(now)
        attempt = next((a for a in run.attempts if a.number == attempt_number), latest)
        status, conclusion = run.status(now)
        updated = run.updated(now)
        if attempt.number < latest.number:
            status, conclusion = run.status(min(attempt.end, latest.start - 0.001))
            updated = attempt.end
        api = f"{self.repository_url(repository)}/actions/runs/{run.id}"
        suite = run.id + 31_000_000_000
        previous = f"{api}/attempts/{attempt.number - 1}" if attempt.number > 1 else None
        return {
            "id": run.id,
            "name": run.workflow.name,
            "node_id": node_id("WFR", run.id),
            "head_branch": run.branch,
            "head_sha": run.sha,
            "path": run.workflow.path,
            "display_title": run.title,
            "run_number": run.number,
            "event": run.event,
            "status": status,
            "conclusion": conclusion,
            "workflow_id": run.workflow.id,
            "check_suite_id": suite,
            "check_suite_node_id": node_id("CS", suite),
            "url": api,
            "html_url": f"{WEB}/{ORGANISATION}/{repository.name}/actions/runs/{run.id}",
            "pull_requests": [],
            "created_at": stamp(run.created),
            "updated_at": stamp(updated),
            "actor": self._user_raw(run.actor),
            "run_attempt": attempt.number,
            "referenced_workflows": [],
            "run_started_at": stamp(attempt.start),
            "triggering_actor": self._user_raw(attempt.actor),
            "jobs_url": f"{api}/jobs",
            "logs_url": f"{api}/logs",
            "check_suite_url": f"{self.repository_url(repository)}/check-suites/{suite}",
            "artifacts_url": f"{api}/artifacts",
            "cancel_url": f"{api}/cancel",
            "rerun_url": f"{api}/rerun",
            "previous_attempt_url": previous,
            "workflow_url": f"{self.repository_url(repository)}/actions/workflows/{run.workflow.id}",
            "head_commit": {
                "id": run.sha,
                "tree_id": run.sha[::-1],
                "message": run.title,
                "timestamp": stamp(run.created - 4),
                "author": {"name": run.actor, "email": f"{run.actor}@acme.example"},
                "committer": {"name": run.actor, "email": f"{run.actor}@acme.example"},
            },
            "repository": self.minimal_raw(repository),
            "head_repository": self.minimal_raw(repository),
        }

    def job(self, run: Run, number: int, job: Job, now: float) -> Json:
        status = job.status(now)
        api = self.repository_url(run.repository)
        begun = now >= job.start and job.conclusion != "skipped"
        steps = [
            {
                "name": step.name,
                "status": "completed" if now >= step.end else "in_progress" if now >= step.start else "queued",
                "conclusion": step.conclusion if now >= step.end else None,
                "number": index,
                "started_at": stamp(step.start) if now >= step.start else None,
                "completed_at": stamp(step.end) if now >= step.end else None,
            }
            for index, step in enumerate(job.steps, 1)
        ]
        return {
            "id": job.id,
            "run_id": run.id,
            "workflow_name": run.workflow.name,
            "head_branch": run.branch,
            "run_url": f"{api}/actions/runs/{run.id}",
            "run_attempt": number,
            "node_id": node_id("CR", job.id),
            "head_sha": run.sha,
            "url": f"{api}/actions/jobs/{job.id}",
            "html_url": f"{WEB}/{ORGANISATION}/{run.repository.name}/actions/runs/{run.id}/job/{job.id}",
            "status": status,
            "conclusion": job.conclusion if status == "completed" else None,
            "created_at": stamp(job.created),
            "started_at": stamp(job.start if begun else job.created),
            "completed_at": stamp(job.end) if status == "completed" else None,
            "name": job.name,
            "steps": steps if begun else [],
            "check_run_url": f"{api}/check-runs/{job.id}",
            "labels": ["ubuntu-24.04"] if job.conclusion != "skipped" else [],
            "runner_id": job.id % 997 if begun else None,
            "runner_name": job.runner if begun else None,
            "runner_group_id": 0 if begun else None,
            "runner_group_name": "GitHub Actions" if begun else None,
        }

    def environment(self, run: Run, name: str) -> Json:
        number = run.repository.id * 4 + 1
        return {
            "id": number,
            "node_id": node_id("EN", number),
            "name": name,
            "url": f"{self.repository_url(run.repository)}/environments/{name}",
            "html_url": f"{WEB}/{ORGANISATION}/{run.repository.name}/deployments/activity_log?environments_filter={name}",
        }

    def deployment(self, run: Run, environment: str, now: float) -> Json:
        number = run.id + 17_000_000_000
        url = f"{self.repository_url(run.repository)}/deployments/{number}"
        return {
            "url": url,
            "id": number,
            "node_id": node_id("DE", number),
            "sha": run.sha,
            "ref": run.branch,
            "task": "deploy",
            "payload": {},
            "environment": environment,
            "original_environment": environment,
            "description": None,
            "creator": self.user(run.actor),
            "created_at": stamp(run.created),
            "updated_at": stamp(now),
            "statuses_url": f"{url}/statuses",
            "repository_url": self.repository_url(run.repository),
        }

    def pending(self, run: Run, name: str, me: str) -> Json:
        reviewers = [PEOPLE[run.repository.id % 12], PEOPLE[(run.repository.id + 5) % 12], "ana"]
        return {
            "environment": self.environment(run, name),
            "wait_timer": 0,
            "wait_timer_started_at": None,
            "current_user_can_approve": me in reviewers and me != run.actor,
            "reviewers": [{"type": "User", "reviewer": self.user(login)} for login in dict.fromkeys(reviewers)],
        }
