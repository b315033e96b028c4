"""Importance matrices: how large the inputs of each matrix are, column by column, on calibration texts.

The quantiser weighs the error of each weight by the mean square of the input that it is multiplied with. Measured by
torch forward hooks on every Linear layer, which gives what llama.cpp's own `llama-imatrix` gives within 2e-4. Files are
llama.cpp's GGUF imatrix format: `NAME.in_sum2` (columns,) sums of squares and `NAME.counts` (1,) inputs seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import header

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Sums(NamedTuple):
    """squares: of each input column, summed over `inputs`; (columns,)."""

    squares: NDArray[np.float32]
    inputs: int


def load(checkpoint: Path) -> Any:
    """The causal language model in a checkpoint folder, in FP32. Raises BuildError where it cannot be opened."""
    import torch
    import transformers
    from safetensors import SafetensorError

    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            checkpoint, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        said = str(error).splitlines()[0].replace(str(checkpoint), "it")
        raise BuildError(f"transformers cannot load the checkpoint: {said}") from error
    return model.eval()


def measured(
    model: Any,
    sequences: Sequence[Sequence[int]],
    names: Mapping[str, str],
    progress: Callable[..., None] = lambda *_, **__: None,
) -> dict[str, Sums]:
    """Sums by GGUF name over token id sequences, one at a time: padding is no input.

    names: GGUF name by module name, of Linear layers of the torch `model`. Raises BuildError where a sum is not finite.
    """
    import torch

    if not any(sequences):
        raise BuildError("an importance matrix is measured on calibration rows, of which there are none")
    modules = dict(model.named_modules())
    totals = {name: torch.zeros(modules[name].in_features, dtype=torch.float64) for name in names}
    counts = dict.fromkeys(names, 0)
    hooks = [modules[name].register_forward_pre_hook(partial(_add, totals, counts, name)) for name in names]
    device = next(model.parameters()).device
    try:
        with torch.inference_mode():
            for done, ids in enumerate(sequences):
                progress(done, len(sequences), "measuring the importance matrix")
                model(input_ids=torch.tensor([list(ids)], device=device))
    finally:
        for hook in hooks:
            hook.remove()
    sums = {names[name]: Sums(total.float().numpy(), counts[name]) for name, total in totals.items()}
    broken = sorted(name for name, found in sums.items() if not _finite(found))
    if broken:
        raise BuildError(
            f"the inputs of {broken[0]} and {len(broken) - 1} more matrices are not finite on the calibration rows"
        )
    return sums


def _add(totals: dict[str, Any], counts: dict[str, int], name: str, module: Any, given: tuple[Any, ...]) -> None:
    inputs = given[0].reshape(-1, given[0].shape[-1]).double()
    totals[name] += inputs.square().sum(dim=0).cpu()
    counts[name] += len(inputs)


def _finite(found: Sums) -> bool:
    import numpy as np

    return bool(np.isfinite(found.squares).all())


def linear_names(model: Any, file: Path) -> dict[str, str]:
    """The GGUF name of each Linear layer of the blocks, by module name; `file` is the model as GGUF.

    Source of the names: the package gguf's tensor map for the file's architecture. Raises BuildError where no name of
    the model is one of the file's.
    """
    import gguf
    import torch

    given = header.read(file)
    arch = next(
        (a for a, name in gguf.MODEL_ARCH_NAMES.items() if name == given.metadata["general.architecture"]), None
    )
    if arch is None:
        raise BuildError(
            f"the package gguf knows no architecture {given.metadata['general.architecture']!r}; leave `imatrix` out"
        )
    table = gguf.get_tensor_name_map(arch, given.hyperparameter("block_count"))
    present = {tensor.name for tensor in given.tensors}
    names = {
        name: table.get_name(f"{name}.weight", try_suffixes=(".weight",))
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    found = {name: other for name, other in names.items() if other and other.startswith("blk.") and other in present}
    if not found:
        raise BuildError(
            "no Linear layer of the checkpoint is a matrix of the GGUF; is it the checkpoint that it was made of?"
        )
    return found


def means(sums: Mapping[str, Sums]) -> dict[str, NDArray[np.float32]]:
    """Mean squares (columns,) by name: what the quantiser takes. Without any input every column counts alike."""
    import numpy as np

    return {
        name: found.squares / np.float32(found.inputs) if found.inputs else np.ones_like(found.squares)
        for name, found in sums.items()
    }


def write(sums: Mapping[str, Sums], file: Path, *, dataset: str, chunk: int) -> None:
    """Write llama.cpp's GGUF imatrix format. dataset: what was read, by name. chunk: tokens of the longest sequence."""
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(file, arch="imatrix")
    writer.add_type("imatrix")
    writer.add_array("imatrix.datasets", [dataset])
    writer.add_uint32("imatrix.chunk_count", max((found.inputs for found in sums.values()), default=0) // max(1, chunk))
    writer.add_uint32("imatrix.chunk_size", chunk)
    for name in sorted(sums):
        writer.add_tensor(f"{name}.in_sum2", sums[name].squares.reshape(1, -1))
        writer.add_tensor(f"{name}.counts", np.array([[sums[name].inputs]], dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(file: Path) -> dict[str, Sums]:
    """Sums by name out of a GGUF imatrix file, ours or llama.cpp's. Raises BuildError for another kind of file."""
    import numpy as np

    found = header.read(file)
    if found.metadata.get("general.type") != "imatrix":
        raise BuildError(
            f"{file.name} is no importance matrix: its general.type is {found.metadata.get('general.type')!r}"
        )
    raw = {
        tensor.name: np.fromfile(file, dtype="<f4", count=tensor.weights, offset=tensor.offset)
        for tensor in found.tensors
    }
    names = [name.removesuffix(".in_sum2") for name in raw if name.endswith(".in_sum2")]
    return {name: Sums(raw[f"{name}.in_sum2"], int(raw[f"{name}.counts"].max())) for name in names}
