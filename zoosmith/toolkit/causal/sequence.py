"""One sequence of tokens with its KV cache: what requests and benchmarks are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS = 128
"""Positions whose logits are asked for at once: enough for matrix products, and 25 MB of a vocabulary of 49,152."""


class CachedSequence(ABC):
    """A `Decoder` of the contract that can also give logits and be shortened. A runtime gives `_feed` and `_cut`.

    context: tokens that it holds at most.
    held: the tokens that are in its cache now, and `length` how many.
    """

    def __init__(self, context: int) -> None:
        """An empty sequence."""
        self.context = context
        self.length = 0
        self.held: list[int] = []
        self._chosen: int | None = None
        self._last: NDArray[np.float32] | None = None

    @abstractmethod
    def _feed(self, ids: Sequence[int], keep: int) -> NDArray[np.float32]:
        """Append tokens that fit; logits (keep, vocabulary) after the last `keep`, valid until the next call."""

    @abstractmethod
    def _cut(self, length: int) -> bool:
        """Drop all tokens but the first `length`; False where such a cache cannot. 0 always works."""

    def extend(self, ids: Sequence[int], keep: int) -> NDArray[np.float32]:
        """Append tokens and give logits (keep, vocabulary) after each of the last `keep`, valid until the next call.

        Raises ZooError where the sequence would exceed the context.
        """
        if self.length + len(ids) > self.context:
            raise ZooError(
                f"{self.length + len(ids)} tokens do not fit into a context of {self.context}: shorten the text or open"
                " the model with a larger context if it was trained on one"
            )
        logits = self._feed(ids, keep)
        self.length += len(ids)
        self.held += ids
        return logits

    def shorten(self, length: int) -> bool:
        """Keep the first `length` tokens only. False, and an empty sequence, where such a cache cannot be cut."""
        self._chosen = self._last = None
        done = self._cut(length) or (self._cut(0) and length == 0)
        self.length = length if done else 0
        del self.held[self.length :]
        return done

    def reset(self) -> None:
        """Forget the sequence. Memory stays allocated."""
        self.shorten(0)

    def prompt(self, ids: Sequence[int]) -> None:
        """Append tokens and compute the logits after the last one. Raises ZooError where there is none or no room."""
        if not ids:
            raise ZooError("a prompt has at least one token")
        fed = [*([] if self._chosen is None else [self._chosen]), *ids]
        self._last, self._chosen = self.extend(fed, 1)[0], None

    def step(self) -> int:
        """The likeliest next token; of equal ones that of the lowest id. Raises ZooError before a prompt."""
        if self._chosen is not None:
            self._last = self.extend((self._chosen,), 1)[0]
        if self._last is None:
            raise ZooError("give a decoder a prompt before the first step")
        self._chosen = int(self._last.argmax())
        return self._chosen
