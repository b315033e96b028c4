"""Static INT8 for ONNX Runtime on CPU: ranges of activations are calibrated ahead of time.

Source: ONNX Runtime, "Quantize ONNX models" (static, QDQ). Calibration rows come from `train`. Where the loss on
`dev` rises by more than the budget, the most sensitive matrix products are left in FP32 until it does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from zoosmith.contract import BuildError, Encoded, Job, Logits, Resources, Tolerance
from zoosmith.contract import Params as BaseParams
from zoosmith.lib import checkpoint, onnx_graph, sparsity, static_int8
from zoosmith.lib.exclusion import Budget, Search
from zoosmith.lib.forward import OnnxForward
from zoosmith.lib.split_loss import dev_examples, mean_loss
from zoosmith.lib.training_rows import spread

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
    """The graph as it is, with every activation as an output, and quantised; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=2048 + 6 * sum(parents.values()) // 2**20)


def build(job: Job) -> Logits:
    """Calibrate, search, save."""
    source = job.parent.path / "model.onnx"
    model = onnx_graph.load(source)
    names = static_int8.products(model)
    job = checkpoint.keep_labels(job, job.parent)
    quantizer = static_int8.Quantizer(model, job.scratch, job.params)
    del model
    quantizer.calibrate(_seen(job), job.progress)
    examples = dev_examples(job, job.params.dev_rows)

    def loss(nodes: Sequence[str]) -> float:
        graph = quantizer.quantised(nodes).SerializeToString()
        return mean_loss(job, OnnxForward(graph, job.threads).logits, examples)

    parent = mean_loss(job, OnnxForward(source.read_bytes(), job.threads).logits, examples)
    search = Search(loss, job.scratch / "losses.json", job.progress)
    chosen = search.run(names, parent, job.params)
    quantised = quantizer.quantised(chosen)
    data = quantised.SerializeToString(deterministic=True)
    (job.out / "model.onnx").write_bytes(data)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job.note("dev_loss", {"parent": parent, "quantised": search.known["\n".join(chosen)]})
    job.note("sensitivity", search.sensitivity)
    job.fact("int8_nodes", len(chosen))
    job.fact("fp32_nodes", [name for name in names if name not in chosen])
    job.fact("operators", onnx_graph.operators(quantised))
    sparsity.pass_on(job, job.parent.manifest.facts, [job.out / "model.onnx"])
    return OnnxForward(data, job.threads).logits


def _seen(job: Job) -> list[Encoded]:
    """Rows of `train` as the model sees them one at a time. Raises BuildError where there are none."""
    rows = spread(job.rows("train"), job.params.rows)
    if not rows:
        raise BuildError("activations are calibrated on rows of `train`, which is empty")
    return [job.task.encode([job.task.example(row)]) for row in rows]
