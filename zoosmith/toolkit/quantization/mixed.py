"""Layers of one model in different widths: INT8 and NF4 by bitsandbytes, 6 bits by fake quantisation.

transformers opens a checkpoint in one width of bitsandbytes. So the INT8 weights of a mixed one lie in a file of their
own: `NAME.weight` (int8, rows x columns), `NAME.scale` (FP32, rows; a weight is scale / 127 x integer) and `NAME.bias`.
The rest is an ordinary checkpoint with NF4 layers. Sources: Dettmers et al., "LLM.int8()", 2022; "QLoRA", 2023.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.contract.job import Job
from zoosmith.toolkit.causal.techniques import Int8Layers
from zoosmith.toolkit.pruning import depth
from zoosmith.toolkit.quantization import bnb, grid
from zoosmith.toolkit.torch import architecture, checkpoint

INT8_FILE = "int8.safetensors"


class Widths(NamedTuple):
    """Names of linear layers by what they become; `kept` stay as they are."""

    int8: list[str]
    nf4: list[str]
    six: list[str]
    kept: list[str]


def by_depth(model: Any, early: int, late: int) -> Widths:
    """Linear layers of the first `early` layers of a model in 8 bits, of the last `late` in 6, of others in 4.

    The output matrix, and NF4 layers whose rows are no multiple of its block, are kept. Raises BuildError where no
    layer is left in the middle.
    """
    stack = depth.stack(model)
    if early + late >= len(stack):
        raise BuildError(
            f"early: {early} and late: {late} leave none of {len(stack)} layers in the middle; give fewer of them"
        )
    found = Widths([], [], [], architecture.heads(model))
    place = {id(module): index for index, layer in enumerate(stack) for module in layer.modules()}
    for name in architecture.linears(model):
        linear = model.get_submodule(name)
        index = place.get(id(linear))
        if index is None:
            continue
        middle = found.kept if linear.in_features % bnb.BLOCK else found.nf4
        (found.int8 if index < early else found.six if index >= len(stack) - late else middle).append(name)
    return found


def load(job: Job, path: Path, widths: Widths, options: Mapping[str, Any], threshold: float) -> Any:
    """The task's model in the checkpoint's dtype, with NF4 layers, 6-bit grids, and INT8 layers in memory."""
    skip = [*widths.kept, *widths.int8, *widths.six]
    configured = bnb.configured({**options, "llm_int8_skip_modules": skip}, job.device)
    model, _ = checkpoint.load_with_new_weights(job, path, new_head=False, dtype="auto", **configured)
    for name in widths.six:
        weight = model.get_submodule(name).weight
        weight.data = grid.rounded(weight.data, 6)
    for name in widths.int8:
        model.set_submodule(name, _layer(_quantised(model, name), threshold))
    return bnb.keep_packing(model)


def save(model: Any, out: Path, names: Sequence[str]) -> None:
    """The checkpoint below `out`, the INT8 layers `names` in a file of their own."""
    from safetensors.torch import save_file

    layers = {name: model.get_submodule(name) for name in names}
    tensors = {f"{name}.{part}": value for name, layer in layers.items() for part, value in _parts(layer).items()}
    for name in names:
        model.set_submodule(name, _absent())
    checkpoint.save_model(model, out)
    save_file(tensors, out / INT8_FILE, metadata={"format": "pt"})
    for name, layer in layers.items():
        model.set_submodule(name, layer)


def model_class(base: Any, told: Int8Layers) -> Any:
    """`base` without these layers, so that transformers opens the rest. Raises ZooError for a name it does not have."""

    def build(self: Any, config: Any, *given: Any, **named: Any) -> None:
        base.__init__(self, config, *given, **named)
        known = architecture.linears(self)
        for name in told.layers:
            if name not in known:
                raise ZooError(f"techniques.json: int8.layers: the model of config.json has no linear layer {name!r}")
            self.set_submodule(name, _absent())

    return type(base.__name__, (base,), {"__init__": build, "__module__": base.__module__})


def fill(model: Any, path: Path, told: Int8Layers, device: str) -> None:
    """Put the INT8 layers in `path` into a model of `model_class`. Raises ZooError where the two files disagree."""
    from safetensors.torch import load_file

    file = path / INT8_FILE
    if not file.is_file():
        raise ZooError(f"{path} has no {INT8_FILE}, which techniques.json tells of: pull it again")
    tensors = load_file(file, device=device)
    held = {name.rpartition(".")[0] for name in tensors}
    if held != set(told.layers):
        odd = sorted(held ^ set(told.layers))[0]
        raise ZooError(f"{path}: {INT8_FILE} and int8.layers of techniques.json differ in {odd}: pull it again")
    for name in told.layers:
        parts = {part: tensors.get(f"{name}.{part}") for part in ("weight", "scale", "bias")}
        model.set_submodule(name, _layer(parts, told.threshold))


def _absent() -> Any:
    """What stands in the place of a layer that lies elsewhere: a module without weights."""
    import torch

    return torch.nn.Module()


def _quantised(model: Any, name: str) -> dict[str, Any]:
    """A linear layer by rows: integers, the largest magnitude of each row, and the bias.

    Raises BuildError for weights that FP16, which bitsandbytes rounds from, does not hold.
    """
    from bitsandbytes.functional import int8_vectorwise_quant

    linear = model.get_submodule(name)
    half = linear.weight.data.half()
    if not half.isfinite().all():
        raise BuildError(f"{name}.weight has NaN or values beyond FP16 (65,504), which INT8 is rounded from")
    integers, largest, _ = int8_vectorwise_quant(half)
    return {"weight": integers, "scale": largest.float(), "bias": None if linear.bias is None else linear.bias.data}


def _layer(parts: Mapping[str, Any], threshold: float) -> Any:
    """bitsandbytes' INT8 layer of `parts`, as `_quantised` gives them."""
    import torch
    from bitsandbytes import nn

    weight, bias = parts["weight"], parts["bias"]
    rows, columns = weight.shape
    kind = {"has_fp16_weights": False, "threshold": threshold, "device": "meta"}
    layer = nn.Linear8bitLt(columns, rows, bias is not None, **kind)
    layer.weight = nn.Int8Params(weight, requires_grad=False, has_fp16_weights=False, CB=weight, SCB=parts["scale"])
    if bias is not None:
        layer.bias = torch.nn.Parameter(bias, requires_grad=False)
    return layer


def _parts(layer: Any) -> dict[str, Any]:
    """What is stored of an INT8 layer."""
    scale = layer.state.SCB if layer.weight.SCB is None else layer.weight.SCB
    found = {"weight": layer.weight.data, "scale": scale, "bias": None if layer.bias is None else layer.bias.data}
    return {part: value.contiguous() for part, value in found.items() if value is not None}
