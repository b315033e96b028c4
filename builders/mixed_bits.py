"""A GGUF whose tensors get the types that cost least within a size, by measurement.

What each type costs each matrix is measured, not guessed: the KL divergence of the next token from the parent's on
`calibration` rows, with that matrix alone rounded as llama.cpp stores it (with an importance matrix) and its inputs as
its kernels round them. Then a knapsack is solved exactly, and its answer measured as a whole beside plain types.
Sources: HAWQ-V2 (Dong et al., 2020) for sensitivities that add up; llama.cpp, pull request 15550, for types by
tensor under a target of bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field, field_validator

from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.toolkit.gguf import artifact, calibration, header, memory, placement, quantize
from zoosmith.toolkit.gguf.header import Tensor
from zoosmith.toolkit.gguf.tolerances import tolerance
from zoosmith.toolkit.gguf.types import DEFAULT_KV_TYPE, KvType, known
from zoosmith.toolkit.mixed import budget, compensation, matrices, search
from zoosmith.toolkit.mixed.measured import Measured
from zoosmith.toolkit.mixed.sensitivity import Sensitivity
from zoosmith.toolkit.training.training_rows import spread

ACCEPTS = {"from": ("gguf",), "checkpoint": ("torch",)}
DATA = ("calibration",)
REQUIRES = ("llama-cpp-python", "gguf", "numpy", "torch", "transformers")
REPRODUCES = "logits"
TIMEOUT_S = 48 * 3600.0
TYPES = ("f16", "q8_0", "q6_k", "q5_k", "q5_1", "q5_0", "q4_k", "q4_1", "iq4_nl", "q3_k")
LOSSES = "losses.json"


class Params(BaseParams, budget.Budget):
    """The budget. types: those to choose from, by default ten of 3 to 16 bits, of each matrix those that its rows fit.

    group: what gets one type: each `tensor`, a `part` (attention or feed-forward of a layer), or a `layer`. rows: of
    `calibration`, evenly spaced, that losses are measured on (importance on all), each cut to `tokens`. compensate:
    let later columns of a matrix make up for the rounding of earlier ones, by correlations of inputs on these rows.
    kv_type: what the runtime keeps keys and values in.
    """

    types: tuple[str, ...] = ()
    group: matrices.Grouping = "tensor"
    rows: int = Field(default=48, ge=1)
    tokens: int = Field(default=256, ge=2)
    compensate: bool = True
    kv_type: KvType = DEFAULT_KV_TYPE

    @field_validator("types")
    @classmethod
    def _known_types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(known(name, placement.choosable()) for name in value))


def output(params: Params) -> Output:
    """A GGUF of several types."""
    return Output("gguf", "mixed", relation="quantized")


def check(params: Params) -> Tolerance:
    """As loose as the type of the fewest bits asks for."""
    return tolerance(min(placement.bits(kind) for kind in params.types or TYPES))


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """The checkpoint in FP32 and a copy of its largest matrices, what it expects on the texts, and the file mapped.

    `parents` maps roles to bytes.
    """
    both = 3 * parents.get("checkpoint", 0) + parents.get("from", 0)
    return Resources(cpus=1, memory_mb=2048 + memory.QUANTISER_BASE_MB + both // 2**20)


def build(job: Job) -> None:
    """Refuse a budget that nothing fits, measure, choose, quantise, and see that size and types are those chosen."""
    source, file, params = job.parent.path / artifact.MODEL, job.out / artifact.MODEL, job.params
    tensors = header.read(source).tensors
    model = calibration.checkpoint(job)
    names = matrices.modules(model, source, tensors)
    beside = budget.plain(source, params.plain, job.scratch, job.threads)
    plan = search.planned(params, tensors, _grouped(params, tensors, set(names.values())), beside)
    texts = calibration.sequences(job, params.tokens)
    importance = calibration.importance(job, model, texts, matrices.linear(model, names))
    sensitivity = Sensitivity(model, spread(texts, params.rows), names, importance, plan.stored, params.compensate)
    found = search.settled(plan, Measured(sensitivity.divergence, job.scratch / LOSSES), job.progress)
    job.note("predicted_peak_mb", memory.quantiser_mb(tensors, imatrix=True))
    quantize.quantize(
        source, file, placement.file_type(found.best.types.values()), threads=job.threads, imatrix=importance,
        tensor_types=placement.patterns(plan.whole(found.best.types)), progress=job.progress,
    )  # fmt: skip
    written = header.read(file).tensors
    compensation.write(source, file, found.best.types, sensitivity, job.progress)
    search.confirm(plan, written, found.best.types, file.stat().st_size)
    job.fact("mixed_bits", search.told(plan, found) | _about(params, sensitivity))
    job.fact("sensitivity", found.table)
    job.fact("types_by_tensor", found.best.types)
    job.fact("token_texts", artifact.same_tokens(source, file))
    artifact.state(job, written)
    artifact.write_modelfile(job, job.parent.path)


def _grouped(params: Params, tensors: Sequence[Tensor], names: set[str]) -> search.Groups:
    """The matrices that can be measured, in groups, with the types that each fits."""
    watched = [tensor for tensor in placement.matrices(tensors) if tensor.name in names]
    found = matrices.groups(watched, params.group)
    kinds = matrices.offered(found, params.types or TYPES, asked=bool(params.types))
    return {name: (group, kinds[name]) for name, group in found.items()}


def _about(params: Params, sensitivity: Sensitivity) -> dict[str, Any]:
    return {
        "group": params.group, "calibration_tokens": sensitivity.positions, "compensated": sensitivity.compensate
    }  # fmt: skip
