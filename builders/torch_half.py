"""Half-precision weights and arithmetic for PyTorch: half the file and half the memory of a GPU.

Source: torch.nn.Module.to. FP16 keeps 11 bits of mantissa, BF16 8 and the range of FP32. GPUs have units for both; a
CPU without such instructions computes them slower than FP32.
"""

from __future__ import annotations

from typing import Literal

from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.pruning import sparsity
from zoosmith.toolkit.torch import checkpoint, sessions

ACCEPTS = {"from": ("torch",)}
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")
TYPES = {"fp16": "float16", "bf16": "bfloat16"}


class Params(BaseParams):
    """dtype: of weights and arithmetic."""

    dtype: Literal["fp16", "bf16"] = "fp16"


def output(params: Params) -> Output:
    """A checkpoint in the type that is asked for."""
    return Output("torch", params.dtype, relation="quantized")


def check(params: Params) -> Tolerance:
    """Rounding moves logits a little and answers hardly ever."""
    return Tolerance(agreement=0.95, mean_kl=0.01)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Load, round, save."""
    # Read in that type, not turned into it: `Module.to` would round buffers too, such as rotary frequencies.
    model = checkpoint.load_model(job, job.parent.path, new_head=False, dtype=TYPES[job.params.dtype])
    checkpoint.save_model(model, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job.fact("parameters", sum(p.numel() for p in model.parameters()))
    sparsity.pass_on(job, job.parent.manifest.facts, [job.out / "model.safetensors"])
    if "origin" in job.parent.manifest.facts:
        job.fact("origin", job.parent.manifest.facts["origin"])
    return sessions.session(model, job.out)
