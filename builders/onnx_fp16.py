"""Half-precision weights and arithmetic for ONNX Runtime; inputs and logits keep their types.

Source: onnxruntime.transformers.float16 (convert_float_to_float16). The file halves. Most CPU kernels have no
FP16 form and cast back and forth, so that a CPU is usually slower with it: the card shows what was measured.
"""

from __future__ import annotations

import warnings

from zoosmith.contract import Job, Logits, Resources, Tolerance
from zoosmith.contract import Params as Params
from zoosmith.lib import checkpoint, onnx_graph, sparsity
from zoosmith.lib.forward import OnnxForward

FORMAT = "onnx"
PRECISION = "fp16"
RELATION = "quantized"
ACCEPTS = {"from": ("onnx",)}
REQUIRES = ("onnx", "onnxruntime")


def check(params: Params) -> Tolerance:
    """Eleven bits of mantissa: a near-tie may flip, logits move by little."""
    return Tolerance(agreement=0.97, max_abs_logit_diff=0.1)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Five copies of the weights, most of them the conversion's own; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 6 * sum(parents.values()) // 2**20)


def build(job: Job) -> Logits:
    """Convert weights and operators, between casts at the ends."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = onnx_graph.load(job.parent.path / "model.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the mask's lowest FP32 value becomes FP16's, as it should
        model = convert_float_to_float16(model, keep_io_types=True)
    onnx_graph.strip_metadata(model)
    data = model.SerializeToString(deterministic=True)
    (job.out / "model.onnx").write_bytes(data)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job.fact("operators", onnx_graph.operators(model))
    sparsity.pass_on(job, job.parent.manifest.facts, [job.out / "model.onnx"])
    return OnnxForward(data, job.threads).logits
