"""Dynamic INT8 for PyTorch on CPU: Linear weights in INT8, activations quantised at run time.

Source: torch.ao.quantization.quantize_dynamic. Stored as int8 tensors in safetensors; the runtime rebuilds
the quantised modules. Embeddings stay in FP32, and so does an output matrix that is tied to them: the file
shrinks less than the arithmetic.
"""

from __future__ import annotations

from pydantic import Field

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.pruning import sparsity
from zoosmith.toolkit.quantization import dynamic_int8
from zoosmith.toolkit.torch import architecture, checkpoint, sessions

FORMAT = "torch_int8"
PRECISION = "int8"
RELATION = "quantized"
ACCEPTS = {"from": ("torch",)}
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")


class Params(BaseParams):
    """per_channel: one scale per output channel instead of one per tensor.

    min_agreement: share of the task's probes that must keep the parent's answer. Language models lose more than
    encoders, some of them most; a recipe that wants such an artifact all the same says so here.
    """

    per_channel: bool = True
    min_agreement: float = Field(default=0.85, ge=0, le=1)


def check(params: Params) -> Tolerance:
    """Nine of ten answers stay: near-ties may flip, and more than that means broken weights, unless it is allowed."""
    return Tolerance(agreement=params.min_agreement)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Quantise layer by layer, pack."""
    from safetensors.torch import save_file

    model = checkpoint.load_model(job, job.parent.path, new_head=False)
    job.fact("parameters", sum(p.numel() for p in model.parameters()))
    tied = architecture.tied(model)
    only = [name for name in architecture.linears(model) if f"{name}.weight" not in tied] if tied else None
    quantized = dynamic_int8.quantize(model.eval(), per_channel=job.params.per_channel, only=only, in_place=True)
    tensors = dynamic_int8.pack(quantized)
    save_file(tensors, job.out / "model.safetensors")
    checkpoint.copy_config(job.parent.path, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job.fact("int8_layers", sum(name.endswith(".weight_scale") for name in tensors))
    sparsity.pass_on(job, job.parent.manifest.facts, [job.out / "model.safetensors"])
    return sessions.session(quantized, job.out)
