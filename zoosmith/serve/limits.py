"""How much a request may bring and how long it may take to bring it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from starlette.requests import Request

from zoosmith.serve.refusals import Refused

CLOSE = {"connection": "close"}  # what is left of a body that was refused is not read


@dataclass(frozen=True)
class Limits:
    """What is accepted.

    body_bytes: of a request. inputs: of one request. characters: of one text, or of all messages of a chat. tokens:
    that an answer of a language model has at most. waiting: inputs of one model that wait for a worker. connections: at
    once. read_s: seconds in which the head of a request has to come, and again its body. head_bytes: of its head.
    """

    body_bytes: int = 1 << 20
    inputs: int = 64
    characters: int = 20_000
    tokens: int = 1024
    waiting: int = 256
    connections: int = 1024
    read_s: float = 10.0
    head_bytes: int = 32 << 10


async def json_object(request: Request, limits: Limits) -> dict[str, Any]:
    """The JSON object in a request's body. Raises Refused: too large, too slow, or none."""
    data = await _body(request, limits)
    try:
        found = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise Refused(400, f"the body is no JSON that can be read: {str(error)[:200]}") from None
    if not isinstance(found, dict):
        raise Refused(400, f"the body should be a JSON object; found {_kind(found)}")
    return found


async def _body(request: Request, limits: Limits) -> bytes:
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > limits.body_bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.read_s):
            return await _read(request, limits)
    except TimeoutError:
        message = f"the body did not come within {limits.read_s:g} seconds; send it again, at once"
        raise Refused(408, message, headers=CLOSE) from None


async def _read(request: Request, limits: Limits) -> bytes:
    parts, size = [], 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the caller has left", headers=CLOSE)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limits.body_bytes:
            raise _too_large(limits)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limits: Limits) -> Refused:
    return Refused(
        413, f"the body is larger than {limits.body_bytes} bytes; ask in several requests (--max-body)", headers=CLOSE
    )


def _kind(value: Any) -> str:
    names = {
        list: "a list",
        str: "a text",
        bool: "a truth value",
        int: "a number",
        float: "a number",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)


def require_few(count: int, limits: Limits) -> None:
    """Raise Refused for no input, and for more than one request may have."""
    if count == 0:
        raise Refused(422, "nothing is asked: give at least one input")
    if count > limits.inputs:
        raise Refused(
            422, f"found {count} inputs, and one request has {limits.inputs} at most; ask in several (--max-inputs)"
        )


def require_short(texts: Iterable[str], limits: Limits, what: str) -> None:
    """Raise Refused where `texts`, which `what` names, are longer than a text may be."""
    if (length := sum(map(len, texts))) > limits.characters:
        raise Refused(
            422, f"{what} has {length} characters, and {limits.characters} are taken at most; shorten it (--max-chars)"
        )
