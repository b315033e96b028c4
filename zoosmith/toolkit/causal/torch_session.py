"""Causal language models of transformers, with a KV cache."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.requests import CausalSession
from zoosmith.toolkit.causal.sequence import CachedSequence
from zoosmith.toolkit.causal.tokenizer import FolderTokenizer
from zoosmith.toolkit.causal.windows import context_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TorchCausal(CausalSession):
    """A `*ForCausalLM` in evaluation mode, in the dtype that it was loaded in, with the tokenizer of its folder."""

    def __init__(self, model: Any, folder: Path, device: str = "cpu", context: int | None = None) -> None:
        """Move `model` to `device`; context: tokens of a sequence, else as trained and at most `DEFAULT_CONTEXT`.

        Raises ZooError where the folder's tokenizer is missing or of a larger vocabulary than the model's.
        """
        self.model = model.to(device).eval()
        self.device = device
        self.tokenizer = FolderTokenizer(folder)
        text = model.config.get_text_config()
        self.context = context_of(getattr(text, "max_position_embeddings", None), context)
        self.vocabulary: int = text.vocab_size
        self.bos, self.eos, self.adds_bos = self.tokenizer.bos, self.tokenizer.eos, self.tokenizer.adds_bos
        self.chat_template = self.tokenizer.chat_template
        self.reuses = not any(map(_rounds_together, model.modules()))
        largest = max((token for token in (self.bos, self.eos) if token is not None), default=0)
        if largest >= self.vocabulary:
            raise ZooError(f"{folder}: the tokenizer has a token {largest}, and the model {self.vocabulary} embeddings")

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of the text alone, without BOS or an end token."""
        return self.tokenizer.encode(text, special=special)

    def detokenize(self, ids: Sequence[int]) -> str:
        """Text of tokens, without special ones."""
        return self.tokenizer.detokenize(ids)

    def is_end(self, token: int) -> bool:
        """Whether the tokenizer, config.json or generation_config.json name this as an end token."""
        return token in self.tokenizer.ends

    def name_of(self, token: int) -> str:
        """How a special token is written."""
        return self.tokenizer.name_of(token)

    def decoder(self) -> TorchSequence:
        """A sequence with a KV cache of its own."""
        return TorchSequence(self.model, self.device, self.context)


def _rounds_together(module: Any) -> bool:
    """Whether a layer rounds activations by all that it is given at once: one scale, or one choice of outliers.

    So do torch's dynamic INT8, and LLM.int8 (Dettmers et al. 2022) of bitsandbytes.
    """
    kind = type(module)
    return kind.__module__.startswith("torch.ao.nn.quantized.dynamic") or kind.__name__ == "Linear8bitLt"


class TorchSequence(CachedSequence):
    """One sequence through a transformers model, with the kind of cache that the model makes for itself."""

    def __init__(self, model: Any, device: str, context: int) -> None:
        """An empty sequence."""
        super().__init__(context)
        self._model = model
        self._device = device
        self._cache: Any = None
        parameters = inspect.signature(model.forward).parameters.values()
        self._keeps = any(p.name == "logits_to_keep" or p.kind is p.VAR_KEYWORD for p in parameters)

    def _feed(self, ids: Sequence[int], keep: int) -> NDArray[np.float32]:
        import numpy as np
        import torch

        if not ids:
            return np.empty((0, 0), dtype=np.float32)
        few = {"logits_to_keep": max(1, keep)} if self._keeps else {}  # 0 would mean all of them
        with torch.inference_mode():
            tokens = torch.tensor([list(ids)], device=self._device)
            answer = self._model(input_ids=tokens, past_key_values=self._cache, use_cache=True, **few)
            self._cache = answer.past_key_values
            logits: NDArray[np.float32] = answer.logits[0, answer.logits.shape[1] - keep :].float().cpu().numpy()
        return logits

    def _cut(self, length: int) -> bool:
        if length == 0:
            self._cache = None
            return True
        try:
            self._cache.crop(length - self.length)
        except (AttributeError, RuntimeError):  # recurrent states and sliding windows do not go back
            return False
        return True
