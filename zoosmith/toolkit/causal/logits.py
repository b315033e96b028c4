"""From logits to log-probabilities, row by row: no copy is larger than one row of the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def log_normalizer(row: NDArray[np.float32]) -> float:
    """ln(sum(exp(row))) of logits (vocabulary,), with the sum in double precision."""
    import numpy as np

    largest = row.max()
    return float(largest) + float(np.log(np.exp(row - largest).sum(dtype=np.float64)))


def log_softmax(logits: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Write the log-probabilities in nats of logits (rows, vocabulary) to `out` of the same shape."""
    import numpy as np

    for row, answer in zip(logits, out, strict=True):
        np.subtract(row, np.float32(log_normalizer(row)), out=answer)


def log_probabilities(logits: NDArray[np.float32], tokens: Sequence[int]) -> NDArray[np.float32]:
    """Log-probability in nats of one token a row: logits (rows, vocabulary) and token ids (rows,) give (rows,)."""
    import numpy as np

    pairs = zip(logits, tokens, strict=True)
    return np.array([float(row[token]) - log_normalizer(row) for row, token in pairs], dtype=np.float32)
