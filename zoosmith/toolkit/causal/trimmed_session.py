"""Causal language models of transformers whose prompts are trimmed before they are read.

What an empty sequence is given first is its prompt: a first pass tells how much attention each token gets, then what is
left is read by the model as if the rest had never been there. Whatever follows (an answer, a continuation that is
scored) is fed whole. A sequence counts the tokens that it was given, those that were cut among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal import trimming
from zoosmith.toolkit.causal.logits import log_softmax
from zoosmith.toolkit.causal.techniques import Trim
from zoosmith.toolkit.causal.torch_session import TorchCausal, TorchSequence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TrimmedCausal(TorchCausal):
    """A `TorchCausal` that trims prompts. What is computed for one prompt is of no use to another that begins alike."""

    def __init__(self, model: Any, folder: Path, told: Trim, device: str = "cpu", context: int | None = None) -> None:
        """As `TorchCausal`. Raises ZooError where the model's attention is not known, or has no positions to keep."""
        super().__init__(model, folder, device, context)
        trimming.attentions(model)
        self.told = told
        self.reuses = False
        if told.positions == "kept" and "position_ids" not in _parameters(model):
            raise ZooError(f"trim.positions: kept: {type(model).__name__} takes no positions; say renumbered")

    def decoder(self) -> TrimmedSequence:
        """A sequence with a KV cache of its own."""
        return TrimmedSequence(self.model, self.device, self.context, self.told)

    def next_logprobs(self, ids: Sequence[Sequence[int]]) -> Iterator[NDArray[np.float32]]:
        """Per sequence, float32 (len, vocabulary): log-softmax in nats after each of its beginnings, as a prompt.

        A prompt that is longer by a token is trimmed elsewhere, so that each takes passes of its own: it is for
        comparing short texts.
        """
        import numpy as np

        for one in ids:
            answer = np.empty((len(one), self.vocabulary), dtype=np.float32)
            for end in range(1, len(one) + 1):
                sequence = self.sequence()
                log_softmax(sequence.extend(one[max(0, end - self.context) : end], 1), answer[end - 1 : end])
            yield answer

    def token_logprobs(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Raises ZooError: a text that is scored whole has no prompt that could be trimmed."""
        raise ZooError("with trimmed prompts a text is scored after a context (loglikelihood), not by itself")


class TrimmedSequence(TorchSequence):
    """A `TorchSequence` that trims what it is given first."""

    def __init__(self, model: Any, device: str, context: int, told: Trim) -> None:
        """An empty sequence."""
        super().__init__(model, device, context)
        self._whole = model
        self._told = told
        self._prompt = 0
        self._gone = 0

    def _feed(self, ids: Sequence[int], keep: int) -> NDArray[np.float32]:
        places = list(range(self.length, self.length + len(ids)))
        if self.length == 0 and ids:
            if keep > 1:
                raise ZooError("after a trimmed prompt there are logits of its last token alone")
            places = trimming.kept_tokens(trimming.received(self._whole, ids, self._device), self._told)
            self._prompt, self._gone = len(ids), len(ids) - len(places)
        self._model = self._placed(places) if self._told.positions == "kept" else self._whole
        return super()._feed([ids[place - self.length] for place in places], keep)

    def _placed(self, places: Sequence[int]) -> Any:
        """The model at these positions. The mask says that all is one text: transformers takes gaps for its ends."""
        import torch

        seen = self.length - self._gone if self.length else 0
        return partial(
            self._whole,
            position_ids=torch.tensor([list(places)], device=self._device),
            attention_mask=torch.ones(1, seen + len(places), dtype=torch.long, device=self._device),
        )

    def _cut(self, length: int) -> bool:
        if 0 < length < self._prompt:
            return False  # another prompt, which would be trimmed otherwise
        if length == 0:
            self._prompt = self._gone = 0
        return super()._cut(length)


def _parameters(model: Any) -> Any:
    import inspect

    return inspect.signature(model.forward).parameters
