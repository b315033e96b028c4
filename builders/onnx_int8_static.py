"""Static INT8 for ONNX Runtime on CPU: ranges of activations are calibrated ahead of time.

Source: ONNX Runtime, "Quantize ONNX models" (static, QDQ). Calibration rows come from `train`. Where the loss on
`dev` rises by more than the budget, the most sensitive matrix products are left in FP32 until it does not.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Encoded, Session
from zoosmith.toolkit.onnx import onnx_artifact, onnx_file
from zoosmith.toolkit.onnx.onnx_forward import OnnxForward
from zoosmith.toolkit.quantization import static_int8
from zoosmith.toolkit.quantization.exclusion import Budget, Search
from zoosmith.toolkit.torch import checkpoint
from zoosmith.toolkit.training.split_loss import dev_examples, mean_loss
from zoosmith.toolkit.training.training_rows import spread

FORMAT = "onnx"
PRECISION = "int8"
RELATION = "quantized"
ACCEPTS = {"from": ("onnx",)}
DATA = ("train", "dev")
REQUIRES = ("onnx", "onnxruntime", "torch")
REPRODUCES = "logits"


class Params(BaseParams, static_int8.Quantisation, Budget):
    """How it is quantised, and what it may cost. rows: of `train`, evenly spaced, for calibration."""

    rows: int = Field(default=256, ge=1)


def check(params: Params) -> Tolerance:
    """Most answers stay: near-ties may flip, and more than that means broken weights."""
    return Tolerance(agreement=0.85)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights, and every activation of a row; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=2048 + 3 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Calibrate, search, save."""
    import onnx

    source = onnx_file.apart(job.parent.path / "model.onnx", job.scratch)
    job = checkpoint.keep_labels(job, job.parent)
    quantizer = static_int8.Quantizer(source, job.params)
    quantizer.calibrate(_seen(job), job.progress)
    examples = dev_examples(job, job.params.dev_rows)

    def loss(file: Path) -> float:
        return mean_loss(job, OnnxForward(file, job.threads), examples)

    parent = loss(source)
    search = Search(lambda nodes: loss(quantizer.quantised(nodes)), job.scratch / "losses.json", job.progress)
    chosen = search.run(quantizer.products, parent, job.params)
    graph = onnx.load(quantizer.quantised(chosen), load_external_data=False)
    job.note("dev_loss", {"parent": parent, "quantised": search.known["\n".join(chosen)]})
    job.note("sensitivity", search.sensitivity)
    job.fact("int8_nodes", len(chosen))
    job.fact("fp32_nodes", [name for name in quantizer.products if name not in chosen])
    return onnx_artifact.finish(job, graph)


def _seen(job: Job) -> list[Encoded]:
    """Rows of `train` as the model sees them one at a time. Raises BuildError where there are none."""
    rows = spread(job.rows("train"), job.params.rows)
    if not rows:
        raise BuildError("activations are calibrated on rows of `train`, which is empty")
    return [job.task.encode([job.task.example(row)]) for row in rows]
