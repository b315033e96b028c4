"""Replies of OpenAI's API: whole ones and the pieces of a stream.

Sources: OpenAI API reference, "The chat completion object", "The completion object" and their chunks.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zoosmith.contract.session import Generation

DONE = "data: [DONE]\n\n"


@dataclass(frozen=True)
class Reply:
    """What all pieces of one answer have in common. chat: whether it is the answer in a conversation."""

    model: str
    version: str
    chat: bool
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: int = field(default_factory=lambda: int(time.time()))

    def _head(self, object: str) -> dict[str, Any]:
        head = {"id": f"{'chatcmpl' if self.chat else 'cmpl'}-{self.id}", "object": object, "created": self.created}
        return head | {"model": self.model, "system_fingerprint": f"zoosmith-{self.version}"}

    def whole(self, prompts: Sequence[Sequence[int]], written: Sequence[Generation]) -> dict[str, Any]:
        """The answers to prompts, given as their token ids, with the counts."""
        choices = [self._choice(index, one.text, finish(one)) for index, one in enumerate(written)]
        tokens = usage(sum(map(len, prompts)), sum(one.tokens for one in written))
        return self._head("chat.completion" if self.chat else "text_completion") | {"choices": choices, "usage": tokens}

    def _choice(self, index: int, text: str, reason: str) -> dict[str, Any]:
        said = {"message": {"role": "assistant", "content": text, "refusal": None}} if self.chat else {"text": text}
        return {"index": index} | said | {"logprobs": None, "finish_reason": reason}

    def piece(self, text: str | None, reason: str | None = None, *, first: bool = False) -> str:
        """An event of a stream: the next piece of text, or why there is none any more."""
        said: dict[str, Any] = {"text": text or ""}
        if self.chat:
            delta = {} if text is None else {"content": text}
            said = {"delta": ({"role": "assistant"} if first else {}) | delta}
        return self._event([{"index": 0} | said | {"logprobs": None, "finish_reason": reason}])

    def counts(self, prompt: int, written: int) -> str:
        """The last event of a stream whose caller asked for the counts."""
        return self._event([], usage=usage(prompt, written))

    def _event(self, choices: list[dict[str, Any]], **more: Any) -> str:
        kind = "chat.completion.chunk" if self.chat else "text_completion"
        return event(self._head(kind) | {"choices": choices} | more)


def usage(prompt: int, written: int) -> dict[str, int]:
    """Counts of tokens, the end token among them."""
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def finish(written: Generation) -> str:
    """Why an answer ended."""
    return "stop" if written.stopped else "length"


def event(value: Any) -> str:
    """A server-sent event. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html"""
    return f"data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n"
