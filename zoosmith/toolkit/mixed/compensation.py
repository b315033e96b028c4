"""Rounding in which later columns of a matrix make up for the error of earlier ones, in llama.cpp's own types.

The optimal brain surgeon's update, as GPTQ applies it (Frantar et al., 2022, section 3): with U the upper Cholesky
factor of the inverse of the inputs' second moments, an error E of some columns is met by changing those after it by
-E inv(U[b, b]) U[b, after]. Here the columns of a type's block are rounded at once by ggml's own function, so that any
type can be had, and what is stored is an ordinary block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from zoosmith.toolkit.gguf import header
from zoosmith.toolkit.gguf.header import Tensor
from zoosmith.toolkit.gguf.types import TENSOR_TYPES
from zoosmith.toolkit.mixed.rounding import decoded, parts, stored

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHED_ONLY = ("iq3_xxs", "iq2_xxs", "iq2_xs", "iq2_s", "iq1_s", "iq1_m")
"""Types that ggml rounds to with importances alone."""
SHRINKAGE = 0.2
"""Share of the correlations of inputs that is not believed: few calibration tokens show some that are not there."""
DAMPING = 0.01
"""Of the mean square of all inputs, added to each: inputs that were never seen must not be free."""


def compensated(
    weight: NDArray[np.float32], kind: str, moments: NDArray[np.float64], shrinkage: float = SHRINKAGE
) -> NDArray[np.uint8]:
    """The bytes (rows, bytes) of a matrix (rows, columns) in `kind`, a tensor type in lower case.

    moments: sum or mean of inputs times inputs, (columns, columns). With a shrinkage of 1 every column is rounded for
    itself, as with an importance matrix of the moments' diagonal. Where plain rounding errs less on such inputs it is
    taken: weights that lie on the type's own grid are best left there.
    """
    import numpy as np

    believed = _believed(moments, shrinkage)
    factor, importance = _factor(believed), np.diag(believed).astype(np.float32)
    ways: list[Callable[[NDArray[np.float32]], NDArray[np.uint8]]] = [
        lambda part: _in_turn(part, kind, factor),
        lambda part: stored(part, kind, importance),
    ]
    ways += [] if kind in WEIGHED_ONLY else [lambda part: stored(part, kind, None)]
    found: list[list[NDArray[np.uint8]]] = [[] for _ in ways]
    errors = np.zeros(len(ways))
    for part in parts(weight):
        for way, (round_, kept) in enumerate(zip(ways, found, strict=True)):
            kept.append(round_(part))
            error = part - decoded(kept[-1], kind, part.shape)
            errors[way] += np.sum((error @ believed) * error)
    return np.concatenate(found[int(np.argmin(errors))])


def _in_turn(weight: NDArray[np.float32], kind: str, factor: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Block after block, each meeting the errors of those before it."""
    import numpy as np

    importance = 1.0 / np.diag(factor) ** 2
    left, width, blocks = weight.astype(np.float64), TENSOR_TYPES[kind.upper()].block, []
    for at in range(0, weight.shape[1], width):
        here, after = slice(at, at + width), slice(at + width, None)
        given = left[:, here].astype(np.float32)
        blocks.append(stored(given, kind, importance[here].astype(np.float32)))
        error = left[:, here] - decoded(blocks[-1], kind, given.shape)
        left[:, after] -= np.linalg.solve(factor[here, here].T, error.T).T @ factor[here, after]
    return np.concatenate(blocks, axis=1)


def _factor(believed: NDArray[np.float64]) -> NDArray[np.float64]:
    """U, upper triangular, with U.T U = inv(believed).

    Backwards, believed = R R.T with R upper triangular, whose inverse is U: one matrix is factored and inverted where
    it lies, and no inverse of the whole is made, which for a wide matrix would be the most that a search holds.
    """
    import numpy as np
    from scipy.linalg import cholesky, lapack

    backwards = np.asfortranarray(believed[::-1, ::-1])
    lower = cholesky(backwards, lower=True, overwrite_a=True, check_finite=False)
    inverse, _ = lapack.dtrtri(lower, lower=1, overwrite_c=True)
    return np.asarray(inverse[::-1, ::-1])


def _believed(moments: NDArray[np.float64], shrinkage: float) -> NDArray[np.float64]:
    """The moments, with correlations shrunk and squares damped."""
    import numpy as np

    squares = np.diag(moments)
    floor = DAMPING * squares.mean() or 1.0
    found = np.asarray((1 - shrinkage) * moments, dtype=np.float64)
    found[np.diag_indices_from(found)] += shrinkage * squares + floor
    return found


class Rounding(Protocol):
    """What rounds matrices by name, and knows which ones are not as the quantiser has them."""

    def compensates(self, tensor: str, kind: str) -> bool:
        """Whether a matrix in a type differs from the quantiser's."""

    def bytes_of(self, tensor: str, kind: str, weight: NDArray[np.float32]) -> NDArray[np.uint8]:
        """What is stored of it."""


def write(
    source: Path, file: Path, types: Mapping[str, str], rounding: Rounding, progress: Callable[..., None]
) -> None:
    """Put the bytes of compensated matrices in the place of the quantiser's, in a finished `file` made of `source`."""
    given = {tensor.name: tensor for tensor in header.read(source).tensors}
    for done, tensor in enumerate(tensors := header.read(file).tensors):
        kind = types.get(tensor.name)
        if kind is not None and rounding.compensates(tensor.name, kind):
            progress(done, len(tensors), f"compensating {tensor.name}")
            _replace(file, tensor, rounding.bytes_of(tensor.name, kind, _rows(source, given[tensor.name])))


def _rows(file: Path, tensor: Tensor) -> NDArray[np.float32]:
    """A matrix (rows, columns) of a GGUF, as it is read."""
    import numpy as np

    columns = tensor.shape[0]
    raw = np.fromfile(file, dtype=np.uint8, count=tensor.size, offset=tensor.offset)
    return decoded(
        raw.reshape(tensor.weights // columns, -1), tensor.type.lower(), (tensor.weights // columns, columns)
    )


def _replace(file: Path, tensor: Tensor, data: NDArray[np.uint8]) -> None:
    """Put other bytes in the place of a tensor's."""
    if data.nbytes != tensor.size:
        raise ValueError(f"{tensor.name} has {tensor.size} bytes, not {data.nbytes}")
    with file.open("r+b") as stream:
        stream.seek(tensor.offset)
        stream.write(data.tobytes())
