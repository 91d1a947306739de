"""Typed calls to GitHub's REST API.

One header set for ever (Accept, X-GitHub-Api-Version): GitHub's ETags depend on them. Every call goes through the gate,
has a time-out and a bound on its answer, and ends in a Struct, in "not modified", or in a SourceError.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, Self, TypeVar

import httpx
import msgspec
from msgspec import Struct

from console.clock import Clock
from console.errors import SourceError
from console.pipelines import endpoints, wire
from console.pipelines.endpoints import Endpoint
from console.pipelines.etags import ETags
from console.pipelines.governor import Gate
from console.pipelines.refusals import Refusal, refusal
from console.pipelines.transport import FAILURES, body_of, chunks, http, unreached
from console.settings.model import GitHub
from console.text import clean

T = TypeVar("T")

API_VERSION = "2022-11-28"
ACCEPT = "application/vnd.github+json"
RUNS_A_PAGE = 50
JOBS_A_PAGE = 100
JOB_PAGES = 5
"""Pages of a run's jobs that are read: a matrix has at most 256 jobs, and a run seldom has two."""
WORKFLOW_PAGES = 3
HOPS = 3


class Answer(Struct, Generic[T], frozen=True):
    value: T | None
    """None: not modified since the caller last got it."""
    moved: bool = False
    """GitHub sent us on: the repository has another name now."""
    headers: dict[str, str] = {}
    """Only x-oauth-scopes, where there is one."""


class Client:
    """Close it when done: it is an asynchronous context manager."""

    def __init__(
        self,
        github: GitHub,
        token: str,
        *,
        clock: Clock,
        gate: Gate,
        etags: ETags,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.host = httpx.URL(github.api_url).host
        self._base = github.api_url.rstrip("/")
        self._timeout = float(github.timeout)
        self._fix = fix_of(github)
        self._clock = clock
        self._gate = gate
        self._etags = etags
        self._http = http(github, transport)
        self._long: dict[str, int] = {}
        """How many entries the lists have that are longer than a page."""
        # What httpx shows of headers hides this one.
        self._headers = httpx.Headers(
            {"Accept": ACCEPT, "X-GitHub-Api-Version": API_VERSION, "Authorization": f"Bearer {token}"}
        )

    def __repr__(self) -> str:
        return f"Client({self._base})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    # -- facts -------------------------------------------------------------------------------------------------

    async def user(self) -> Answer[wire.User]:
        """Whose token it is."""
        return await self._get(endpoints.USER, wire.User, "who the token belongs to", endpoints.USER.at())

    async def repository(self, name: str, *, held: bool = False) -> Answer[wire.Repo]:
        return await self._get(endpoints.REPOSITORY, wire.Repo, name, endpoints.REPOSITORY.at(name), held=held)

    async def workflows(self, name: str, *, held: bool = False) -> Answer[list[wire.Workflow]]:
        """All of them, at most 300."""
        path = endpoints.WORKFLOWS.at(name)
        answers = await self._pages(
            endpoints.WORKFLOWS, wire.Workflows, f"the workflows of {name}", path, held=held, most=WORKFLOW_PAGES
        )
        values = [answer.value for answer in answers if answer.value is not None]
        found = [workflow for page in values for workflow in page.workflows] if values else None
        return Answer(found, any(answer.moved for answer in answers))

    async def runs(self, name: str, *, held: bool = False) -> Answer[wire.Runs]:
        """The newest 50 in their newest attempts. `held`: the caller has the last answer still."""
        query = f"?per_page={RUNS_A_PAGE}&exclude_pull_requests=true"
        return await self._get(
            endpoints.RUNS, wire.Runs, f"the runs of {name}", endpoints.RUNS.at(name) + query, held=held
        )

    async def jobs(
        self, name: str, run_id: int, *, attempt: int = 0, held: bool = False, urgent: bool = False
    ) -> Answer[list[wire.Job]]:
        """The jobs of a run's newest attempt, or of attempt `attempt`; at most 500."""
        if attempt:
            endpoint, path = (
                endpoints.ATTEMPT_JOBS,
                endpoints.ATTEMPT_JOBS.at(name, run_id=run_id, attempt_number=attempt),
            )
        else:
            endpoint, path = endpoints.JOBS, endpoints.JOBS.at(name, run_id=run_id)
        what = f"the jobs of run {run_id} of {name}"
        answers = await self._pages(endpoint, wire.Jobs, what, path, held=held, urgent=urgent, most=JOB_PAGES)
        values = [answer.value for answer in answers if answer.value is not None]
        found = [job for page in values for job in page.jobs] if values else None
        return Answer(found, any(answer.moved for answer in answers))

    async def job(self, name: str, job_id: int) -> wire.Job:
        path = endpoints.JOB.at(name, job_id=job_id)
        answer = await self._get(endpoints.JOB, wire.Job, f"job {job_id} of {name}", path, urgent=True)
        assert answer.value is not None  # noqa: S101  # nothing was held
        return answer.value

    @asynccontextmanager
    async def job_log(self, name: str, job_id: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """The log of a finished job as bytes. Raises Refusal: 404 where there is none (yet), 410 when it has expired.

        GitHub answers with an address on another host that is valid for a minute and must not see the token.
        """
        what = f"the log of job {job_id} of {name}"
        url = self._base + endpoints.JOB_LOG.at(name, job_id=job_id)
        async with self._guard():
            status, headers, body = await self._ask(endpoints.JOB_LOG, url, {}, urgent=True, recurring=False)
            hops = 0
            while status in (301, 307, 308) and hops < HOPS:
                hops, url = hops + 1, self._next(url, headers)
                status, headers, body = await self._ask(endpoints.JOB_LOG, url, {}, urgent=True, recurring=False)
            if status != 302:
                raise refusal(status, headers, body, what, fix=self._fix)
            target = self._elsewhere(url, headers)
            async with self._http.stream("GET", target) as response:
                if response.status_code != 200:
                    raise refusal(
                        response.status_code, response.headers, await body_of(response, 65_536), what, fix=self._fix
                    )
                yield chunks(response)

    # -- inside ------------------------------------------------------------------------------------------------

    async def _pages(
        self, endpoint: Endpoint, kind: type[T], what: str, path: str, *, held: bool, most: int, urgent: bool = False
    ) -> list[Answer[T]]:
        """Every page of a list. Where one page is new, the others are given too, from what is kept of them."""
        answers: list[Answer[T]] = []
        for number in range(1, most + 1):
            url = f"{path}?per_page={JOBS_A_PAGE}" + (f"&page={number}" if number > 1 else "")
            answer = await self._get(endpoint, kind, what, url, held=held, urgent=urgent)
            answers.append(answer)
            if answer.value is not None:
                self._long[url] = _total(answer.value)
            if self._long.get(url, 0) <= number * JOBS_A_PAGE:
                self._long.pop(url, None)
                break
        if any(answer.value is not None for answer in answers):
            for at, answer in enumerate(answers):
                if answer.value is None:
                    url = f"{path}?per_page={JOBS_A_PAGE}" + (f"&page={at + 1}" if at else "")
                    answers[at] = Answer(self._kept(kind, self._base + url), answer.moved)
        return answers

    def _kept(self, kind: type[T], url: str) -> T | None:
        kept = self._etags.get(url)
        return None if kept is None else msgspec.json.decode(kept.body, type=kind)

    async def _get(
        self, endpoint: Endpoint, kind: type[T], what: str, path: str, *, held: bool = False, urgent: bool = False
    ) -> Answer[T]:
        first = url = self._base + path
        kept = self._etags.get(first)
        moved = False
        async with self._guard():
            for _ in range(HOPS + 1):
                asked = {"If-None-Match": kept.etag} if kept else {}
                status, headers, body = await self._ask(endpoint, url, asked, urgent=urgent, recurring=held)
                if status not in (301, 307, 308):
                    break
                moved, url = True, self._next(url, headers)
        told = {name: clean(headers[name], 200) for name in ("x-oauth-scopes",) if name in headers}
        if status == 304 and kept is not None:
            return Answer(None if held else self._old(kept.body, kind, first), moved, told)
        if status != 200:
            raise refusal(status, headers, body, what, fix=self._fix)
        value = _decoded(body, kind, what)
        etag = headers.get("etag", "")
        if 0 < len(etag) <= 256:
            self._etags.put(first, etag, msgspec.json.encode(value), self._clock.now())
        return Answer(value, moved, told)

    def _old(self, body: bytes, kind: type[T], url: str) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            # The shelf was written by another version: the next call asks without it.
            self._etags.drop(url)
            raise SourceError(f"What was kept of {url} cannot be read.", "It is read anew.", kind="protocol") from error

    async def _ask(
        self, endpoint: Endpoint, url: str, headers: dict[str, str], *, urgent: bool, recurring: bool
    ) -> tuple[int, httpx.Headers, bytes]:
        """One request through the gate: status, headers and the whole body."""
        governor = self._gate.governor
        request = self._http.build_request(endpoint.method, url, headers={**self._headers, **headers})
        async with self._gate.admit(urgent=urgent):
            try:
                async with asyncio.timeout(self._timeout):
                    response = await self._http.send(request, stream=True)
                    try:
                        body = await body_of(response)
                    finally:
                        await response.aclose()
            except BaseException:
                governor.lost()
                raise
            governor.answered(
                self._clock.monotonic(),
                self._clock.now(),
                response.status_code,
                response.headers,
                body[:2000],
                recurring=recurring,
            )
        return response.status_code, response.headers, body

    @asynccontextmanager
    async def _guard(self) -> AsyncIterator[None]:
        try:
            yield
        except FAILURES as error:
            raise unreached(error, self.host, self._timeout) from error

    def _next(self, url: str, headers: httpx.Headers) -> str:
        """Where a renamed repository is; the token goes only to the host that it is for."""
        target = httpx.URL(url).join(headers.get("location", ""))
        base = httpx.URL(self._base)
        if (target.scheme, target.host, target.port) != (base.scheme, base.host, base.port):
            raise Refusal(
                f"GitHub at {self.host} sends us to {clean(target.host, 200)}; the token is not given to another host.",
                "Set api_url in the settings to the address GitHub has now.",
                kind="protocol",
                status=301,
            )
        return str(target)

    def _elsewhere(self, url: str, headers: httpx.Headers) -> httpx.URL:
        target = httpx.URL(url).join(headers.get("location", ""))
        if target.scheme != "https" and target.scheme != httpx.URL(self._base).scheme:
            raise Refusal(
                "GitHub sends us to a log without TLS; it is not read.", "Try again.", kind="protocol", status=302
            )
        return target


def fix_of(github: GitHub) -> str:
    """How the token of this GitHub is mended."""
    name = github.token or f"github/{github.name}"
    return f"Set a valid one with `quarterdeck secret set {name}`, or run `gh auth login`."


def _decoded(body: bytes, kind: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        page = body.lstrip()[:1] == b"<"
        raise Refusal(
            f"GitHub's answer to a request for {what} cannot be read: {clean(str(error), 200)}.",
            "It is a web page: check what stands in between, a proxy or a captive portal."
            if page
            else "Check api_url in the settings. It is asked again, less often.",
            kind="protocol",
            status=200,
        ) from error


def _total(page: object) -> int:
    return int(getattr(page, "total_count", 0) or 0)
