"""A GGUF in one of llama.cpp's quantised types, by its own quantiser.

Source: llama.cpp, tools/quantize and tools/imatrix. K-quants need rows of a multiple of 256: where over a tenth of the
weights did not get the type that was asked for, the artifact is refused under that name. With `imatrix` errors of
weights are weighed by how large their inputs are on rows of `calibration`, which needs the checkpoint that the GGUF was
made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.toolkit.gguf import artifact, census, header, imatrix, memory, quantize
from zoosmith.toolkit.gguf.types import DEFAULT_KV_TYPE, FILE_TYPES, TENSOR_TYPES, KvType, known
from zoosmith.toolkit.gguf.vocabulary import Vocabulary

ACCEPTS = {"from": ("gguf",)}
REQUIRES = ("llama-cpp-python", "gguf", "numpy", "torch", "transformers")
TOLERANCES = ((8, 0.85, 0.05), (6, 0.7, 0.2), (5, 0.5, 0.6), (4, 0.3, 1.5), (3, 0.1, 4.0), (0, 0.0, None))
"""Bits of the type, then the lowest agreement and the highest mean KL: to catch broken files, not to judge quality."""


class Params(BaseParams):
    """type: one of llama.cpp's, such as "q4_k_m".

    imatrix: measure importance on rows of `calibration`, cut to `tokens`, with the parent in the role `checkpoint`.
    tensor_types: type by regular expression; the first that is found in a tensor's name decides. prune_layers: indices
    of layers that are left out, from 0. allow_fallback: keep a file that did not get the type, and say so. kv_type:
    what the runtime keeps keys and values in.
    """

    type: str = "q8_0"
    imatrix: bool = False
    tokens: int = Field(default=512, ge=2)
    tensor_types: dict[str, str] = {}
    prune_layers: tuple[int, ...] = ()
    allow_fallback: bool = False
    kv_type: KvType = DEFAULT_KV_TYPE

    @field_validator("type")
    @classmethod
    def _known(cls, value: str) -> str:
        return known(value)

    @field_validator("tensor_types")
    @classmethod
    def _known_tensors(cls, value: dict[str, str]) -> dict[str, str]:
        names = tuple(name.lower() for name in TENSOR_TYPES)
        return {pattern: known(name, names) for pattern, name in value.items()}


def output(params: Params) -> Output:
    """A GGUF in the type that is asked for."""
    return Output("gguf", params.type, relation="quantized")


def accepts(params: Params) -> Mapping[str, tuple[str, ...]]:
    """The checkpoint too, where importance is measured on it."""
    return ACCEPTS | ({"checkpoint": ("torch",)} if params.imatrix else {})


def data(params: Params) -> tuple[str, ...]:
    """The split that importance is measured on, if it is."""
    return ("calibration",) if params.imatrix else ()


def check(params: Params) -> Tolerance:
    """Looser with fewer bits: a broken file answers like none of them.

    Below three bits, and without some layers, it is another model, which must open and answer, no more.
    """
    bits = 0 if params.prune_layers else FILE_TYPES[params.type].bits
    return next(Tolerance(agreement, mean_kl=kl) for least, agreement, kl in TOLERANCES if bits >= least)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Imports, the quantiser's buffers, the file that is mapped, and with an importance matrix the checkpoint in FP32.

    `parents` maps roles to bytes.
    """
    checkpoint = 2 * parents.get("checkpoint", 0) // 2**20 if params.imatrix else 0
    return Resources(cpus=1, memory_mb=512 + memory.QUANTISER_BASE_MB + parents.get("from", 0) // 2**20 + checkpoint)


def build(job: Job) -> None:
    """Measure importance if told to, quantise, compare tokenizers, count types, refuse what did not get its type."""
    source, file, params = job.parent.path / artifact.MODEL, job.out / artifact.MODEL, job.params
    given = header.read(source).tensors
    job.note("predicted_peak_mb", memory.quantiser_mb(given, params.imatrix))
    importance = _importance(job) if params.imatrix else None
    if importance is not None:
        job.fact("imatrix_matrices", quantize.check_imatrix(given, importance))
    quantize.quantize(
        source, file, params.type, threads=job.threads, imatrix=importance, tensor_types=params.tensor_types,
        prune_layers=params.prune_layers, progress=job.progress,
    )  # fmt: skip
    tensors = header.read(file).tensors
    fallback = census.refuse_fallback(
        tensors, params.type, allow=params.allow_fallback, tensor_types=params.tensor_types
    )
    if fallback:
        job.fact("fallback", fallback)
    job.fact("token_texts", artifact.same_tokens(source, file))
    artifact.state(job, tensors)
    artifact.write_modelfile(job, job.parent.path)


def _importance(job: Job) -> dict[str, Any]:
    """Mean squares of inputs by tensor name, on rows of `calibration`. Raises BuildError without checkpoint or rows."""
    if "checkpoint" not in job.parents:
        raise BuildError("`imatrix` is measured on the checkpoint that the GGUF was made of: name it as `checkpoint:`")
    source = job.parent.path / artifact.MODEL
    ids = [one[: job.params.tokens] for one in _calibration(job, source)]
    model = imatrix.load(job.parents["checkpoint"].path)
    sums = imatrix.measured(model, [one for one in ids if one], imatrix.linear_names(model, source), job.progress)
    job.fact("imatrix_tokens", sum(map(len, ids)))
    return imatrix.means(sums)


def _calibration(job: Job, source: Path) -> list[list[int]]:
    """Token ids of each row of `calibration`: of its first column, or of the prompt where the task makes one of it."""
    rows = job.rows("calibration")
    if hasattr(job.task, "prompt_ids"):
        return [job.task.prompt_ids(job.task.example(row)) for row in rows]
    column = job.task.spec.inputs[0]
    with Vocabulary(source) as vocabulary:
        start = [vocabulary.bos] if vocabulary.adds_bos and vocabulary.bos is not None else []
        return [[*start, *vocabulary.encode(str(row[column]))] for row in rows]
