"""Dynamic INT8 weights for ONNX Runtime on CPU.

Source: ONNX Runtime, "Quantize ONNX models". Weights are quantised ahead of time, activations at run time.
Activations are U8. On processors without VNNI the U8S8 kernels add in 16 bits and saturate (onnxruntime#5849):
`target: avx2` keeps S8 weights to 7 bits there. U8U8 kernels never saturate and are slower: `weights: u8` keeps all
8 bits, whatever the target.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.onnx import onnx_artifact, onnx_file, onnx_graph

FORMAT = "onnx"
PRECISION = "int8"
RELATION = "quantized"
ACCEPTS = {"from": ("onnx",)}
REQUIRES = ("onnx", "onnxruntime")


class Params(BaseParams):
    """per_channel: one scale per output channel; target: instruction set that the file is made for.

    weights: "s8", signed, or "u8", unsigned.
    """

    per_channel: bool = True
    weights: Literal["s8", "u8"] = "s8"
    target: Literal["vnni", "avx2"] = "vnni"


def check(params: Params) -> Tolerance:
    """Most answers stay: near-ties may flip, and more than that means broken weights."""
    return Tolerance(agreement=0.85)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Four copies of the weights, most of them the quantiser's own; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 5 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Quantise the graph's matrix products and embeddings."""
    import onnx

    graph = onnx.load(_quantise(job), load_external_data=False)
    nodes = onnx_graph.quantized_nodes(graph)
    if not nodes:
        raise BuildError("the graph has no matrix product to quantise; use a builder that fits it")
    job.fact("int8_nodes", nodes)
    return onnx_artifact.finish(job, graph)


def _quantise(job: Job) -> Path:
    """The graph in INT8, its weights beside it."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    source = onnx_file.apart(job.parent.path / "model.onnx", job.scratch)
    file = onnx_file.fresh(job.scratch / "quantised.onnx")
    quantize_dynamic(  # given a graph in memory, it would hold two copies more
        source, file, per_channel=job.params.per_channel,
        weight_type=QuantType.QUInt8 if job.params.weights == "u8" else QuantType.QInt8,
        reduce_range=job.params.target == "avx2" and job.params.weights == "s8", use_external_data_format=True,
    )  # fmt: skip
    return file
