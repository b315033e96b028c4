"""An opened artifact that answers requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Encoded: TypeAlias = "Mapping[str, NDArray[np.int64]]"
"""Model input by name (`input_ids`, `attention_mask`, ...), each of shape (batch, sequence)."""
Logits: TypeAlias = "Callable[[Encoded], NDArray[np.float32]]"
"""Maps encoded input to logits of shape (batch, classes)."""


class Session(Protocol):
    """An opened artifact. A runtime gives the capabilities that its format has, named in CAPABILITIES."""

    def logits(self, encoded: Encoded) -> NDArray[np.float32]:
        """Class logits of shape (batch, classes), in the manifest's label order."""

    def score(self, prompt: str, continuations: Sequence[str]) -> list[float]:
        """Log-likelihood in nats of each continuation given the prompt."""

    def generate(self, prompt: str, *, max_new_tokens: int) -> str:
        """Greedy continuation of the prompt."""
