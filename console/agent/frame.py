"""What surrounds every request: the caller, a request id, the log line, the figures."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from console.agent.identity import SCOPE_KEY, Caller, refusal
from console.agent.logs import REQUEST_ID
from console.agent.metrics import Metrics

log = logging.getLogger("quarterdeck.api")

AFTER_KEY = "quarterdeck.after"
"""Where a route puts what must be closed when its request is over, however it ends: a stream that is cut off before its
first piece is never even begun."""
ROUTES = ("/v1/world/stream", "/v1/world", "/v1/looks", "/v1/log", "/v1/health", "/v1/whoami", "/metrics", "/schema")
"""What requests are counted by: a fixed set, whatever a client asks for."""


class Frame:
    """ASGI around the API. Refuses whom this agent does not serve before anything else is looked at."""

    def __init__(self, app: Any, mode: Literal["personal", "duty"], owner: int, metrics: Metrics) -> None:
        self._app = app
        self._mode = mode
        self._owner = owner
        self._metrics = metrics
        self.under_way = 0
        """Requests being answered, streams among them."""
        self.last_request = time.monotonic()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        caller: Caller | None = scope.get(SCOPE_KEY)
        request_id = secrets.token_hex(8)
        token = REQUEST_ID.set(request_id)
        started = time.monotonic()
        status = 0
        self.under_way += 1
        after: list[Callable[[], Awaitable[None]]] = []
        scope[AFTER_KEY] = after

        async def sending(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (b"x-request-id", request_id.encode())]}
            await send(message)

        try:
            if why := refusal(self._mode, self._owner, caller):
                await _refuse(sending, why)
            else:
                await self._app(scope, receive, sending)
        finally:
            self.under_way -= 1
            for close in after:
                await close()
            self.last_request = time.monotonic()
            path = scope["path"]
            route = next((r for r in ROUTES if path == r or path.startswith(f"{r}/")), "other")
            streamed = route in ("/v1/world/stream", "/v1/log")
            if not streamed:
                self._metrics.requests.labels(route, str(status)).observe(self.last_request - started)
            log.info(
                "request",
                extra={
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "caller": caller.name if caller else "?",
                },
            )
            REQUEST_ID.reset(token)


async def _refuse(send: Any, why: str) -> None:
    body = msgspec.json.encode({"message": why, "hint": ""})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
