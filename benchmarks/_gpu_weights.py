"""Weights drawn on the device, a tensor at a time, and quantised as they are drawn: nothing lies on the disk.

A tensor in 16 bits is the most that is held beside the model, so that the peak of loading is that of the shape.
"""

from __future__ import annotations

from typing import Any

from benchmarks._gpu_shapes import Shape, skeleton

FP16, INT8, NF4 = "fp16", "bnb-int8", "bnb-nf4"
KINDS = (FP16, INT8, NF4)
SPREAD = 0.02  # the standard deviation that transformers draws weights with
THRESHOLD = 6.0  # of activations that INT8 multiplies in FP16, as in the study


def drawn(shape: Shape, kind: str, device: str, dtype: str = "float16") -> Any:
    """A model of the shape on `device`; the output matrix and what is no matrix of a layer stay in `dtype`.

    Raises ValueError for a kind that is none.
    """
    import torch

    if kind not in KINDS:
        raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
    made, into = skeleton(shape), getattr(torch, dtype)
    draw = torch.Generator(device).manual_seed(0)
    for name, module in list(made.named_modules()):
        if kind != FP16 and isinstance(module, torch.nn.Linear) and module is not made.get_output_embeddings():
            made.set_submodule(name, _quantised(module, kind, draw, into))
        elif not (shape.tied and module is made.get_output_embeddings()):
            _fill(module, draw, into)
    if shape.tied:
        made.get_output_embeddings().weight = made.get_input_embeddings().weight
    for module in made.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            setattr(module, name, buffer.to(device))
    return made.requires_grad_(False)


def _fill(module: Any, draw: Any, dtype: Any) -> None:
    """Draw the module's own parameters: those of a norm are ones, biases zeros."""
    from torch import nn

    for name, parameter in list(module.named_parameters(recurse=False)):
        module.register_parameter(name, nn.Parameter(_values(parameter.shape, name, draw, dtype), requires_grad=False))


def _values(shape: Any, name: str, draw: Any, dtype: Any) -> Any:
    import torch

    if len(shape) > 1:
        return torch.empty(shape, device=draw.device, dtype=dtype).normal_(0.0, SPREAD, generator=draw)
    return torch.full(shape, 0.0 if name == "bias" else 1.0, device=draw.device, dtype=dtype)


def _quantised(layer: Any, kind: str, draw: Any, dtype: Any) -> Any:
    """A layer of bitsandbytes in place of a bare one."""
    from bitsandbytes import nn

    weight = _values(layer.weight.shape, "weight", draw, dtype)
    columns, rows, bias = layer.in_features, layer.out_features, layer.bias is not None
    if kind == INT8:
        made = nn.Linear8bitLt(columns, rows, bias, has_fp16_weights=False, threshold=THRESHOLD, device="meta")
        made.weight = nn.Int8Params(weight, requires_grad=False, has_fp16_weights=False)._quantize(draw.device)
    else:
        made = nn.Linear4bit(
            columns, rows, bias, compute_dtype=dtype, compress_statistics=True, quant_type="nf4", device="meta"
        )
        made.weight = nn.Params4bit(
            weight, requires_grad=False, compress_statistics=True, quant_type="nf4", module=made
        )._quantize(draw.device)
    if bias:
        _fill_bias(made, draw, dtype)
    return made


def _fill_bias(layer: Any, draw: Any, dtype: Any) -> None:
    from torch import nn

    layer.bias = nn.Parameter(_values(layer.bias.shape, "bias", draw, dtype), requires_grad=False)
