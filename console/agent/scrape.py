"""/metrics on TCP, for a Prometheus: that page and nothing else."""

from __future__ import annotations

import socket
from typing import Any

from console.agent.metrics import CONTENT_TYPE, Metrics
from console.agent.protocol import Server, server
from console.errors import ConsoleError


def scrape_server(address: str, metrics: Metrics) -> tuple[Server, socket.socket]:
    """A server on HOST:PORT and its socket. Raises ConsoleError where that cannot be listened on."""
    host, _, port = address.rpartition(":")
    try:
        listening = socket.create_server((host.strip("[]"), int(port)))
    except (OSError, ValueError) as error:
        raise ConsoleError(
            f"agent.metrics: {address} cannot be listened on: {error}", "Choose another HOST:PORT."
        ) from error

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        found = scope["type"] == "http" and scope["path"] == "/metrics"
        body = metrics.text() if found else b"Only /metrics is here.\n"
        headers = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return server(app), listening
