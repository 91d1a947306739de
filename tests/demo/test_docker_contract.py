"""The suite that holds the real engine, held against the demo's oldest one: API 1.41."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from console.demo.servers import start
from tests.contract.conftest import DockerEndpoint
from tests.contract.test_docker import *  # noqa: F403  # the very same tests
from tests.contract.test_docker import api, v  # noqa: F401  # their fixtures

pytestmark = []


@pytest.fixture(scope="module")
def docker_endpoint() -> Iterator[DockerEndpoint]:
    with start(seed=7) as demo:
        url = demo.docker["us1"]
        path = url.removeprefix("unix://")

        async def restart(container: str) -> None:
            transport = httpx.AsyncHTTPTransport(uds=path)
            async with httpx.AsyncClient(transport=transport, base_url="http://docker") as client:
                assert (await client.post(f"/containers/{container}/restart")).status_code == 204

        with httpx.Client(transport=httpx.HTTPTransport(uds=path), base_url="http://docker") as client:
            ids = {c["Names"][0].strip("/"): c["Id"] for c in client.get("/containers/json?all=1").json()}
            assert client.post(f"/containers/{ids['cadvisor']}/stop").status_code == 204
        up = ids["log-shipper"]
        yield DockerEndpoint(url, up, ids["cadvisor"], up, ids["edge"], ids["node-exporter"], restart)
