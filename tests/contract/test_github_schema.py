"""The contract itself: it accepts what GitHub's document allows, and nothing else."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from console.pipelines import endpoints, records, wire
from tests.contract.github_samples import Samples
from tests.contract.github_schema import Contract, ContractError

JSON = {"content-type": "application/json; charset=utf-8"}
RUNS = "/repos/acme/web/actions/runs"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


def test_every_endpoint_of_the_client_is_in_the_document(contract):
    for endpoint in endpoints.ENDPOINTS:
        assert contract.document["paths"][endpoint.path][endpoint.method.lower()]["operationId"] == endpoint.operation


def test_every_endpoint_is_in_the_table():
    made = {name for name, value in vars(endpoints).items() if isinstance(value, endpoints.Endpoint)}
    assert len(made) == len(endpoints.ENDPOINTS) == len({e.operation for e in endpoints.ENDPOINTS})


def test_a_path_is_quoted():
    assert endpoints.RUNS.at("acme/a b/../c") == "/repos/acme/a%20b%2F..%2Fc/actions/runs"
    assert endpoints.JOBS.at("acme/web", run_id=7) == "/repos/acme/web/actions/runs/7/jobs"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (RUNS + "?per_pages=50", "no query parameter 'per_pages'"),
        (RUNS + "?per_page=many", "per_page"),
        (RUNS + "?status=gone", "status"),
        (RUNS + "/x/jobs", "run_id"),
        ("/repos/acme/web/actions/walks", "no operation"),
    ],
)
def test_a_wrong_request_is_refused(contract, url, says):
    with pytest.raises(ContractError, match=re.escape(says)):
        contract.check_request("GET", url)


def test_a_wrong_method_and_a_wrong_body_are_refused(contract):
    with pytest.raises(ContractError, match="only GET"):
        contract.check_request("DELETE", RUNS)
    with pytest.raises(ContractError, match="takes no body"):
        contract.check_request("GET", RUNS, b"{}")
    path = RUNS + "/7/pending_deployments"
    with pytest.raises(ContractError, match="comment"):
        contract.check_request("POST", path, b'{"environment_ids":[1],"state":"approved"}')
    body = b'{"environment_ids":[1],"state":"approved","comment":"ok"}'
    assert contract.check_request("POST", path, body) == "actions/review-pending-deployments-for-run"


def test_a_wrong_answer_is_refused(contract):
    run = Samples(contract).of("workflow-run")
    good = {"total_count": 1, "workflow_runs": [run]}
    assert contract.check_response("GET", RUNS, 200, JSON, json.dumps(good).encode())
    for spoilt, says in (
        ({"id": "7"}, "workflow_runs/0/id"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"conclusion": 7}, "conclusion"),
    ):
        body = json.dumps(good | {"workflow_runs": [run | spoilt]}).encode()
        with pytest.raises(ContractError, match=says):
            contract.check_response("GET", RUNS, 200, JSON, body)
    with pytest.raises(ContractError, match="not JSON"):
        contract.check_response("GET", RUNS, 200, JSON, b"<html>")
    with pytest.raises(ContractError, match="content-type"):
        contract.check_response("GET", RUNS, 200, {}, json.dumps(good).encode())


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (304, {}, b""),
        (403, JSON, b'{"message":"x"}'),
        (502, {}, b"<html>bad gateway"),
        (301, {"location": "/repositories/7/actions/runs"}, b'{"message":"Moved"}'),
    ],
)
def test_written_deviations_pass(contract, status, headers, body):
    assert contract.check_response("GET", RUNS, status, headers, body)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [(304, {}, b"{}"), (403, JSON, b"[]"), (301, {}, b"{}"), (204, {}, b""), (418, JSON, b'{"message":"x"}')],
)
def test_other_deviations_do_not(contract, status, headers, body):
    with pytest.raises(ContractError):
        contract.check_response("GET", RUNS, status, headers, body)


def test_an_address_by_number_and_an_enterprise_server(contract):
    assert contract.check_request("GET", "/repositories/7/actions/runs") == endpoints.RUNS.operation
    assert Contract("/api/v3").check_request("GET", "https://h/api/v3" + RUNS) == endpoints.RUNS.operation
    with pytest.raises(ContractError, match="not below"):
        Contract("/api/v3").check_request("GET", RUNS)


def test_a_log_is_a_redirect(contract):
    path = "/repos/acme/web/actions/jobs/7/logs"
    assert contract.check_response("GET", path, 302, {"Location": "https://x"}, b"") == endpoints.JOB_LOG.operation
    with pytest.raises(ContractError, match="Location"):
        contract.check_response("GET", path, 302, {}, b"")


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (endpoints.USER, wire.User),
        (endpoints.REPOSITORY, wire.Repo),
        (endpoints.WORKFLOWS, wire.Workflows),
        (endpoints.RUNS, wire.Runs),
        (endpoints.JOBS, wire.Jobs),
        (endpoints.ATTEMPT_JOBS, wire.Jobs),
        (endpoints.JOB, wire.Job),
    ],
)
def test_the_smallest_and_the_fullest_valid_answer_are_read(contract, operation, kind, everything):
    body = Samples(contract).answer(operation.operation, everything=everything)
    raw = json.dumps(body).encode()
    path = re.sub(r"\{\w+\}", "1", operation.path)
    contract.check_response(operation.method, path, 200, JSON, raw)
    value = msgspec.json.decode(raw, type=kind)
    assert msgspec.json.decode(msgspec.json.encode(value), type=kind) == value
    if isinstance(value, wire.Runs):
        assert [records.run_of("a/b", run).status for run in value.workflow_runs] == ["a"] * everything
    if isinstance(value, wire.Job):
        assert records.job_of("a/b", value).id == "a/b/1"
