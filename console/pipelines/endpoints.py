"""Every operation of GitHub's REST API that the house calls. Pure.

The operation ids are those of GitHub's own OpenAPI document, so that a test can hold each entry against it.
"""

from __future__ import annotations

from urllib.parse import quote

from msgspec import Struct


class Endpoint(Struct, frozen=True):
    operation: str
    method: str
    path: str
    """A template: {owner}, {repo}, {run_id}."""

    def at(self, repository: str = "", **values: int | str) -> str:
        """The path with its parts filled in and quoted; `repository` is OWNER/NAME."""
        owner, _, repo = repository.partition("/")
        filled = {"owner": owner, "repo": repo, **{name: str(value) for name, value in values.items()}}
        return self.path.format_map({name: quote(value, safe="") for name, value in filled.items()})


USER = Endpoint("users/get-authenticated", "GET", "/user")
REPOSITORY = Endpoint("repos/get", "GET", "/repos/{owner}/{repo}")
WORKFLOWS = Endpoint("actions/list-repo-workflows", "GET", "/repos/{owner}/{repo}/actions/workflows")
RUNS = Endpoint("actions/list-workflow-runs-for-repo", "GET", "/repos/{owner}/{repo}/actions/runs")
JOBS = Endpoint("actions/list-jobs-for-workflow-run", "GET", "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs")
ATTEMPT_JOBS = Endpoint(
    "actions/list-jobs-for-workflow-run-attempt",
    "GET",
    "/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs",
)
JOB = Endpoint("actions/get-job-for-workflow-run", "GET", "/repos/{owner}/{repo}/actions/jobs/{job_id}")
JOB_LOG = Endpoint(
    "actions/download-job-logs-for-workflow-run", "GET", "/repos/{owner}/{repo}/actions/jobs/{job_id}/logs"
)

ENDPOINTS = (USER, REPOSITORY, WORKFLOWS, RUNS, JOBS, ATTEMPT_JOBS, JOB, JOB_LOG)
