"""The routes."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from zoosmith.common.text import show
from zoosmith.serve import inference, openai_api, predictions
from zoosmith.serve.gate import Gate
from zoosmith.serve.limits import Limits, json_object
from zoosmith.serve.metrics import TYPE, Metrics
from zoosmith.serve.models import CLASSIFIER, LANGUAGE, Model, chosen
from zoosmith.serve.openai_api import failed
from zoosmith.serve.refusals import Refused, body_of

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass
class Serving:
    """What is served: models by name, within limits; `gate` is what the server runs."""

    models: dict[str, Model]
    limits: Limits
    metrics: Metrics

    def __post_init__(self) -> None:
        """Put the application together."""
        routes = [Route(path, endpoint, methods=[method]) for method, path, endpoint in self._routes()]
        handlers: Any = {Refused: refusal, HTTPException: http_refusal, Exception: fault}
        self.gate = Gate(Starlette(routes=routes, exception_handlers=handlers), self.metrics)

    def _routes(self) -> list[tuple[str, str, Endpoint]]:
        return [
            ("POST", "/v2/models/{name}/infer", self.infer),
            ("POST", "/predict", self.predict),
            ("POST", "/v1/chat/completions", self.chat_completions),
            ("POST", "/v1/completions", self.completions),
            ("POST", "/v2/models/{name}/versions/{version}/infer", self.infer),
            ("GET", "/v1/models", self.list_models),
            ("GET", "/v1/models/{name}", self.describe_model),
            ("GET", "/v2", self.server_metadata),
            ("GET", "/v2/health/live", self.live),
            ("GET", "/v2/health/ready", self.ready),
            ("GET", "/v2/models/{name}", self.model_metadata),
            ("GET", "/v2/models/{name}/versions/{version}", self.model_metadata),
            ("GET", "/v2/models/{name}/ready", self.model_ready),
            ("GET", "/v2/models/{name}/versions/{version}/ready", self.model_ready),
            ("GET", "/metrics", self.show_metrics),
        ]

    async def predict(self, request: Request) -> Response:
        """POST /predict."""
        return reply(await predictions.predict(self.models, await json_object(request, self.limits), self.limits))

    async def infer(self, request: Request) -> Response:
        """POST /v2/models/NAME/infer."""
        model = self._named(request)
        if "inference-header-content-length" in request.headers:
            raise Refused(400, "binary tensors are not read; send `data` as JSON (in tritonclient: binary_data=False)")
        return reply(await inference.infer(model, await json_object(request, self.limits), self.limits))

    async def server_metadata(self, request: Request) -> Response:
        """GET /v2."""
        return reply(inference.server_metadata())

    async def live(self, request: Request) -> Response:
        """GET /v2/health/live."""
        return reply({"live": True})

    async def ready(self, request: Request) -> Response:
        """GET /v2/health/ready: not while the server stops."""
        return reply({"ready": not self.gate.stopping}, 503 if self.gate.stopping else 200)

    async def model_metadata(self, request: Request) -> Response:
        """GET /v2/models/NAME."""
        return reply(inference.model_metadata(self._named(request)))

    async def model_ready(self, request: Request) -> Response:
        """GET /v2/models/NAME/ready, of models of every kind."""
        model = chosen(self.models, request.path_params["name"])
        inference.require_version(model, request.path_params.get("version"))
        stopping = self.gate.stopping
        return reply({"name": model.name, "ready": not stopping}, 503 if stopping else 200)

    async def list_models(self, request: Request) -> Response:
        """GET /v1/models."""
        return reply(openai_api.listed(self.models))

    async def describe_model(self, request: Request) -> Response:
        """GET /v1/models/NAME."""
        return reply(openai_api.described(chosen(self.models, request.path_params["name"], LANGUAGE)))

    async def completions(self, request: Request) -> Response:
        """POST /v1/completions."""
        told = await json_object(request, self.limits)
        return await self._written(await openai_api.completion(self.models, told, self.limits), request)

    async def chat_completions(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        told = await json_object(request, self.limits)
        return await self._written(await openai_api.chat_completion(self.models, told, self.limits), request)

    async def _written(self, prepared: openai_api.Prepared, request: Request) -> Response:
        if prepared.asked.stream:
            events = openai_api.streamed(prepared)
            return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-cache"})
        return reply(await openai_api.whole(prepared, request))

    async def show_metrics(self, request: Request) -> Response:
        """GET /metrics."""
        self.metrics.open.set(self.gate.open)
        return Response(self.metrics.page(self.models), media_type=TYPE)

    def _named(self, request: Request) -> Model:
        model = chosen(self.models, request.path_params["name"], CLASSIFIER)
        inference.require_version(model, request.path_params.get("version"))
        return model


def reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON."""
    return Response(to_json(value), status, headers, media_type="application/json")


async def refusal(request: Request, refused: Refused) -> Response:
    """What was refused."""
    return reply(body_of(refused, request.url.path), refused.status, refused.headers)


async def http_refusal(request: Request, error: HTTPException) -> Response:
    """A path that there is not, or not with this method."""
    path, allowed = request.url.path, dict(error.headers or {})
    said = f"there is no {path[:100]}; see `zoosmith serve --help` for what there is"
    if error.status_code == 405:
        said = f"{path[:100]} answers to {allowed.get('Allow', 'another method')}; found {request.method}"
    return await refusal(request, Refused(error.status_code, said, headers=allowed))


async def fault(request: Request, error: Exception) -> Response:
    """What should not happen: told in the log whole, to the caller by its kind."""
    show(f"zoosmith: {request.method} {request.url.path[:100]} failed: {type(error).__name__}: {error}", to=sys.stderr)
    return await refusal(request, Refused(500, failed(error)))
