"""Every answer of the demo's GitHub is as GitHub's own OpenAPI document has it."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.github_schema import Contract

LIMIT = 4_000


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


@pytest.fixture
def github(demo):
    with httpx.Client(base_url=demo.github, headers={"Authorization": "Bearer t", "User-Agent": "test"}) as client:
        yield client


def ask(github: httpx.Client, contract: Contract, path: str, method: str = "GET", **options) -> httpx.Response:
    answer = github.request(method, path, **options)
    contract.check_request(method, str(answer.request.url), answer.request.content or None)
    contract.check_response(method, path.partition("?")[0], answer.status_code, answer.headers, answer.content)
    return answer


def test_every_read_is_valid_over_the_life_of_runs(github, contract, demo, clock):
    """Walks every repository's lists, and all runs and jobs of the busiest ones, at several moments."""
    for _ in range(4):
        clock.move(97)
        for path in ("/user", "/rate_limit", "/orgs/acme/repos?per_page=5", "/user/repos?per_page=3&page=2"):
            assert ask(github, contract, path).status_code == 200
        for name in demo.settings.github[0].repositories:
            ask(github, contract, f"/repos/{name}")
            ask(github, contract, f"/repos/{name}/actions/runs?per_page=10")
        for name in ("checkout", "cart"):
            base = f"/repos/acme/{name}/actions"
            flows = ask(github, contract, f"{base}/workflows").json()["workflows"]
            ask(github, contract, f"{base}/workflows/{flows[0]['id']}")
            ask(github, contract, f"{base}/workflows/ci.yml/runs?per_page=3")
            for run in ask(github, contract, f"{base}/runs?per_page=15").json()["workflow_runs"]:
                one = f"{base}/runs/{run['id']}"
                assert ask(github, contract, one).json()["id"] == run["id"]
                ask(github, contract, f"{one}/attempts/{run['run_attempt']}")
                ask(github, contract, f"{one}/attempts/{run['run_attempt']}/jobs")
                ask(github, contract, f"{one}/pending_deployments")
                ask(github, contract, f"{one}/approvals")
                for job in ask(github, contract, f"{one}/jobs?filter=all&per_page=100").json()["jobs"]:
                    ask(github, contract, f"{base}/jobs/{job['id']}")
                    ask(github, contract, f"{base}/jobs/{job['id']}/logs")
    assert len(contract.seen) >= 16


def test_reviews_are_valid_and_change_the_run(github, contract, demo):
    done = set()
    for name in demo.settings.github[0].repositories[:12]:
        answer = github.get(f"/repos/{name}/actions/runs?status=waiting").json()
        for run in answer["workflow_runs"]:
            path = f"/repos/{name}/actions/runs/{run['id']}/pending_deployments"
            (pending,) = ask(github, contract, path).json()
            state = "rejected" if "approved" in done else "approved"
            body = {"environment_ids": [pending["environment"]["id"]], "state": state, "comment": "by a test"}
            answer = ask(github, contract, path, "POST", json=body)
            if run["actor"]["login"] == "ana":
                assert answer.status_code == 422
                continue
            assert answer.status_code == 200
            assert ask(github, contract, path).json() == []
            reviews = ask(github, contract, path.replace("pending_deployments", "approvals")).json()
            assert [(r["state"], r["user"]["login"], r["comment"]) for r in reviews] == [(state, "ana", "by a test")]
            assert ask(github, contract, path, "POST", json=body).status_code == 422
            done.add(state)
        if done == {"approved", "rejected"}:
            return
    pytest.fail(f"too few runs wait: {done}")
