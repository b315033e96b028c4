"""What stands before every request: counts, and the refusal of new ones while the server stops."""

from __future__ import annotations

import json
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zoosmith.serve.metrics import Metrics
from zoosmith.serve.refusals import Refused, body_of

ALWAYS = ("/v2/health/live", "/v2/health/ready", "/metrics")  # answered while the server stops, too
STOPPING = Refused(503, "the server stops; ask another one, or this one later", headers={"retry-after": "1"})


class Gate:
    """ASGI around the application.

    open: requests whose answer is not complete. stopping: new ones are refused from here on, with their connection
    closed, so that none is lost in it.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Nothing has been asked yet."""
        self.app, self.metrics = app, metrics
        self.open, self.stopping = 0, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if self.stopping and scope["path"] not in ALWAYS:
            return await refuse(scope, send, STOPPING)
        begun, status = time.perf_counter(), "none"

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        self.open += 1
        try:
            return await self.app(scope, receive, noted)
        finally:
            self.open -= 1
            self._count(scope, status, time.perf_counter() - begun)

    def _count(self, scope: Scope, status: str, seconds: float) -> None:
        route = getattr(scope.get("endpoint"), "__name__", "none")
        self.metrics.requests.labels(route, status).inc()
        self.metrics.seconds.labels(route).observe(seconds)


async def refuse(scope: Scope, send: Send, refused: Refused) -> None:
    """Answer without the application, and close the connection."""
    body = json.dumps(body_of(refused, scope["path"])).encode()
    told: dict[str, Any] = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    headers = [(name.encode(), value.encode()) for name, value in (told | refused.headers).items()]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
