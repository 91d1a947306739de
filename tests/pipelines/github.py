"""A GitHub in memory: repositories, runs and jobs, ETags of a token each, a rate limit, renames and failures.

Every request and every answer goes through the contract with GitHub's own document.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx

from console.clock import Clock
from tests.contract.github_samples import Samples
from tests.contract.github_schema import Contract

CONTRACT = Contract()
SAMPLES = Samples(CONTRACT)
BASE = "https://api.github.com"
STORAGE = "https://logs.example.net"
WINDOW_S = 3600


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class FakeRepo:
    name: str
    runs: list[dict[str, Any]] = field(default_factory=list)
    """Newest first."""
    jobs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    workflows: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    """Bumped when the list of runs changes."""
    jobs_version: dict[int, int] = field(default_factory=dict)
    moved_to: str = ""
    broken: httpx.Response | bytes | None = None
    """What it answers in place of facts; bytes are a 200 that is not what it should be."""


@dataclass
class Asked:
    at: float
    method: str
    url: str
    status: int
    headers: httpx.Headers


class FakeGitHub(httpx.AsyncBaseTransport):
    def __init__(self, clock: Clock, *, limit: int = 5000, skew_s: float = 0.0, latency_s: float = 0.0) -> None:
        self.clock = clock
        self.limit = limit
        self.skew_s = skew_s
        self.latency_s = latency_s
        self.repos: dict[str, FakeRepo] = {}
        self.tokens = {"ghp_one": "ana"}
        self.scopes = "repo, workflow"
        self.used: dict[str, int] = {}
        self.window = clock.now() + skew_s
        self.asked: list[Asked] = []
        self.logs: dict[int, bytes] = {}
        self.pause: httpx.Response | None = None
        self.flying = 0
        self.most_flying = 0
        self.charged = 0
        self._ids = iter(range(1000, 10**9))
        self._bodies: dict[str, tuple[str, bytes]] = {}

    # -- making it up ------------------------------------------------------------------------------------------

    def repo(self, name: str, **facts: Any) -> FakeRepo:
        found = self.repos[name] = FakeRepo(name, facts=facts)
        return found

    def run(self, repo: FakeRepo, *, at: float | None = None, **facts: Any) -> dict[str, Any]:
        at = self.clock.now() if at is None else at
        made = dict(_RUN) | {
            "id": next(self._ids), "status": "in_progress", "conclusion": None, "workflow_id": 1, "run_attempt": 1,
            "created_at": stamp(at), "updated_at": stamp(at), "run_started_at": stamp(at),
        } | facts  # fmt: skip
        repo.runs.insert(0, made)
        repo.version += 1
        return made

    def job(self, repo: FakeRepo, run: dict[str, Any], **facts: Any) -> dict[str, Any]:
        made = dict(_JOB) | {"id": next(self._ids), "run_id": run["id"], "status": "in_progress", "conclusion": None}
        made |= {"completed_at": None, "run_attempt": run["run_attempt"], "started_at": stamp(self.clock.now())} | facts
        repo.jobs.setdefault(run["id"], []).append(made)
        self.touch_jobs(repo, run)
        return made

    def change(self, repo: FakeRepo, run: dict[str, Any], **facts: Any) -> None:
        run.update({"updated_at": stamp(self.clock.now())} | facts)
        repo.version += 1

    def touch_jobs(self, repo: FakeRepo, run: dict[str, Any]) -> None:
        repo.jobs_version[run["id"]] = repo.jobs_version.get(run["id"], 0) + 1

    # -- answering ---------------------------------------------------------------------------------------------

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.flying += 1
        self.most_flying = max(self.most_flying, self.flying)
        try:
            if self.latency_s:
                await self.clock.sleep(self.latency_s)
            return await self._handle(request)
        finally:
            self.flying -= 1

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        if url.startswith(STORAGE):
            assert "authorization" not in request.headers, "the token was given to another host"
            body = self.logs[int(request.url.path.rpartition("/")[2])]
            return httpx.Response(200, headers={"content-type": "text/plain"}, stream=httpx.ByteStream(body))
        body = await request.aread()
        path = url.removeprefix(BASE)
        CONTRACT.check_request(request.method, path, body)
        status, headers, content = self._answer(request, path)
        CONTRACT.check_response(request.method, path, status, headers, content)
        self.asked.append(Asked(self.clock.monotonic(), request.method, path, status, request.headers))
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))

    def _answer(self, request: httpx.Request, path: str) -> tuple[int, dict[str, str], bytes]:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.pause is not None:
            return self.pause.status_code, dict(self.pause.headers), self.pause.content
        if token not in self.tokens:
            return self._with_limit("", *_error(401, "Bad credentials"), charge=False)
        now = self.clock.now() + self.skew_s
        if now >= self.window + WINDOW_S:
            self.window, self.used = now, {}
        if self.used.get(token, 0) >= self.limit:
            return self._with_limit(token, *_error(403, "API rate limit exceeded for user ID 1."), charge=False)
        status, headers, content = self._fact(token, path, request.url)
        if status == 200 and "etag" in headers and headers["etag"] == request.headers.get("if-none-match"):
            return self._with_limit(token, 304, {"etag": headers["etag"]}, b"", charge=False)
        return self._with_limit(token, status, headers, content, charge=True)

    def _with_limit(
        self, token: str, status: int, headers: dict[str, str], content: bytes, *, charge: bool
    ) -> tuple[int, dict[str, str], bytes]:
        if charge:
            self.used[token] = self.used.get(token, 0) + 1
            self.charged += 1
        used = self.used.get(token, 0)
        return (
            status,
            {
                "content-type": "application/json; charset=utf-8",
                "date": format_datetime(datetime.fromtimestamp(int(self.clock.now() + self.skew_s), UTC), usegmt=True),
                "x-ratelimit-limit": str(self.limit),
                "x-ratelimit-used": str(used),
                "x-ratelimit-remaining": str(self.limit - used),
                "x-ratelimit-reset": str(int(self.window + WINDOW_S)),
                "x-ratelimit-resource": "core",
                "x-oauth-scopes": self.scopes,
            }
            | headers,
            content,
        )

    def _fact(self, token: str, path: str, url: httpx.URL) -> tuple[int, dict[str, str], bytes]:
        parts = url.path.strip("/").split("/")
        if parts == ["user"]:
            return self._body(token, path, "0", lambda: _USER | {"login": self.tokens[token]})
        if parts[0] == "repositories":
            repo = next(r for r in self.repos.values() if r.facts.get("id") == int(parts[1]))
            rest = parts[2:]
        else:
            found = self.repos.get("/".join(parts[1:3]))
            if found is None:
                return _error(404, "Not Found")
            repo, rest = found, parts[3:]
        if repo.moved_to:
            target = self.repos[repo.moved_to]
            query = f"?{url.query.decode()}" if url.query else ""
            location = f"{BASE}/repositories/{target.facts['id']}{'/' + '/'.join(rest) if rest else ''}{query}"
            status, headers, content = _error(301, "Moved Permanently")
            return status, headers | {"location": location}, content
        if isinstance(repo.broken, httpx.Response):
            return repo.broken.status_code, dict(repo.broken.headers), repo.broken.content
        if isinstance(repo.broken, bytes):
            return 200, {}, repo.broken
        return self._of_repo(token, path, repo, rest, url)

    def _of_repo(
        self, token: str, path: str, repo: FakeRepo, rest: list[str], url: httpx.URL
    ) -> tuple[int, dict[str, str], bytes]:
        if not rest:
            return self._body(
                token, path, "0", lambda: _REPO | {"full_name": repo.name, "archived": False} | repo.facts
            )
        if rest == ["actions", "workflows"]:
            found = {"total_count": len(repo.workflows), "workflows": repo.workflows}
            return self._body(token, path, str(len(repo.workflows)), lambda: found)
        if rest == ["actions", "runs"]:
            return self._body(
                token, path, str(repo.version), lambda: {"total_count": len(repo.runs), "workflow_runs": repo.runs[:50]}
            )
        if rest[:2] == ["actions", "runs"] and rest[-1] == "jobs":
            run_id = int(rest[2])
            jobs = repo.jobs.get(run_id, [])
            if "attempts" in rest:
                jobs = [job for job in jobs if job["run_attempt"] == int(rest[4])]
            page = int(url.params.get("page", 1))
            part = jobs[(page - 1) * 100 : page * 100]
            version = f"{repo.jobs_version.get(run_id, 0)}"
            return self._body(token, path, version, lambda: {"total_count": len(jobs), "jobs": part})
        if rest[:2] == ["actions", "jobs"]:
            job_id = int(rest[2])
            job = next((j for jobs in repo.jobs.values() for j in jobs if j["id"] == job_id), None)
            if job is None:
                return _error(404, "Not Found")
            if len(rest) == 3:
                return 200, {}, json.dumps(job).encode()
            if job_id in self.logs:
                return 302, {"location": f"{STORAGE}/{job_id}"}, b""
        return _error(404, "Not Found")

    def _body(self, token: str, path: str, version: str, make: Any) -> tuple[int, dict[str, str], bytes]:
        etag = 'W/"' + hashlib.sha256(f"{token} {path} {version}".encode()).hexdigest() + '"'
        old = self._bodies.get(path)
        if old is None or old[0] != version:
            old = self._bodies[path] = (version, json.dumps(make()).encode())
        return 200, {"etag": etag}, old[1]


def _error(status: int, message: str) -> tuple[int, dict[str, str], bytes]:
    return status, {"content-type": "application/json"}, json.dumps({"message": message}).encode()


_RUN = SAMPLES.of("workflow-run") | {"name": "CI", "run_number": 1, "event": "push", "head_branch": "main"}
_RUN |= {"head_sha": "3f2c1ab0", "display_title": "cart: retry on 409", "actor": SAMPLES.of("simple-user")}
_JOB = SAMPLES.of("job") | {"name": "test", "labels": ["ubuntu-latest"], "runner_name": "gh-1"}
_USER = SAMPLES.of("public-user")
_REPO = SAMPLES.of("full-repository") | {"default_branch": "main", "private": True}
WORKFLOW = SAMPLES.of("workflow") | {"name": "CI", "path": ".github/workflows/ci.yml"}
