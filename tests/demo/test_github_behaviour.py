"""What GitHub's document cannot say: ETags of a token, budgets, pages, renames, logs."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from itertools import pairwise

import httpx
import pytest

from console.demo.company import Company
from console.demo.github_api import GitHubApi
from console.demo.servers import start
from console.demo.wire import Request
from tests.demo.conftest import MovedClock

RUNS = "/repos/acme/checkout/actions/runs?per_page=5"


def client(demo, token: str = "t") -> httpx.Client:
    headers = {"User-Agent": "test"} | ({"Authorization": f"Bearer {token}"} if token else {})
    return httpx.Client(base_url=demo.github, headers=headers)


def used(answer: httpx.Response) -> int:
    assert int(answer.headers["x-ratelimit-used"]) + int(answer.headers["x-ratelimit-remaining"]) == int(
        answer.headers["x-ratelimit-limit"]
    )
    return int(answer.headers["x-ratelimit-used"])


def test_an_unchanged_answer_is_304_and_free_of_charge(demo):
    with client(demo, "free") as github:
        first = github.get(RUNS)
        assert re.fullmatch(r'W/"[0-9a-f]{64}"', first.headers["etag"])
        before = used(first)
        for _ in range(3):
            again = github.get(RUNS, headers={"If-None-Match": first.headers["etag"]})
            assert (again.status_code, again.content, used(again)) == (304, b"", before)
        assert used(github.get(RUNS)) == before + 1


def test_an_etag_belongs_to_its_token(demo):
    with client(demo, "one") as one, client(demo, "two") as two:
        tag = one.get(RUNS).headers["etag"]
        other = two.get(RUNS, headers={"If-None-Match": tag})
        assert other.status_code == 200
        assert other.headers["etag"] != tag


def test_an_etag_changes_when_the_run_does(demo, clock):
    with client(demo, "moves") as github:
        run = "/repos/acme/checkout/actions/runs"
        tag = github.get(run).headers["etag"]
        for _ in range(60):
            clock.move(20)
            if github.get(run, headers={"If-None-Match": tag}).status_code == 200:
                return
    pytest.fail("nothing happened in 20 minutes")


async def test_the_budget_runs_out_says_so_and_comes_back():
    clock = MovedClock()
    api = GitHubApi(Company(start=clock.now()), clock, "http://api", "http://blobs")
    headers = {"user-agent": "test", "authorization": "Bearer t"}

    async def get(path: str) -> tuple[int, dict[str, str], dict]:
        answer = await api.handle(Request("GET", path, path, {}, headers))
        return answer.status, {k.lower(): v for k, v in answer.headers}, json.loads(answer.body)

    for _ in range(5000):
        # Beneath the secondary limit: 900 a minute.
        clock.move(0.08)
        assert (await get("/user"))[0] == 200
    status, told, body = await get("/user")
    assert (status, told["x-ratelimit-remaining"]) == (403, "0")
    assert "API rate limit exceeded" in body["message"]
    reset = int(told["x-ratelimit-reset"])
    _, _, overview = await get("/rate_limit")
    assert overview["resources"]["core"] == {"limit": 5000, "remaining": 0, "reset": reset, "used": 5000}
    clock.move(reset - clock.now() + 1)
    status, told, _ = await get("/user")
    assert (status, told["x-ratelimit-used"]) == (200, "1")


def test_a_burst_meets_the_secondary_limit(clock):
    with start(clock=clock) as demo, client(demo, "burst") as github:
        statuses = [github.get("/user").status_code for _ in range(901)]
        assert statuses == [200] * 900 + [403]
        refused = github.get("/user")
        assert refused.headers["retry-after"] == "60"
        assert "secondary rate limit" in refused.json()["message"]
        clock.move(61)
        assert github.get("/user").status_code == 200


def test_pages_link_to_each_other_and_hold_every_run_once(demo):
    with client(demo) as github:
        url, seen, rels = "/repos/acme/checkout/actions/runs?per_page=7", [], []
        while url:
            answer = github.get(url)
            seen += [run["id"] for run in answer.json()["workflow_runs"]]
            links = {rel: link for link, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers.get("link", ""))}
            rels.append(set(links))
            url = links.get("next", "")
        assert len(seen) == len(set(seen)) == answer.json()["total_count"]
        assert seen == sorted(seen, reverse=True)
        assert rels[0] == {"next", "last"}
        assert rels[-1] == {"prev", "first"}
        assert github.get("/repos/acme/checkout/actions/runs?per_page=500").json()["workflow_runs"].__len__() <= 100


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=completed", "status"),
        ("status=success", "conclusion"),
        ("event=push", "event"),
        ("branch=main", "head_branch"),
    ],
)
def test_filters_choose(demo, query: str, field: str):
    with client(demo) as github:
        whole = github.get("/repos/acme/checkout/actions/runs?per_page=100").json()
        some = github.get(f"/repos/acme/checkout/actions/runs?per_page=100&{query}").json()
        assert 0 < some["total_count"] < whole["total_count"]
        assert {run[field] for run in some["workflow_runs"]} == {query.partition("=")[2]}


def test_created_chooses_by_time(demo):
    with client(demo) as github:
        runs = github.get("/repos/acme/checkout/actions/runs?per_page=100").json()["workflow_runs"]
        bound = runs[4]["created_at"]
        newer = github.get(
            "/repos/acme/checkout/actions/runs", params={"created": f">={bound}", "per_page": 100}
        ).json()
        assert {r["id"] for r in newer["workflow_runs"]} == {r["id"] for r in runs if r["created_at"] >= bound}


def test_a_renamed_repository_redirects_and_a_gone_one_is_404(demo):
    repositories = demo.settings.github[0].repositories
    renamed = next(name for name in repositories if "/old-" in name)
    with client(demo) as github:
        moved = github.get(f"/repos/{renamed}/actions/runs?per_page=3")
        assert moved.status_code == 301
        assert re.fullmatch(rf"{demo.github}/repositories/\d+/actions/runs\?per_page=3", moved.headers["location"])
        followed = github.get(f"/repos/{renamed}", follow_redirects=True)
        assert followed.json()["full_name"] == renamed.replace("old-", "")
        gone = github.get(f"/repos/{repositories[-1]}")
        assert (gone.status_code, gone.json()["message"]) == (404, "Not Found")
        assert github.get("/nothing/here").status_code == 404


def test_who_asks(demo):
    with (
        client(demo, "bad-token") as bad,
        client(demo, "") as nobody,
        client(demo) as ana,
        client(demo, "github_pat_x") as fine,
    ):
        assert bad.get("/user").status_code == 401
        assert nobody.get("/user").status_code == 401
        assert nobody.get("/rate_limit").json()["rate"]["limit"] == 60
        assert nobody.get("/repos/acme/search").status_code == 404
        me = ana.get("/user")
        assert me.json()["login"] == "ana"
        assert "repo" in me.headers["x-oauth-scopes"]
        assert "x-oauth-scopes" not in fine.get("/user").headers
        assert parsedate_to_datetime(me.headers["date"]).timestamp() > 1_700_000_000


def finished_and_not(github: httpx.Client) -> tuple[dict, dict]:
    done = running = None
    for name in ("checkout", "web", "cart", "gateway", "auth", "catalog"):
        for run in github.get(f"/repos/acme/{name}/actions/runs?per_page=30").json()["workflow_runs"]:
            for job in github.get(f"/repos/acme/{name}/actions/runs/{run['id']}/jobs").json()["jobs"]:
                if job["status"] == "in_progress":
                    running = running or job
                elif job["conclusion"] == "failure" and job["steps"]:
                    done = done or job
            if done and running:
                return done, running
    raise AssertionError("no failed and no running job")


def test_logs_come_with_completion_from_another_origin_for_a_minute_without_authorization(demo, clock):
    with client(demo) as github:
        done, running = finished_and_not(github)
        assert github.get(httpx.URL(running["url"]).path + "/logs").status_code == 404
        found = github.get(httpx.URL(done["url"]).path + "/logs")
        assert (found.status_code, found.content) == (302, b"")
        where = found.headers["location"]
        assert httpx.URL(where).port != httpx.URL(demo.github).port
        assert github.get(where).status_code == 400, "an Authorization header is refused there"
        followed = github.get(httpx.URL(done["url"]).path + "/logs", follow_redirects=True)
        assert followed.status_code == 200, "httpx leaves the header behind on another origin"
        text = followed.content.decode("utf-8-sig")
        assert "##[group]" in text
        assert "##[endgroup]" in text
        assert "##[error]" in text
        assert "\x1b[" in text
        stamps = [line.partition(" ")[0] for line in text.splitlines()]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", s) for s in stamps)
        assert all(a <= b for a, b in pairwise(stamps))
        assert done["started_at"][:19] <= stamps[0][:19]
        assert httpx.get(where).status_code == 200
        clock.move(61)
        assert httpx.get(where).status_code == 403
        assert httpx.get(where.replace("sig=", "sig=0")).status_code == 403


def test_a_rerun_is_another_attempt(demo):
    with client(demo) as github:
        for name in demo.settings.github[0].repositories[:20]:
            for run in github.get(f"/repos/{name}/actions/runs?per_page=100", follow_redirects=True).json()[
                "workflow_runs"
            ]:
                if run["run_attempt"] > 1:
                    first = github.get(f"/repos/{name}/actions/runs/{run['id']}/attempts/1").json()
                    assert (first["run_attempt"], first["conclusion"]) == (1, "failure")
                    jobs = github.get(f"/repos/{name}/actions/runs/{run['id']}/jobs?filter=all&per_page=100").json()[
                        "jobs"
                    ]
                    assert {job["run_attempt"] for job in jobs} == {1, 2}
                    return
    pytest.fail("no run was ever run again")
