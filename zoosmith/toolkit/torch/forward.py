"""A torch model as a function from encoded input to logits: what builders hand back and runtimes open."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zoosmith.contract.session import Encoded


class TorchForward:
    """A transformers model in evaluation mode, answering in NumPy arrays."""

    def __init__(self, model: Any, device: str = "cpu") -> None:
        """Move `model` to `device` and look up which inputs its forward takes."""
        self.model = model.to(device).eval()
        self.device = device
        self.inputs = set(inspect.signature(model.forward).parameters)

    def classify(self, encoded: Encoded) -> NDArray[np.float32]:
        """Class logits of shape (batch, classes)."""
        import torch

        with torch.inference_mode():
            tensors = {k: torch.from_numpy(v).to(self.device) for k, v in encoded.items() if k in self.inputs}
            answer: NDArray[np.float32] = self.model(**tensors).logits.float().cpu().numpy()
            return answer
