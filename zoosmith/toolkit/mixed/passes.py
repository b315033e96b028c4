"""Passes of texts through a causal language model that start at any layer: what layers gave once is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from zoosmith.toolkit.pruning import depth

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Passes:
    """A torch model, texts as token ids, what each layer gave for each, and the log-probabilities that followed."""

    def __init__(self, model: Any, texts: Sequence[Sequence[int]]) -> None:
        """Read each text once. Raises BuildError for a model whose layers are not found."""
        self.model, self.texts = model, texts
        self.layers = depth.stack(model)
        self._outputs: list[list[Any]] = []
        self.expected = [self._read(ids) for ids in texts]

    def place(self, modules: Sequence[Any]) -> int:
        """The first layer that holds one of the modules: 0 for an embedding, as many as there are for an output."""
        embedding = self.model.get_input_embeddings()
        if any(module.weight is embedding.weight for module in modules):
            return 0
        inside = [place for place, layer in enumerate(self.layers) if any(m in modules for m in layer.modules())]
        return min(inside, default=len(self.layers))

    def logprobs(self, first: int) -> Iterator[Any]:
        """Log-probabilities (tokens, vocabulary) after each token of each text, computed from layer `first` on."""
        for outputs, ids in zip(self._outputs, self.texts, strict=True):
            with self._resumed(outputs, first):
                yield self._logprobs(ids)

    def moments(self, place: int, modules: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
        """Sum of inputs times inputs (columns, columns) by name, of Linear modules of one layer, as they are now.

        Modules that read the same tensor, as queries, keys and values do, share one array.
        """
        sums = _Moments()
        with ExitStack() as undo:
            for name, module in modules.items():
                undo.callback(module.register_forward_pre_hook(sums.adding(name)).remove)
            undo.callback(self.layers[place].register_forward_hook(_leave).remove)
            for outputs, ids in zip(self._outputs, self.texts, strict=True):
                with self._resumed(outputs, place), suppress(_LeftError):
                    self._logprobs(ids)
                sums.end_of_pass()
        return sums.by_name()

    def _read(self, ids: Sequence[int]) -> Any:
        outputs: list[Any] = []
        with ExitStack() as undo:
            for layer in self.layers:
                undo.callback(layer.register_forward_hook(lambda _, __, given: outputs.append(given)).remove)
            self._outputs.append(outputs)
            return self._logprobs(ids)

    def _logprobs(self, ids: Sequence[int]) -> Any:
        import torch

        with torch.inference_mode():
            logits = self.model(input_ids=torch.tensor([list(ids)]), use_cache=False).logits
            return torch.log_softmax(logits[0].float(), dim=-1)

    @contextmanager
    def _resumed(self, outputs: Sequence[Any], first: int) -> Iterator[None]:
        """Let layers before `first` give what they gave, without computing it."""
        skipped = self.layers[:first]
        for layer in skipped:
            layer.forward = lambda *_, **__: outputs[first - 1]
        try:
            yield
        finally:
            for layer in skipped:
                del layer.forward


class _LeftError(Exception):
    """A pass that has seen what it was for."""


def _leave(*_: Any) -> None:
    raise _LeftError


class _Moments:
    """Sums of inputs times inputs, one for each tensor that modules read in a pass, whoever reads it.

    Who shares a tensor in one pass shares one in all: ValueError says where that is not so.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Any] = {}
        self._first: dict[str, str] = {}
        self._read: dict[str, Any] = {}

    def adding(self, name: str) -> Any:
        """A forward pre-hook of the module of that name."""

        def add(_: Any, given: tuple[Any, ...]) -> None:
            first = next((other for other, tensor in self._read.items() if tensor is given[0]), name)
            if (before := self._first.setdefault(name, first)) != first:
                raise ValueError(f"{name} shares its inputs with {before} in one text, and with {first} in another")
            if first == name:
                self._read[name] = given[0]
                inputs = given[0].reshape(-1, given[0].shape[-1]).double()
                if name in self._sums:
                    self._sums[name].addmm_(inputs.T, inputs)
                else:
                    self._sums[name] = inputs.T @ inputs

        return add

    def end_of_pass(self) -> None:
        """Forget what was read, not the sums."""
        self._read.clear()

    def by_name(self) -> dict[str, NDArray[np.float64]]:
        """Of each module that has read something."""
        return {name: self._sums[first].numpy() for name, first in self._first.items()}
