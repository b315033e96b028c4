"""How far a language model's expectations move when some of its matrices are stored in another type.

Measured on the checkpoint: weights are rounded as llama.cpp rounds them, or so that later columns make up for earlier
ones, and their inputs as llama.cpp's kernels round them. Layers before the first that changed are not computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from zoosmith.toolkit.mixed.compensation import compensated
from zoosmith.toolkit.mixed.passes import Passes
from zoosmith.toolkit.mixed.rounding import EXACT, decoded, rounded_inputs, stored

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Sensitivity:
    """A causal language model with what it expects on texts, and ways to change it for one pass."""

    def __init__(
        self,
        model: Any,
        texts: Sequence[Sequence[int]],
        names: Mapping[str, str],
        importance: Mapping[str, NDArray[np.float32]],
        source: str = "f16",
        compensate: bool = False,
    ) -> None:
        """Read the texts once.

        names: GGUF name by module name. importance: (columns,) by GGUF name. source: the type of the file that would be
        quantised, in lower case: what is rounded to a type was rounded to this one before. compensate: round matrices
        of layers by their inputs' second moments on the texts.
        """
        self.importance, self.source, self.compensate = importance, source, compensate
        self._passes, self._moments = Passes(model, texts), dict[str, "NDArray[np.float64]"]()
        self.positions = sum(map(len, texts))
        named = dict(model.named_modules())
        self._modules: dict[str, list[Any]] = {}
        for name, tensor in names.items():
            self._modules.setdefault(tensor, []).append(named[name])
        self._outer = [model.get_input_embeddings(), model.get_output_embeddings()]
        self._first = {tensor: self._passes.place(modules) for tensor, modules in self._modules.items()}

    def divergence(self, types: Mapping[str, str]) -> float:
        """Mean KL(unchanged || changed) in nats of the next token, with these types by GGUF name."""
        first = min((self._first[tensor] for tensor in types), default=len(self._passes.layers))
        with self._changed(types):
            pairs = zip(self._passes.expected, self._passes.logprobs(first), strict=True)
            return sum(_divergence(expected, found) for expected, found in pairs) / self.positions

    def compensates(self, tensor: str, kind: str) -> bool:
        """Whether the errors of a matrix in a type are met by its later columns."""
        return self.compensate and kind not in EXACT and self._modules[tensor][0] not in self._outer

    def bytes_of(self, tensor: str, kind: str, weight: NDArray[np.float32]) -> NDArray[np.uint8]:
        """What is stored of a matrix (rows, columns) in a type: (rows, bytes). The order of rows does not matter."""
        if self.compensates(tensor, kind):
            return compensated(weight, kind, self._moments_of(tensor))
        return stored(weight, kind, self.importance.get(tensor))

    def _moments_of(self, tensor: str) -> NDArray[np.float64]:
        """Of the inputs of a matrix. Those of one layer are kept at a time, and taken before any of it is changed."""
        if tensor not in self._moments:
            place = self._first[tensor]
            inside = {name: self._modules[name][0] for name, first in self._first.items() if first == place}
            watched = {name: module for name, module in inside.items() if module not in self._outer}
            self._moments = self._passes.moments(place, watched)
        return self._moments[tensor]

    @contextmanager
    def _changed(self, types: Mapping[str, str]) -> Iterator[None]:
        """Matrices and their inputs rounded, layer by layer; weights are put back at the end."""
        with ExitStack() as undo:
            for tensor, kind in sorted(types.items(), key=lambda one: self._first[one[0]]):
                modules = self._modules[tensor]
                self._replace(modules[0].weight, tensor, kind, undo)
                for module in modules:
                    if not _looks_up(module):
                        undo.callback(module.register_forward_pre_hook(_rounding(kind)).remove)
            yield

    def _replace(self, weight: Any, tensor: str, kind: str, undo: ExitStack) -> None:
        import torch

        before = weight.data
        given = before.half().float() if self.source == "f16" else before
        given = before.bfloat16().float() if self.source == "bf16" else given
        data = self.bytes_of(tensor, kind, given.numpy())
        weight.data = torch.from_numpy(decoded(data, kind, tuple(before.shape)))
        undo.callback(setattr, weight, "data", before)


def _rounding(kind: str) -> Any:
    return lambda _, given: (rounded_inputs(given[0], kind), *given[1:])


def _looks_up(module: Any) -> bool:
    """Whether it multiplies nothing."""
    import torch

    return isinstance(module, torch.nn.Embedding)


def _divergence(expected: Any, found: Any) -> float:
    """Sum over positions of KL(expected || found), of log-probabilities (tokens, vocabulary).

    As sum(p (e^x - 1 - x)) with x = ln(q / p): no term is negative, so little is lost where both are nearly equal.
    """
    import torch

    apart = found - expected
    return float((expected.exp() * (torch.expm1(apart) - apart)).sum())
