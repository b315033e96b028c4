"""Windows over a text that is longer than a model's context: pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

DEFAULT_CONTEXT = 2048
"""Tokens that a session holds where nobody asks for another number, and the model was trained on more.

One number for every runtime: texts that are cut into the same windows can be compared token by token, and a KV cache
for all that a model was trained on may take more memory than its weights.
"""


class Window(NamedTuple):
    """Tokens [start, end) go through the model at once; what it says after [first, end) is kept."""

    start: int
    first: int
    end: int


def windows(length: int, context: int) -> Iterator[Window]:
    """Windows of at most `context` tokens over `length` tokens that keep each position exactly once.

    Beyond the first window, at least context // 2 tokens stand before each position that is kept. Every window of a
    long text is full: the last one moves back instead of being short.
    """
    if context < 1:
        raise ValueError(f"a context holds at least one token; found {context}")
    first = 0
    while first < length:
        step = context if first == 0 else context - context // 2
        end = min(first + step, length)
        yield Window(max(0, end - context), first, end)
        first = end


def context_of(trained: int | None, asked: int | None) -> int:
    """Tokens that a session holds: what was asked for, or as many as the model was trained on, up to a default.

    Raises ValueError where `asked` is no positive number.
    """
    if asked is None:
        return min(trained or DEFAULT_CONTEXT, DEFAULT_CONTEXT)
    if asked < 1:
        raise ValueError(f"a context holds at least one token; found {asked}")
    return asked
