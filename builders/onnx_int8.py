"""Dynamic INT8 weights for ONNX Runtime on CPU.

Source: ONNX Runtime, "Quantize ONNX models". Weights are quantised ahead of time, activations at run time.
Activations are U8. On processors without VNNI the U8S8 kernels add in 16 bits and saturate (onnxruntime#5849):
`target: avx2` keeps S8 weights to 7 bits there. U8U8 kernels never saturate and are slower: `weights: u8` keeps all
8 bits, whatever the target.
"""

from __future__ import annotations

from typing import Literal

from zoosmith.contract import BuildError, Job, Logits, Resources, Tolerance
from zoosmith.contract import Params as BaseParams
from zoosmith.lib import checkpoint, onnx_graph, sparsity
from zoosmith.lib.forward import OnnxForward

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


def build(job: Job) -> Logits:
    """Quantise the graph's matrix products and embeddings."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    source, target = job.scratch / "model.onnx", job.out / "model.onnx"
    onnx.save(onnx_graph.load(job.parent.path / "model.onnx"), source)
    quantize_dynamic(  # given a graph in memory, it would hold two copies more
        source, target, per_channel=job.params.per_channel,
        weight_type=QuantType.QUInt8 if job.params.weights == "u8" else QuantType.QInt8,
        reduce_range=job.params.target == "avx2" and job.params.weights == "s8",
    )  # fmt: skip
    quantized = onnx.load(target)
    onnx_graph.strip_metadata(quantized)
    nodes = onnx_graph.quantized_nodes(quantized)
    if not nodes:
        raise BuildError("the graph has no matrix product to quantise; use a builder that fits it")
    data = quantized.SerializeToString(deterministic=True)
    target.write_bytes(data)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job.fact("int8_nodes", nodes)
    job.fact("operators", onnx_graph.operators(quantized))
    sparsity.pass_on(job, job.parent.manifest.facts, [job.out / "model.onnx"])
    return OnnxForward(data, job.threads).logits
