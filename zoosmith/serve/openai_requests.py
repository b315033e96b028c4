"""Requests of OpenAI's API: what is taken of them, checked.

Source: OpenAI API reference, "Create completion" and "Create chat completion". A parameter that would change the
answer, and that is not supported, is refused unless it has the value that changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zoosmith.common.names import nearest
from zoosmith.serve.chat import Message
from zoosmith.serve.refusals import Refused

DEFAULT_TOKENS = 16  # of a completion, as OpenAI's
Zero = Annotated[float, Field(ge=0, le=0)]
Stop = str | Annotated[list[str], Field(max_length=4)]


class StreamOptions(BaseModel):
    """include_usage: one more piece at the end of a stream, with the counts."""

    model_config = ConfigDict(extra="ignore", strict=True)
    include_usage: bool = False


class Asked(BaseModel):
    """What both kinds of requests have in common."""

    model_config = ConfigDict(extra="forbid", strict=True)
    model: str | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    stop: Stop | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    presence_penalty: Zero | None = None
    frequency_penalty: Zero | None = None
    logit_bias: Annotated[dict[str, float], Field(max_length=0)] | None = None
    user: str | None = None
    metadata: Any = None
    store: Literal[False] | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """Strings that end an answer."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def counted(self) -> bool:
        """Whether a stream ends with the counts."""
        return self.stream_options is not None and self.stream_options.include_usage


class Completion(Asked):
    """POST /v1/completions."""

    prompt: str | list[str]
    echo: Literal[False] | None = None
    logprobs: None = None
    best_of: Literal[1] | None = None
    suffix: None = None

    @property
    def prompts(self) -> list[str]:
        """One or several."""
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt

    @property
    def tokens(self) -> int:
        """How many are wanted at most."""
        return self.max_tokens or DEFAULT_TOKENS


class Part(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="forbid", strict=True)
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """A message of a conversation."""

    model_config = ConfigDict(extra="forbid", strict=True)
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]
    name: str | None = None

    def message(self) -> Message:
        """As a template takes it: `developer` is the newer word for `system`."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return Message("system" if self.role == "developer" else self.role, text)


class TextFormat(BaseModel):
    """The only form of an answer."""

    model_config = ConfigDict(extra="forbid", strict=True)
    type: Literal["text"]


class ChatCompletion(Asked):
    """POST /v1/chat/completions."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: Literal[False] | None = None
    top_logprobs: None = None
    response_format: TextFormat | None = None
    tools: Annotated[list[Any], Field(max_length=0)] | None = None
    tool_choice: Literal["none"] | None = None
    service_tier: str | None = None

    @property
    def tokens(self) -> int | None:
        """How many are wanted at most; None for as many as there is room for."""
        return self.max_completion_tokens or self.max_tokens


Kind = TypeVar("Kind", bound=Asked)


def read(kind: type[Kind], told: Mapping[str, Any]) -> Kind:
    """The request in a JSON object. Raises Refused naming the first parameter that is wrong."""
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"] if not _internal(part))
    if fault["type"] == "extra_forbidden":
        hint = nearest(str(fault["loc"][-1])[:60], kind.model_fields)
        raise Refused(400, f"unknown parameter {where[:80]!r}{hint}", param=where[:80], code="unknown_parameter")
    if fault["type"] == "missing":
        raise Refused(400, f"the parameter {where!r} is missing", param=where, code="missing_required_parameter")
    raise Refused(400, f"{where}: {fault['msg']}; found {fault['input']!r:.60}", param=where)


def _internal(part: Any) -> bool:
    """Whether a part of a place is pydantic's word for one of several types."""
    return isinstance(part, str) and (
        part in ("str", "ChatMessage", "Part") or part.startswith(("list[", "constrained-"))
    )
