"""Prompts of a chosen length, for what times a language model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from zoosmith.contract.errors import ZooError


def prompt_ids(tokenize: Callable[[str], list[int]], texts: Iterable[Any], tokens: int) -> list[int]:
    """Exactly `tokens` token ids: those of `texts`, one after the other, as often as it takes.

    A time does not depend on which tokens they are. Raises ZooError if the texts have none.
    """
    found: list[int] = []
    for text in texts:
        found += tokenize(str(text))
        if len(found) >= tokens:
            return found[:tokens]
    if not found:
        raise ZooError("the texts of the eval are empty: there is no prompt to time")
    return (found * (tokens // len(found) + 1))[:tokens]
