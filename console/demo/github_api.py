"""GitHub's REST API over the simulated company.

What it keeps to: weak ETags that belong to a token, 304 without charge, X-RateLimit-* that count down and reset, Link
pages, 301 for a renamed repository, 404 for one that is gone and for the log of a job that still runs, 302 to a log
address on another origin that ends after a minute and refuses an Authorization header.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict, deque
from collections.abc import Callable
from email.utils import formatdate
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from msgspec import Struct

from console.clock import Clock
from console.demo.company import Company
from console.demo.github_filters import FILTERS
from console.demo.github_shapes import Shapes, stamp
from console.demo.job_log import job_log
from console.demo.names import ORGANISATION
from console.demo.runs import Job, Repository, Run
from console.demo.wire import Answer, Request

LIMIT = 5_000
"""Requests an hour and token; GitHub's primary limit."""
ANONYMOUS_LIMIT = 60
SECONDARY_LIMIT = 900
"""Requests a minute, 304s too; GitHub's secondary limit for reading."""
WINDOW_S = 3_600.0
LOG_URL_S = 60.0
"""How long the address of a log is good for."""
CACHED = 2_000
"""Bodies kept while nothing about their repository changes."""
ME = "ana"
_DOCS = "https://docs.github.com/rest"

Maker = Callable[[], Any]


class Budget(Struct):
    limit: int
    used: int
    reset: float
    recent: deque[float]


class Refusal(Exception):  # noqa: N818  # it is an answer, not a fault
    def __init__(self, status: int, message: str, headers: list[tuple[str, str]] | None = None, **extra: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or []
        self.extra = extra


class GitHubApi:
    def __init__(self, company: Company, clock: Clock, base: str, blobs: str) -> None:
        self._company = company
        self._clock = clock
        self._blobs = blobs
        self._shapes = Shapes(base)
        self._budgets: dict[str, Budget] = {}
        self._cache: OrderedDict[str, tuple[int, float, bytes, str]] = OrderedDict()
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Answer | Maker]]] = [
            (method, re.compile(pattern), handler)
            for method, pattern, handler in (
                ("GET", r"/actions/runs", self._runs),
                ("GET", r"/actions/workflows", self._workflows),
                ("GET", r"/actions/workflows/(?P<flow>[^/]+)", self._workflow),
                ("GET", r"/actions/workflows/(?P<flow>[^/]+)/runs", self._runs),
                ("GET", r"/actions/runs/(?P<run>\d+)", self._run),
                ("GET", r"/actions/runs/(?P<run>\d+)/attempts/(?P<attempt>\d+)", self._run),
                ("GET", r"/actions/runs/(?P<run>\d+)/jobs", self._jobs),
                ("GET", r"/actions/runs/(?P<run>\d+)/attempts/(?P<attempt>\d+)/jobs", self._jobs),
                ("GET", r"/actions/runs/(?P<run>\d+)/pending_deployments", self._pending),
                ("POST", r"/actions/runs/(?P<run>\d+)/pending_deployments", self._review),
                ("GET", r"/actions/runs/(?P<run>\d+)/approvals", self._approvals),
                ("GET", r"/actions/jobs/(?P<job>\d+)", self._job),
                ("GET", r"/actions/jobs/(?P<job>\d+)/logs", self._log),
                ("GET", r"", self._repository),
            )
        ]

    async def handle(self, request: Request) -> Answer:
        now = self._clock.now()
        self._company.advance(now)
        authorization = request.headers.get("authorization", "")
        token = authorization.partition(" ")[2]
        budget = self._budget(token, now)
        try:
            answer = self._answer(request, token, budget, now)
        except Refusal as refusal:
            body = {
                "message": refusal.message,
                "documentation_url": _DOCS,
                "status": str(refusal.status),
                **refusal.extra,
            }
            answer = Answer(refusal.status, msgspec.json.encode(body), refusal.headers)
            if refusal.status != 401 and request.path != "/rate_limit":
                budget.used = min(budget.limit, budget.used + 1)
        answer.headers += self._common(request, token, budget, now)
        return answer

    def _budget(self, token: str, now: float) -> Budget:
        budget = self._budgets.get(token)
        if budget is None or now >= budget.reset:
            recent = budget.recent if budget else deque()
            budget = Budget(LIMIT if token else ANONYMOUS_LIMIT, 0, float(int(now + WINDOW_S)), recent)
            self._budgets[token] = budget
        return budget

    def _common(self, request: Request, token: str, budget: Budget, now: float) -> list[tuple[str, str]]:
        headers = [
            ("Date", formatdate(now, usegmt=True)),
            ("Content-Type", "application/json; charset=utf-8"),
            ("X-GitHub-Media-Type", "github.v3; format=json"),
            ("X-GitHub-Api-Version-Selected", request.headers.get("x-github-api-version", "2022-11-28")),
            ("X-GitHub-Request-Id", hashlib.sha256(f"{now}{request.raw_path}".encode()).hexdigest()[:32].upper()),
            ("X-RateLimit-Limit", str(budget.limit)),
            ("X-RateLimit-Remaining", str(budget.limit - budget.used)),
            ("X-RateLimit-Reset", str(int(budget.reset))),
            ("X-RateLimit-Used", str(budget.used)),
            ("X-RateLimit-Resource", "core"),
        ]
        if token and not token.startswith("github_pat_"):
            # Fine-grained tokens have no scopes and GitHub names none.
            headers += [("X-OAuth-Scopes", "read:org, repo, workflow"), ("X-Accepted-OAuth-Scopes", "repo")]
        return headers

    def _answer(self, request: Request, token: str, budget: Budget, now: float) -> Answer:
        if not request.headers.get("user-agent"):
            raise Refusal(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
            )
        if token.startswith("bad"):
            raise Refusal(401, "Bad credentials")
        if request.path == "/rate_limit":
            core = {
                "limit": budget.limit,
                "remaining": budget.limit - budget.used,
                "reset": int(budget.reset),
                "used": budget.used,
            }
            search = {"limit": 30, "remaining": 30, "reset": int(now) + 60, "used": 0}
            return Answer(200, msgspec.json.encode({"resources": {"core": core, "search": search}, "rate": core}))
        if budget.used >= budget.limit:
            raise Refusal(403, "API rate limit exceeded for user ID 1074811.")
        while budget.recent and budget.recent[0] <= now - 60:
            budget.recent.popleft()
        if len(budget.recent) >= SECONDARY_LIMIT:
            raise Refusal(
                403,
                "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
                [("Retry-After", "60")],
            )
        budget.recent.append(now)
        made = self._route(request, token, now)
        if made.status != 200 or request.method != "GET":
            budget.used += 1
            return made
        etag = dict(made.headers)["ETag"]
        if request.headers.get("if-none-match") == etag:
            return Answer(304, b"", made.headers)
        budget.used += 1
        return made

    def _route(self, request: Request, token: str, now: float) -> Answer:
        path = request.path.rstrip("/") or "/"
        if path == "/user":
            if not token:
                raise Refusal(401, "Requires authentication")
            return self._tagged(request, token, msgspec.json.encode(self._shapes.me(ME)))
        if path in (f"/orgs/{ORGANISATION}/repos", "/user/repos"):
            every = [r for r in self._company.forge.repositories.values() if not r.gone and (token or not r.private)]
            shape = self._shapes.minimal if path.startswith("/orgs") else partial(self._shapes.full, now=now)
            return self._tagged(request, token, *self._page(request, None, [partial(shape, r) for r in every]))
        repository, rest = self._find(request, path, token)
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(rest)
            if match and method == request.method:
                return self._cached(request, token, repository, now=now, handler=handler, found=match.groupdict())
        raise Refusal(404, "Not Found")

    def _find(self, request: Request, path: str, token: str) -> tuple[Repository, str]:
        forge = self._company.forge
        if match := re.fullmatch(r"/repositories/(\d+)(/.*)?", path):
            found = forge.by_id.get(int(match[1]))
            rest = match[2] or ""
        elif match := re.fullmatch(rf"/repos/{ORGANISATION}/([\w.-]+)(/.*)?", path, re.IGNORECASE):
            found, rest = forge.find(match[1]), match[2] or ""
            if found is None and (
                renamed := next((r for r in forge.repositories.values() if r.old_name == match[1]), None)
            ):
                query = urlsplit(request.raw_path).query
                url = f"{self._shapes.base}/repositories/{renamed.id}{rest}" + (f"?{query}" if query else "")
                raise Refusal(301, "Moved Permanently", [("Location", url)], url=url)
        else:
            found, rest = None, ""
        if found is None or found.gone or (found.private and not token):
            raise Refusal(404, "Not Found")
        return found, rest

    def _cached(
        self,
        request: Request,
        token: str,
        repository: Repository,
        *,
        now: float,
        handler: Callable[..., Answer | Maker],
        found: dict[str, str],
    ) -> Answer:
        key = f"{repository.id} {request.path} {urlsplit(request.raw_path).query}"
        kept = self._cache.get(key) if request.method == "GET" else None
        if kept and kept[0] == repository.version and now < kept[1]:
            self._cache.move_to_end(key)
            return self._tagged(request, token, kept[2], kept[3])
        made = handler(request, repository, now, **found)
        if isinstance(made, Answer):
            return made
        value = made()
        body, link = value if isinstance(value, tuple) else (msgspec.json.encode(value), "")
        if request.method != "GET":
            return Answer(200, body)
        self._cache[key] = (repository.version, repository.next_change(now), body, link)
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return self._tagged(request, token, body, link)

    @staticmethod
    def _tagged(request: Request, token: str, body: bytes, link: str = "") -> Answer:
        """The answer with an ETag of this token, Accept and body, as GitHub's is."""
        digest = hashlib.sha256(f"{request.headers.get('accept', '')}\0{token}\0".encode())
        digest.update(body)
        headers = [
            ("ETag", f'W/"{digest.hexdigest()}"'),
            ("Cache-Control", "private, max-age=60, s-maxage=60"),
            ("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With"),
        ]
        return Answer(200, body, [*headers, ("Link", link)] if link else headers)

    def _page(self, request: Request, field: str | None, makers: list[Callable[[], Any]]) -> tuple[bytes, str]:
        """One page of a list and its Link header; `field` names the list where GitHub wraps it with a count."""
        size = max(1, min(100, _number(request.first("per_page"), 30)))
        page = max(1, _number(request.first("page"), 1))
        items = [make() for make in makers[(page - 1) * size : page * size]]
        last = max(1, -(-len(makers) // size))
        places = [("prev", page - 1), ("next", page + 1), ("last", last), ("first", 1)]
        wanted = [(rel, n) for rel, n in places if 1 <= n <= last and not (rel in ("last", "next") and page >= last) and not (rel in ("first", "prev") and page == 1)]  # fmt: skip
        others = [(k, v) for k, v in parse_qsl(urlsplit(request.raw_path).query) if k != "page"]
        link = ", ".join(
            f'<{self._shapes.base}{request.path}?{urlencode([*others, ("page", n)])}>; rel="{rel}"' for rel, n in wanted
        )
        value: object = {"total_count": len(makers), field: items} if field else items
        return msgspec.json.encode(value), link

    # One method for each kind of address

    def _repository(self, _request: Request, repository: Repository, now: float) -> Maker:
        return lambda: self._shapes.full(repository, now)

    def _workflows(self, request: Request, repository: Repository, _now: float) -> Maker:
        return lambda: self._page(
            request, "workflows", [partial(self._shapes.workflow, repository, f) for f in repository.workflows]
        )

    def _flow(self, repository: Repository, flow: str) -> int:
        for known in repository.workflows:
            if flow in (str(known.id), known.path.rpartition("/")[2]):
                return known.id
        raise Refusal(404, "Not Found")

    def _workflow(self, _request: Request, repository: Repository, _now: float, flow: str) -> Maker:
        number = self._flow(repository, flow)
        return lambda: self._shapes.workflow(repository, next(f for f in repository.workflows if f.id == number))

    def _runs(self, request: Request, repository: Repository, now: float, flow: str = "") -> Maker:
        runs = [r for r in reversed(repository.runs) if r.created <= now]
        if flow:
            number = self._flow(repository, flow)
            runs = [r for r in runs if r.workflow.id == number]
        for name, matches in FILTERS.items():
            if wanted := request.first(name):
                runs = [r for r in runs if matches(r, wanted, now)]
        return lambda: self._page(request, "workflow_runs", [partial(self._shapes.run, r, now) for r in runs])

    @staticmethod
    def _known_run(repository: Repository, number: str) -> Run:
        found = next((r for r in repository.runs if r.id == int(number)), None)
        if found is None:
            raise Refusal(404, "Not Found")
        return found

    def _run(self, _request: Request, repository: Repository, now: float, run: str, attempt: str = "0") -> Maker:
        found = self._known_run(repository, run)
        if int(attempt) and not any(a.number == int(attempt) and a.start <= now for a in found.attempts):
            raise Refusal(404, "Not Found")
        return lambda: self._shapes.run(found, now, int(attempt))

    def _jobs(self, request: Request, repository: Repository, now: float, run: str, attempt: str = "0") -> Maker:
        found = self._known_run(repository, run)
        attempts = [a for a in found.attempts if a.start <= now]
        if int(attempt):
            attempts = [a for a in attempts if a.number == int(attempt)]
            if not attempts:
                raise Refusal(404, "Not Found")
        elif request.first("filter", "latest") == "latest":
            attempts = [found.attempt(now)]
        known = [(a.number, j) for a in attempts for j in a.jobs if j.created <= now]
        return lambda: self._page(request, "jobs", [partial(self._shapes.job, found, n, j, now) for n, j in known])

    @staticmethod
    def _known_job(repository: Repository, number: str, now: float) -> tuple[Run, int, Job]:
        for run in repository.runs:
            for attempt in run.attempts:
                for job in attempt.jobs:
                    if job.id == int(number) and job.created <= now:
                        return run, attempt.number, job
        raise Refusal(404, "Not Found")

    def _job(self, _request: Request, repository: Repository, now: float, job: str) -> Maker:
        found = self._known_job(repository, job, now)
        return lambda: self._shapes.job(*found, now)

    def _log(self, _request: Request, repository: Repository, now: float, job: str) -> Answer:
        run, _, found = self._known_job(repository, job, now)
        if now < found.end or found.conclusion == "skipped":
            raise Refusal(404, "Not Found")
        ends = int(now + LOG_URL_S)
        url = f"{self._blobs}/logs/{run.repository.id}/{found.id}?se={ends}&sig={self._signature(found.id, ends)}"
        return Answer(302, b"", [("Location", url)])

    def _pending(self, _request: Request, repository: Repository, now: float, run: str) -> Maker:
        found = self._known_run(repository, run)
        job = found.waiting(now)
        return lambda: [self._shapes.pending(found, job.environment, ME)] if job else []

    def _approvals(self, _request: Request, repository: Repository, now: float, run: str) -> Maker:
        found = self._known_run(repository, run)
        given = [review for review in found.attempt(now).reviews if review.at <= now]
        born = stamp(found.created)
        return lambda: [
            {
                "environments": [
                    {**self._shapes.environment(found, review.environment), "created_at": born, "updated_at": born}
                ],
                "state": review.state,
                "user": self._shapes.user(review.who),
                "comment": review.comment,
            }
            for review in given
        ]

    def _review(self, request: Request, repository: Repository, now: float, run: str) -> Maker:
        """Approve or reject the waiting job; anything else is what GitHub refuses with 422."""
        found = self._known_run(repository, run)
        try:
            body = msgspec.json.decode(request.body, type=_Review)
        except msgspec.DecodeError as error:
            raise Refusal(422, f"Invalid request.\n\n{error}") from error
        job = found.waiting(now)
        if job is None or body.environment_ids != [self._shapes.environment(found, job.environment)["id"]]:
            raise Refusal(422, "There are no pending deployment requests to approve or reject")
        if found.actor == ME:
            raise Refusal(422, "You cannot approve your own deployment")
        review = self._company.forge.approve if body.state == "approved" else self._company.forge.reject
        review(found, now, ME, body.comment)
        return lambda: [self._shapes.deployment(found, job.environment, now)]

    # The logs, on an origin of their own

    @staticmethod
    def _signature(job: int, ends: int) -> str:
        return hashlib.sha256(f"demo/{job}/{ends}".encode()).hexdigest()

    async def handle_blob(self, request: Request) -> Answer:
        """A log's address: it takes no Authorization header, and ends after a minute, as Azure's signed URLs do."""
        now = self._clock.now()
        self._company.advance(now)
        match = re.fullmatch(r"/logs/(\d+)/(\d+)", request.path)
        repository = self._company.forge.by_id.get(int(match[1])) if match else None
        if "authorization" in request.headers:
            return _blob_error(400, "InvalidAuthenticationInfo")
        if match is None or repository is None:
            return _blob_error(404, "BlobNotFound")
        ends = _number(request.first("se"), 0)
        if now > ends or request.first("sig") != self._signature(int(match[2]), ends):
            return _blob_error(403, "AuthenticationFailed")
        run, _, job = self._known_job(repository, match[2], now)
        return Answer(200, job_log(run, job), [("Content-Type", "text/plain"), ("Date", formatdate(now, usegmt=True))])


class _Review(Struct):
    environment_ids: list[int]
    state: Literal["approved", "rejected"]
    comment: str


def _blob_error(status: int, code: str) -> Answer:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code></Error>'.encode()
    return Answer(status, body, [("Content-Type", "application/xml")])


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() else default
