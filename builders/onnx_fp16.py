"""Half-precision weights and arithmetic for ONNX Runtime; inputs and logits keep their types.

Source: onnxruntime.transformers.float16 (convert_float_to_float16). The file halves. Most CPU kernels have no
FP16 form and cast back and forth, so that a CPU is usually slower with it: the card shows what was measured.
"""

from __future__ import annotations

import warnings

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources, Tolerance
from zoosmith.contract.params import Params as Params
from zoosmith.contract.session import Session
from zoosmith.toolkit.onnx import onnx_artifact, onnx_file

FORMAT = "onnx"
PRECISION = "fp16"
RELATION = "quantized"
ACCEPTS = {"from": ("onnx",)}
REQUIRES = ("onnx", "onnxruntime")


def check(params: Params) -> Tolerance:
    """Eleven bits of mantissa: a near-tie may flip, logits move by little."""
    return Tolerance(agreement=0.97, max_abs_logit_diff=0.1)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 3 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Convert weights and operators, between casts at the ends."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    source = onnx_file.apart(job.parent.path / "model.onnx", job.scratch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the mask's lowest FP32 value becomes FP16's, as it should
        model = convert_float_to_float16(str(source), keep_io_types=True)
    file = onnx_file.save_apart(model, job.scratch / "half.onnx")
    del model
    return onnx_artifact.finish(job, onnx.load(file, load_external_data=False))
