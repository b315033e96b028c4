"""llama.cpp's quantiser, in this process: every file type, importance matrices, types per tensor, fewer layers."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import census, header, library
from zoosmith.toolkit.gguf.types import FILE_TYPES, NEED_IMATRIX, TENSOR_TYPES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BUFFER = 64 << 20
"""Bytes of rows that the quantiser holds at once: with its own 8 GiB a large tensor is held whole, twice."""
STEP = re.compile(r"^\[\s*(\d+)/\s*(\d+)\] (\S+)")


def quantize(
    source: Path,
    target: Path,
    kind: str,
    *,
    threads: int = 1,
    imatrix: Mapping[str, NDArray[np.float32]] | None = None,
    tensor_types: Mapping[str, str] | None = None,
    prune_layers: Sequence[int] = (),
    progress: Callable[..., None] = lambda *_, **__: None,
) -> list[str]:
    """Write `target` in the file type `kind` from an F32, F16 or BF16 GGUF, and return the quantiser's log.

    imatrix: mean square of each input column (columns,) by tensor name. tensor_types: the type of the tensors whose
    name fits a regular expression, the first that fits counting. prune_layers: indices of blocks that are left out.
    progress: called with (done, total, text). Raises BuildError with the quantiser's reason; no partial file is left.
    """
    given = header.read(source)
    if imatrix is not None:
        check_imatrix(given.tensors, imatrix)
    elif kind in NEED_IMATRIX:
        raise BuildError(f"llama.cpp makes no {kind} without an importance matrix; set `imatrix: true`")
    _check_layers(prune_layers, given.hyperparameter("block_count", 0))
    partial = target.with_name(f".{target.name}.partial")
    try:
        log = _run(source, partial, _Params(kind, threads, imatrix, tensor_types or {}, prune_layers), progress)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return log


def check_imatrix(tensors: Sequence[header.Tensor], imatrix: Mapping[str, Any]) -> int:
    """How many matrices of the blocks the importance matrix covers.

    llama.cpp returns success and ignores entries whose names it does not find, so they are compared first. Raises
    BuildError for names that the model does not have, other sizes, and where over a tenth of the weights is not
    covered.
    """
    by_name = {tensor.name: tensor for tensor in tensors}
    foreign = sorted(set(imatrix) - set(by_name))
    if foreign:
        raise BuildError(
            f"the importance matrix is of another model: {len(foreign)} of its {len(imatrix)} names are not in this "
            f"one, such as {foreign[0]!r}; this one has names such as {next(iter(by_name), 'none')!r}"
        )
    for name, values in imatrix.items():
        if len(values) != by_name[name].shape[0]:
            raise BuildError(
                f"the importance matrix is of another model: {name} has {len(values)} columns there and "
                f"{by_name[name].shape[0]} here"
            )
    matrices = census.matrices(tensors)
    missing = [tensor for tensor in matrices if tensor.name not in imatrix]
    if sum(tensor.weights for tensor in missing) > census.SHARE * sum(tensor.weights for tensor in matrices):
        raise BuildError(
            f"the importance matrix lacks {len(missing)} of {len(matrices)} matrices, such as {missing[0].name}: a "
            "layer that is no torch.nn.Linear cannot be watched; leave `imatrix` out"
        )
    return len(matrices) - len(missing)


def _check_layers(layers: Sequence[int], count: int) -> None:
    wrong = [layer for layer in layers if not 0 <= layer < count]
    if wrong or len(set(layers)) >= max(1, count):
        raise BuildError(
            f"prune_layers is {list(layers)}: the model has {count} layers, 0 to {count - 1}, and one must stay"
        )


class _Params:
    """The quantiser's struct, and all memory that it points to, which must live as long as the call."""

    def __init__(
        self,
        kind: str,
        threads: int,
        imatrix: Mapping[str, Any] | None,
        tensor_types: Mapping[str, str],
        layers: Sequence[int],
    ) -> None:
        llama = library.load()
        self.struct = llama.llama_model_quantize_default_params()
        self.struct.ftype, self.struct.nthread, self.struct.max_buf_size = FILE_TYPES[kind].number, threads, BUFFER
        self.kept: list[Any] = []
        if imatrix is not None:
            self._point("imatrix", llama.llama_model_imatrix_data, [*self._entries(imatrix), (None, None, 0)])
        if tensor_types:
            overrides = [
                (pattern.encode(), TENSOR_TYPES[name.upper()].number) for pattern, name in tensor_types.items()
            ]
            self._point("tt_overrides", llama.llama_model_tensor_override, [*overrides, (None, 0)])
        if layers:
            self._point("prune_layers", ctypes.c_int32, [*sorted(set(layers)), -1])

    def _point(self, field: str, kind: Any, items: Sequence[Any]) -> None:
        array = (kind * len(items))(*items)
        self.kept.append(array)
        setattr(self.struct, field, ctypes.cast(array, dict(self.struct._fields_)[field]))

    def _entries(self, imatrix: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        import numpy as np

        entries = []
        for name, values in imatrix.items():
            row = np.ascontiguousarray(values, dtype=np.float32)
            self.kept.append(row)
            entries.append((name.encode(), row.ctypes.data_as(ctypes.POINTER(ctypes.c_float)), row.size))
        return entries


def _run(source: Path, target: Path, params: _Params, progress: Callable[..., None]) -> list[str]:
    llama = library.load()

    def seen(line: str) -> None:
        if found := STEP.match(line):
            progress(int(found[1]), int(found[2]), f"quantising {found[3]}")

    with library.captured(seen) as log:
        code = llama.llama_model_quantize(bytes(source), bytes(target), ctypes.byref(params.struct))
    if code:
        said = library.reason(log, f"code {code}")
        hint = "; it is quantised already: start from an F32, F16 or BF16 file" if "requantizing" in said else ""
        raise BuildError(f"llama.cpp cannot quantise {source.name}: {said}{hint}")
    return log
