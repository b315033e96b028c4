"""PyTorch models: stored weights and multiply-adds, dynamic INT8 layers counted by what they unpack to."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoosmith.contract.session import Encoded
    from zoosmith.toolkit.torch.forward import TorchForward


def parameters(model: Any) -> tuple[int, int]:
    """All stored weights and those that are not zero; tied ones once, scales and zero points not at all."""
    total = nonzero = 0
    for tensor in _tensors(model):
        total += tensor.numel()
        nonzero += int(tensor.count_nonzero())
    return total, nonzero


def _tensors(model: Any) -> Iterator[Any]:
    from torch.ao.nn.quantized.dynamic import Linear

    yield from model.parameters()
    for module in model.modules():
        if isinstance(module, Linear):
            weight, bias = module._weight_bias()
            yield weight.dequantize()  # an integer at its zero point is a zero
            if bias is not None:
                yield bias


def multiply_adds(forward: TorchForward, encoded: Encoded) -> int:
    """Multiply-adds of matrix products, convolutions and attention in one call.

    Source: torch.utils.flop_counter, which counts two operations for each. It knows neither attention's CPU kernel
    nor dynamic INT8 Linear layers, so they are given here.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

    def linear(inputs: Any, packed: Any, *_: Any, **__: Any) -> int:
        outputs: int = packed.unpack()[0].shape[0]
        operations: int = 2 * prod(inputs) * outputs
        return operations

    def attention(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
        found: int = sdpa_flop_count(query, key, value)
        return found

    ops = torch.ops
    known = {
        ops.quantized.linear_dynamic: linear,
        ops.aten._scaled_dot_product_flash_attention_for_cpu: attention,
    }
    with FlopCounterMode(display=False, custom_mapping=known) as counter:
        forward.classify(encoded)
    counted: int = counter.get_total_flops()
    return counted // 2
