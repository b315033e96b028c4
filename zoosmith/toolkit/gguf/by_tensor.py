"""The weights of a GGUF under the names that transformers has for them, dequantised one at a time.

Source: transformers, modeling_gguf_pytorch_utils (names, and the order of rows of queries and keys), whose own loader
holds all of them, and of the largest some more.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from zoosmith.toolkit.torch import architecture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ONE_TO_ONE = ("TensorProcessor", "LlamaTensorProcessor", "Gemma2TensorProcessor", "NemotronTensorProcessor")
"""What transformers treats tensors by, where each becomes one weight."""


class Weights(NamedTuple):
    """model: its skeleton, without weights. shapes: of those that are stored, by name. read: one of them."""

    model: Any
    shapes: dict[str, tuple[int, ...]]
    read: Callable[[str], NDArray[np.float32]]


def weights(file: Path) -> Weights | None:
    """Those of a causal language model in FP32; None where not each of them is one tensor of the file.

    Raises what transformers raises for a file that it cannot read.
    """
    import gguf
    from transformers import modeling_gguf_pytorch_utils as theirs

    config, stated = _config(file), theirs.load_gguf_checkpoint(str(file))
    reader = gguf.GGUFReader(file)
    name = str(reader.fields["general.architecture"].contents())
    processor = theirs.TENSOR_PROCESSORS.get(name, theirs.TensorProcessor)(config=stated["config"])
    model = _skeleton(config)
    names = theirs.get_gguf_hf_weights_map(model, processor)
    tensors = {names[tensor.name]: tensor for tensor in reader.tensors if tensor.name in names}
    shapes = _stored(model)
    if type(processor).__name__ not in ONE_TO_ONE or tensors.keys() != shapes.keys() or _is_read_otherwise(name):
        return None

    def read(wanted: str) -> NDArray[np.float32]:
        tensor = tensors[wanted]
        whole = gguf.dequantize(tensor.data, tensor.tensor_type)
        done: NDArray[np.float32] = processor.process(
            weights=whole, name=tensor.name, tensor_key_mapping=names, parsed_parameters=stated
        ).weights
        return done

    return Weights(model, shapes, read)


def _is_read_otherwise(architecture: str) -> bool:
    """Whether transformers has a loader of its own for it, which rounds in its own way."""
    from transformers.integrations.gguf.utils import is_gguf_arch_supported

    return bool(is_gguf_arch_supported(architecture))


def _config(file: Path) -> Any:
    import transformers

    return transformers.AutoConfig.from_pretrained(
        file.parent, gguf_file=file.name, local_files_only=True, trust_remote_code=False
    )


def _skeleton(config: Any) -> Any:
    import torch
    import transformers

    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32, trust_remote_code=False)
    model.tie_weights()
    return model


def _stored(model: Any) -> dict[str, tuple[int, ...]]:
    """Shapes by name of what a checkpoint holds: a tied weight once."""
    tied = architecture.tied(model)
    return {name: tuple(value.shape) for name, value in model.state_dict().items() if name not in tied}
