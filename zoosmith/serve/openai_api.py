"""OpenAI's API for language models: what is asked becomes token ids, and what is written becomes replies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from threading import Event
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from zoosmith.contract.errors import ZooError
from zoosmith.serve.chat import conversation_ids
from zoosmith.serve.limits import Limits, require_few, require_short
from zoosmith.serve.models import LANGUAGE, Model, Opened, chosen
from zoosmith.serve.openai_replies import DONE, Reply, event, finish
from zoosmith.serve.openai_requests import Asked, ChatCompletion, Completion, read
from zoosmith.serve.refusals import Refused, openai_error
from zoosmith.serve.sampling import Sampler
from zoosmith.serve.writing import Writing, room

DEFAULT_TEMPERATURE = 1.0  # OpenAI's


def listed(models: dict[str, Model]) -> dict[str, Any]:
    """GET /v1/models: the language models."""
    found = [model for model in models.values() if model.current.kind == LANGUAGE]
    return {"object": "list", "data": [described(model) for model in found]}


def described(model: Model) -> dict[str, Any]:
    """GET /v1/models/NAME."""
    return {"id": model.name, "object": "model", "created": model.current.since, "owned_by": "zoosmith"}


@dataclass(frozen=True)
class Prepared:
    """A request that can be answered: its prompts as token ids, the tokens that each answer has at most."""

    model: Model
    opened: Opened
    asked: Asked
    prompts: list[list[int]]
    tokens: int
    reply: Reply


async def completion(models: dict[str, Model], told: dict[str, Any], limits: Limits) -> Prepared:
    """POST /v1/completions, read and checked. Raises Refused."""
    asked = read(Completion, told)
    model = chosen(models, asked.model, LANGUAGE)
    require_few(len(asked.prompts), limits)
    if asked.stream and len(asked.prompts) > 1:
        raise Refused(400, "a stream answers one prompt; ask for several without `stream`", param="prompt")
    for number, prompt in enumerate(asked.prompts, 1):
        require_short([prompt], limits, f"prompt {number}")
    session = model.current.session

    def encoded() -> list[list[int]]:
        return [session.tokenize(prompt) or [session.first_token()] for prompt in asked.prompts]

    return await _prepared(model, asked, encoded, asked.tokens, limits, chat=False)


async def chat_completion(models: dict[str, Model], told: dict[str, Any], limits: Limits) -> Prepared:
    """POST /v1/chat/completions, read and checked. Raises Refused."""
    asked = read(ChatCompletion, told)
    model = chosen(models, asked.model, LANGUAGE)
    messages = [message.message() for message in asked.messages]
    require_short([message.content for message in messages], limits, "the conversation")
    session = model.current.session
    return await _prepared(model, asked, lambda: [conversation_ids(session, messages)], asked.tokens, limits, chat=True)


async def _prepared(
    model: Model,
    asked: Asked,
    encoded: Callable[[], list[list[int]]],
    tokens: int | None,
    limits: Limits,
    *,
    chat: bool,
) -> Prepared:
    if not all(asked.stops):
        raise Refused(400, "a stop string has at least one character; found an empty one", param="stop")
    if tokens is not None and tokens > limits.tokens:
        name = "max_completion_tokens" if getattr(asked, "max_completion_tokens", None) else "max_tokens"
        raise Refused(
            422, f"an answer has {limits.tokens} tokens at most here; found {name} {tokens} (--max-tokens)", param=name
        )
    opened = model.current
    where = "messages" if chat else "prompt"
    try:
        prompts = await run_in_threadpool(encoded)
    except ZooError as error:
        raise Refused(400, str(error), param=where) from None
    try:
        for ids in prompts:
            room(opened, ids)
    except ZooError as error:
        raise Refused(400, str(error), param=where, code="context_length_exceeded") from None
    reply = Reply(model.name, opened.version, chat)
    return Prepared(model, opened, asked, prompts, limits.tokens if tokens is None else tokens, reply)


def _writings(prepared: Prepared, left: Event, on_text: Callable[[str], None] | None = None) -> list[Writing]:
    asked, opened = prepared.asked, prepared.opened
    temperature = DEFAULT_TEMPERATURE if asked.temperature is None else asked.temperature
    top_p = 1.0 if asked.top_p is None else asked.top_p
    return [
        Writing(opened, ids, prepared.tokens, Sampler(temperature, top_p, asked.seed), asked.stops, on_text, left)
        for ids in prepared.prompts
    ]


async def whole(prepared: Prepared, request: Request) -> dict[str, Any]:
    """The answer when all of it is written; who leaves before is not answered. Raises Refused."""
    left = Event()
    future = prepared.model.submit(_writings(prepared, left))
    leaving = asyncio.ensure_future(_left(request))
    try:
        both: set[asyncio.Future[Any]] = {future, leaving}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            raise Refused(400, "the caller has left")
        return prepared.reply.whole(prepared.prompts, future.result())
    finally:
        left.set()
        future.cancel()
        leaving.cancel()


async def _left(request: Request) -> None:
    """Until the caller has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def streamed(prepared: Prepared) -> AsyncIterator[str]:
    """Events of an answer while it is written. Raises Refused before the first of them, not while they come."""
    loop, left = asyncio.get_running_loop(), Event()
    pieces: asyncio.Queue[str | None] = asyncio.Queue()

    def on_text(text: str) -> None:
        loop.call_soon_threadsafe(pieces.put_nowait, text)

    future = prepared.model.submit(_writings(prepared, left, on_text))
    future.add_done_callback(lambda done: pieces.put_nowait(None))
    return _events(prepared, future, pieces, left)


async def _events(
    prepared: Prepared, future: asyncio.Future[list[Any]], pieces: asyncio.Queue[str | None], left: Event
) -> AsyncIterator[str]:
    reply = prepared.reply
    try:
        if reply.chat:
            yield reply.piece("", first=True)
        while (text := await pieces.get()) is not None:
            yield reply.piece(text)
        if (error := future.exception()) is not None:
            yield event(openai_error(Refused(500, failed(error))))
            return
        [written] = future.result()
        yield reply.piece(None, finish(written))
        if prepared.asked.counted:
            yield reply.counts(len(prepared.prompts[0]), written.tokens)
        yield DONE
    finally:
        left.set()
        future.cancel()


def failed(error: BaseException) -> str:
    """What a caller is told of a failure: our own messages whole, of others no more than their kind."""
    return str(error) if isinstance(error, ZooError) else f"the answer failed: {type(error).__name__}"
