"""Linear layers with INT8 weights, activations quantised at run time: to tensors for safetensors and back.

`torch.ao.quantization.quantize_dynamic` is deprecated in favour of torchao but works in torch 2.13, and
torchao's eager kernels ran nine times slower on CPU when they were compared.

A layer may carry a low-rank adapter in FP32: y = INT8(x) + B A x. Its tensors are `lora_A` (rank, inputs) and `lora_B`
(outputs, rank), the latter with the adapter's scale in it. Folded into INT8 weights it would be rounded away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.torch import architecture

SUFFIXES = ("weight", "weight_scale", "weight_zero_point", "bias", "lora_A", "lora_B")
INPUT_LEVELS = 127  # torch.ao rounds activations to 7 bits, so that sums of products fit into 16
WEIGHT_RANGE, WEIGHT_STEPS = (-128, 127), 127.5  # torch.ao's symmetric scale: the largest weight over half of 255


def quantize(model: Any, *, per_channel: bool, only: Sequence[str] | None = None, in_place: bool = False) -> Any:
    """A copy of `model` whose torch.nn.Linear layers hold INT8 weights (symmetric; per output channel or tensor).

    `only` names the layers; by default all are quantised. With `in_place`, `model` itself: no second copy is held.
    """
    import torch
    from torch.ao import quantization as ao

    config = ao.per_channel_dynamic_qconfig if per_channel else ao.default_dynamic_qconfig
    layers = {torch.nn.Linear: config} if only is None else dict.fromkeys(only, config)
    return ao.quantize_dynamic(model, layers, dtype=torch.qint8, inplace=in_place)


def simulate(model: Any, quantized: Any, layers: Sequence[str]) -> None:
    """Make FP32 `layers` of `model` compute what those of `quantized` do, with gradients for what lies below them.

    Weights become the dequantised ones; inputs are rounded as the kernel rounds them, and gradients pass the rounding
    unchanged. Source: Bengio et al., 2013 (straight-through); Jacob et al., 2018.
    """
    for name in layers:
        layer = model.get_submodule(name)
        layer.weight.data = quantized.get_submodule(name).weight().dequantize().to(layer.weight.device)
        layer.register_forward_pre_hook(_round_inputs)


@contextmanager
def rounding(model: Any, layers: Sequence[str], *, per_channel: bool) -> Iterator[None]:
    """Meanwhile FP32 `layers` of `model` compute what `quantize` would make of their weights as they are by then.

    As `simulate`, for weights that are trained: they are rounded anew at each call, and their gradients too pass the
    rounding unchanged. What is rounded is not kept for the backward pass but rounded again there (Chen et al., 2016,
    "Training Deep Nets with Sublinear Memory Cost"): else each weight would be held thrice. Afterwards the layers are
    plain again, with the FP32 weights that they have come to.
    """
    from torch.utils.checkpoint import checkpoint

    found = [model.get_submodule(name) for name in layers]
    room = found[0].weight.new_empty(max(layer.weight.numel() for layer in found))
    for layer in found:
        forward = partial(_rounded_forward, layer, per_channel, room)
        layer.forward = partial(checkpoint, forward, use_reentrant=False, preserve_rng_state=False)
    try:
        yield
    finally:
        for layer in found:
            del layer.forward


def _rounded_forward(layer: Any, per_channel: bool, room: Any, given: Any) -> Any:
    import torch

    weight = _straight_through().apply(layer.weight, per_channel, room)
    return torch.nn.functional.linear(*_round_inputs(layer, (given,)), weight, layer.bias)


@cache
def _straight_through() -> Any:
    """A `torch.autograd.Function` that rounds a weight into `room` and hands its gradient on as it is.

    What it gives shares memory with `room`, which autograd is not told: a layer's rounding has been used, here and in
    the backward pass, before the next layer's is written there. Buffers of their own would lie between the gradients
    and leave gaps of 0.4 copies of BERT-base's weights.
    """
    import torch

    class StraightThrough(torch.autograd.Function):  # type: ignore[misc]  # torch gives it no type
        @staticmethod
        def forward(_: Any, weight: Any, per_channel: bool, room: Any) -> Any:
            rounded = weight.new_empty(0).set_(room.untyped_storage(), 0, weight.shape)
            return rounded_weight(weight, per_channel=per_channel, out=rounded)

        @staticmethod
        def backward(_: Any, gradient: Any) -> Any:
            return gradient, None, None

    return StraightThrough


def rounded_weight(weight: Any, *, per_channel: bool, out: Any = None) -> Any:
    """The values, in FP32, of an FP32 weight (outputs, inputs) after `quantize`: to the bit on the CPU.

    They are written to `out`, if given.
    """
    import torch

    largest = torch.linalg.vector_norm(weight, torch.inf, dim=1 if per_channel else None, keepdim=per_channel)
    scale = (largest / WEIGHT_STEPS).clamp(min=torch.finfo(torch.float32).eps)
    return torch.mul(weight, scale.reciprocal(), out=out).round_().clamp_(*WEIGHT_RANGE).mul_(scale)


def _round_inputs(layer: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    import torch

    given = inputs[0].float()
    low, high = given.detach().amin().clamp(max=0), given.detach().amax().clamp(min=0)
    scale = ((high - low) / INPUT_LEVELS).clamp(min=torch.finfo(torch.float32).eps)
    zero = (-low / scale).round().to(torch.int32)
    return (torch.fake_quantize_per_tensor_affine(given, scale, zero, 0, INPUT_LEVELS),)


def pack(model: Any) -> dict[str, Any]:
    """Plain tensors by name: int8 weights with their scales and zero points, the rest as it is."""
    from torch.ao.nn.quantized.dynamic import Linear

    quantized = {name: module for name, module in model.named_modules() if isinstance(module, Linear)}
    if not quantized:
        raise BuildError("the model has no torch.nn.Linear layer to quantise; use a builder that fits it")
    tensors: dict[str, Any] = {}
    tied = architecture.tied(model)
    for name, value in model.state_dict().items():
        if hasattr(value, "shape") and name not in tied and not any(name.startswith(f"{one}.") for one in quantized):
            tensors[name] = value.contiguous()
    for layer, module in quantized.items():
        tensors |= {f"{layer}.{suffix}": tensor for suffix, tensor in _parts(module).items()}
    return tensors


def unpack(model: Any, tensors: dict[str, Any]) -> Any:
    """Replace the Linear layers of `model` (right shapes, any weights) by those packed in `tensors`.

    Raises BuildError when a tensor is missing or none takes it: the file belongs to another model.
    """
    layers = {key.removesuffix(".weight_scale") for key in tensors if key.endswith(".weight_scale")}
    plain = {key: value for key, value in tensors.items() if key.rpartition(".")[0] not in layers}
    try:
        missing, unexpected = model.load_state_dict(plain, strict=False)
    except RuntimeError as error:  # shapes differ
        raise BuildError(f"the tensors fit another model: {str(error).splitlines()[1].strip()}") from error
    missing = [key for key in missing if not _belongs(key, layers) and key not in architecture.tied(model)]
    unexpected += sorted(layers - {name for name, _ in model.named_modules()})
    if missing or unexpected:
        raise BuildError(f"the tensors fit another model: missing {missing[:3]}, unexpected {unexpected[:3]}")
    for layer in sorted(layers):
        _replace(model, layer, {s: tensors[f"{layer}.{s}"] for s in SUFFIXES if f"{layer}.{s}" in tensors})
    return model


def _belongs(key: str, layers: set[str]) -> bool:
    return any(key.startswith(f"{layer}.") for layer in layers)


def _parts(module: Any) -> dict[str, Any]:
    import torch

    weight, bias = module._weight_bias()
    if weight.qscheme() in (torch.per_channel_affine, torch.per_channel_symmetric):
        scale, zero = weight.q_per_channel_scales(), weight.q_per_channel_zero_points()
    else:
        scale = torch.tensor([weight.q_scale()], dtype=torch.float64)
        zero = torch.tensor([weight.q_zero_point()])
    parts = {"weight": weight.int_repr(), "weight_scale": scale, "weight_zero_point": zero.to(torch.int64)}
    if bias is not None:
        parts["bias"] = bias.detach()
    return {name: tensor.contiguous() for name, tensor in parts.items()}


def _replace(model: Any, layer: str, parts: dict[str, Any]) -> None:
    import torch
    from torch.ao.nn.quantized.dynamic import Linear

    weight, scale, zero = parts["weight"], parts["weight_scale"], parts["weight_zero_point"]
    parent_name, _, child = layer.rpartition(".")
    parent = model.get_submodule(parent_name)
    found = tuple(getattr(parent, child).weight.shape)
    if found != tuple(weight.shape):
        raise BuildError(f"layer {layer} is {found} in the model and {tuple(weight.shape)} in the file")
    if len(scale) > 1:
        stored = torch._make_per_channel_quantized_tensor(weight, scale, zero, 0)
    else:
        stored = torch._make_per_tensor_quantized_tensor(weight, float(scale), int(zero))
    linear = Linear(weight.shape[1], weight.shape[0], bias_="bias" in parts, dtype=torch.qint8)
    linear.set_weight_bias(stored, parts.get("bias"))
    if "lora_A" in parts:
        _adapt(linear, layer, parts["lora_A"], parts["lora_B"])
    setattr(parent, child, linear)


def _adapt(linear: Any, name: str, down: Any, up: Any) -> None:
    if (down.shape[1], up.shape[0], up.shape[1]) != (linear.in_features, linear.out_features, down.shape[0]):
        raise BuildError(f"the adapter of layer {name} is {tuple(up.shape)} x {tuple(down.shape)}, of another layer")
    linear.register_buffer("lora_A", down)
    linear.register_buffer("lora_B", up)
    linear.register_forward_hook(_add_adapter)


def _add_adapter(linear: Any, inputs: tuple[Any, ...], answer: Any) -> Any:
    return answer + inputs[0] @ linear.lora_A.T @ linear.lora_B.T
