"""Which token comes next: the likeliest, or one that is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Sampler:
    """Chooses tokens by their logits.

    temperature: divides the logits; at 0 the likeliest token is taken, of equal ones that of the lowest id, as
    `zoosmith run` does. top_p: only the likeliest tokens whose probabilities first sum up to it may be drawn (nucleus
    sampling; source: Holtzman et al., "The Curious Case of Neural Text Degeneration", ICLR 2020). seed: the same one
    draws the same tokens from the same logits; None draws afresh.
    """

    def __init__(self, temperature: float, top_p: float = 1.0, seed: int | None = None) -> None:
        """Keep them."""
        import numpy as np

        self.temperature, self.top_p = temperature, top_p
        self._draw = np.random.default_rng(None if seed is None else seed % 2**64)

    def choose(self, logits: NDArray[np.float32]) -> int:
        """A token by logits of shape (vocabulary,)."""
        import numpy as np

        if self.temperature == 0:
            return int(logits.argmax())
        scaled = (logits.astype(np.float64) - logits.max()) / self.temperature
        weights = np.exp(scaled)
        order = np.argsort(-weights, kind="stable")
        summed = np.cumsum(weights[order])
        kept = int(np.searchsorted(summed, self.top_p * summed[-1])) + 1  # the one that reaches top_p is the last
        kept = min(kept, len(order))
        drawn = np.searchsorted(summed[:kept], self._draw.random() * summed[kept - 1], side="right")
        return int(order[min(int(drawn), kept - 1)])
