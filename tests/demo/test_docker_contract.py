"""The suite that holds the real engine, held against the demo's: it must not drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from console.demo.servers import Demo, start
from tests.contract.test_docker import *  # noqa: F403  # the very same tests
from tests.contract.test_docker import api, v  # noqa: F401  # their fixtures

pytestmark = []


@dataclass
class Endpoint:
    url: str
    running: str
    exited: str
    talker: str
    victim: str

    async def restart(self, container: str) -> None:
        transport = httpx.AsyncHTTPTransport(uds=self.url.removeprefix("unix://"))
        async with httpx.AsyncClient(transport=transport, base_url="http://docker") as client:
            assert (await client.post(f"/containers/{container}/restart")).status_code == 204


@pytest.fixture(scope="module")
def moving() -> Iterator[Demo]:
    with start(seed=7) as demo:
        yield demo


@pytest.fixture(params=["eu1", "us1"])
async def docker_endpoint(moving: Demo, request) -> Endpoint:
    url = moving.docker[request.param]
    transport = httpx.AsyncHTTPTransport(uds=url.removeprefix("unix://"))
    async with httpx.AsyncClient(transport=transport, base_url="http://docker") as client:
        every = (await client.get("/containers/json?all=1")).json()
    by_name = {c["Names"][0].strip("/"): c["Id"] for c in every}
    up, down = by_name["log-shipper"], by_name.get("nightly-export")
    if down is None:
        # Only eu1 has a job that ended; elsewhere one is stopped for the test.
        down = by_name["edge"]
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=url.removeprefix("unix://"))) as client:
            await client.post(f"http://docker/containers/{down}/stop")
    return Endpoint(url=url, running=up, exited=down, talker=up, victim=by_name["node-exporter"])
