"""How near its parent an artifact can be where the parent itself computes in half precision.

A converter that keeps every weight claims hardly any difference; but of a parent in BF16 or FP16 the activations are
rounded too, and those of llama.cpp, or of FP32, are not. Measured on SmolLM2-135M: BF16 arithmetic alone is 0.0028 nats
of mean KL divergence from FP32's. So parity with such a parent asks no more than `torch_half` claims of that rounding.
"""

from __future__ import annotations

from zoosmith.contract.job import Parent
from zoosmith.contract.output import Tolerance

HALF = {"bf16": Tolerance(agreement=0.95, mean_kl=0.01), "fp16": Tolerance(agreement=0.98, mean_kl=0.001)}


def with_parent(claimed: Tolerance | None, parent: Parent | None) -> Tolerance | None:
    """What is claimed, but no tighter than the parent's own arithmetic allows."""
    own = HALF.get(parent.manifest.precision) if parent is not None and parent.manifest.format == "torch" else None
    if claimed is None or own is None or claimed.mean_kl is None or own.mean_kl is None:
        return claimed
    nearest = max(claimed.mean_kl, own.mean_kl)
    return claimed._replace(agreement=min(claimed.agreement, own.agreement), mean_kl=nearest)
