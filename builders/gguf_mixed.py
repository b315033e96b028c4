"""A GGUF with a type for each tensor: by layer, by name, and some kept as they are.

Source: llama.cpp, tools/quantize (`--tensor-type`); by layer, as in studies that keep the first layers in 8 bits, the
middle ones in 4 and the late ones in 6; by name, for matrices that are known to be sensitive. What fits no tensor, and
a type that rows do not fit, is refused before anything is made, so no tensor falls back to a type in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, field_validator

from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.toolkit.gguf import artifact, calibration, header, imatrix, memory, placement, quantize
from zoosmith.toolkit.gguf.tolerances import tolerance
from zoosmith.toolkit.gguf.types import DEFAULT_KV_TYPE, KvType, known

ACCEPTS = {"from": ("gguf",)}
REQUIRES = ("llama-cpp-python", "gguf", "numpy", "torch", "transformers")


class Params(BaseParams):
    """type: of every matrix of the blocks that nothing else names. layers: type by layers, such as "0-2", "5", "24-".

    tensor_types: type by regular expression, the first that is found in a name counting, before `layers`. keep: regular
    expressions of sensitive matrices, which get `keep_type` before all else. embedding: type of the embedding and of
    the output layer. imatrix: weigh errors by how large inputs are on rows of `calibration`, cut to `tokens`, with the
    checkpoint in the role `checkpoint`. kv_type: what the runtime keeps keys and values in.
    """

    type: str = "q4_0"
    layers: dict[str, str] = {}
    tensor_types: dict[str, str] = {}
    keep: tuple[str, ...] = ()
    keep_type: str = "q8_0"
    embedding: str = "q8_0"
    imatrix: bool = False
    tokens: int = Field(default=512, ge=2)
    kv_type: KvType = DEFAULT_KV_TYPE

    @field_validator("type", "keep_type", "embedding")
    @classmethod
    def _known(cls, value: str) -> str:
        return known(value, placement.choosable())

    @field_validator("layers", "tensor_types")
    @classmethod
    def _known_types(cls, value: dict[str, str]) -> dict[str, str]:
        return {key: known(name, placement.choosable()) for key, name in value.items()}

    @field_validator("layers")
    @classmethod
    def _bands(cls, value: dict[str, str]) -> dict[str, str]:
        for text in value:
            placement.band(text)
        return value


def output(params: Params) -> Output:
    """A GGUF of several types."""
    return Output("gguf", "mixed", relation="quantized")


def accepts(params: Params) -> Mapping[str, tuple[str, ...]]:
    """The checkpoint too, where importance is measured on it."""
    return ACCEPTS | ({"checkpoint": ("torch",)} if params.imatrix else {})


def data(params: Params) -> tuple[str, ...]:
    """The split that importance is measured on, if it is."""
    return ("calibration",) if params.imatrix else ()


def check(params: Params) -> Tolerance:
    """As loose as the type of the fewest bits asks for."""
    named = [params.type, params.embedding, *params.layers.values(), *params.tensor_types.values()]
    return tolerance(min(placement.bits(kind) for kind in named))


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """As `gguf_quantize`; `parents` maps roles to bytes."""
    checkpoint = 2 * parents.get("checkpoint", 0) // 2**20 if params.imatrix else 0
    return Resources(cpus=1, memory_mb=512 + memory.QUANTISER_BASE_MB + parents.get("from", 0) // 2**20 + checkpoint)


def build(job: Job) -> None:
    """Settle each tensor's type, measure importance if told to, quantise, and see that each has its type."""
    source, file, params = job.parent.path / artifact.MODEL, job.out / artifact.MODEL, job.params
    given = header.read(source)
    types = _types(params, placement.matrices(given.tensors), given.hyperparameter("block_count", 0))
    job.note("predicted_peak_mb", memory.quantiser_mb(given.tensors, params.imatrix))
    quantize.quantize(
        source, file, placement.file_type(types.values()), threads=job.threads,
        imatrix=_importance(job) if params.imatrix else None,
        tensor_types=placement.patterns(types), progress=job.progress,
    )  # fmt: skip
    tensors = header.read(file).tensors
    placement.confirm(placement.matrices(tensors), types)
    job.fact("types_by_tensor", types)
    job.fact("token_texts", artifact.same_tokens(source, file))
    artifact.state(job, tensors)
    artifact.write_modelfile(job, job.parent.path)


def _types(params: Params, matrices: Sequence[header.Tensor], layers: int) -> dict[str, str]:
    """Type by name. Raises BuildError for what names nothing, and for rows that a type does not fit."""
    names = [tensor.name for tensor in matrices]
    types = {name: params.embedding if name in placement.OUTER else params.type for name in names}
    by_layer = placement.by_layer(params.layers, layers)
    inside = {name: int(found[1]) for name in names if (found := placement.LAYER.match(name))}
    types |= {name: by_layer[layer] for name, layer in inside.items() if layer in by_layer}
    for pattern, kind in reversed(params.tensor_types.items()):
        types |= dict.fromkeys(placement.matching(pattern, names, "tensor_types"), kind)
    for pattern in params.keep:
        types |= dict.fromkeys(placement.matching(pattern, names, "keep"), params.keep_type)
    placement.check(matrices, types, imatrix=params.imatrix)
    return types


def _importance(job: Job) -> dict[str, Any]:
    model = calibration.checkpoint(job)
    texts = calibration.sequences(job, job.params.tokens)
    names = imatrix.linear_names(model, job.parent.path / artifact.MODEL)
    job.fact("imatrix_tokens", sum(map(len, texts)))
    return calibration.importance(job, model, texts, names)
