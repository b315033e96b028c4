"""Linear layers with INT8 weights, activations quantised at run time: to tensors for safetensors and back.

`torch.ao.quantization.quantize_dynamic` is deprecated in favour of torchao but works in torch 2.13, and
torchao's eager kernels ran nine times slower on CPU when they were compared.
"""

from __future__ import annotations

from typing import Any

from zoosmith.contract import BuildError

SUFFIXES = ("weight", "weight_scale", "weight_zero_point", "bias")


def quantize(model: Any, *, per_channel: bool) -> Any:
    """A copy of `model` whose torch.nn.Linear layers hold INT8 weights (symmetric; per output channel or tensor)."""
    import torch
    from torch.ao import quantization as ao

    config = ao.per_channel_dynamic_qconfig if per_channel else ao.default_dynamic_qconfig
    return ao.quantize_dynamic(model, {torch.nn.Linear: config}, dtype=torch.qint8)


def pack(model: Any) -> dict[str, Any]:
    """Plain tensors by name: int8 weights with their scales and zero points, the rest as it is."""
    from torch.ao.nn.quantized.dynamic import Linear

    quantized = {name: module for name, module in model.named_modules() if isinstance(module, Linear)}
    if not quantized:
        raise BuildError("the model has no torch.nn.Linear layer to quantise; use a builder that fits it")
    tensors: dict[str, Any] = {}
    for name, value in model.state_dict().items():
        if hasattr(value, "shape") and not any(name.startswith(f"{layer}.") for layer in quantized):
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
    missing = [key for key in missing if not _belongs(key, layers)]
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
    setattr(parent, child, linear)
