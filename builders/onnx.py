"""Export to ONNX with dynamic batch and sequence, opset pinned.

Source: torch.onnx.export (the torch.export-based exporter). It writes the building machine's stack traces
into the file; they are stripped.
"""

from __future__ import annotations

import gc
import warnings
from pathlib import Path
from typing import Any

from pydantic import Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.onnx import onnx_artifact, onnx_file
from zoosmith.toolkit.torch import checkpoint
from zoosmith.toolkit.torch.forward import TorchForward

FORMAT = "onnx"
PRECISION = "fp32"
ACCEPTS = {"from": ("torch",)}
REQUIRES = ("torch", "transformers", "tokenizers", "onnx", "onnxscript", "onnxruntime")


class Params(BaseParams):
    """opset: version of the ai.onnx operator set."""

    opset: int = Field(default=20, ge=18, le=23)


def check(params: Params) -> Tolerance:
    """An export computes the same function: every answer, and logits up to rounding."""
    return Tolerance(agreement=1.0, max_abs_logit_diff=1e-3)


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """The weights in torch, then in ONNX Runtime; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=2048 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Export, check, save."""
    import onnx

    job.progress(text="exporting")
    file = _export(job)
    gc.collect()  # an exported program refers to itself, and holds the weights
    onnx.checker.check_model(file, full_check=True)
    job.fact("opset", job.params.opset)
    return onnx_artifact.finish(job, onnx.load(file, load_external_data=False))


def _export(job: Job) -> Path:
    """A graph with the inputs that the model's forward takes and the output `logits`, its weights beside it."""
    import torch

    model = checkpoint.load_model(job, job.parent.path, new_head=False).eval()
    model.set_attn_implementation("eager")  # sdpa adds guards for rows of which every position is masked
    encoded = job.task.encode(job.task.probes()[:2])
    names = [name for name in encoded if name in TorchForward(model).inputs]
    dynamic = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence", max=job.task.spec.max_length)}
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                model, (), kwargs={name: torch.from_numpy(encoded[name]) for name in names},
                dynamo=True, opset_version=job.params.opset, input_names=names, output_names=["logits"],
                dynamic_shapes=dict.fromkeys(names, dynamic), optimize=False, verbose=False,
            )  # fmt: skip
            return _optimised(program, onnx_file.fresh(job.scratch / "exported.onnx"))
    except torch.onnx.OnnxExporterError as error:
        raise BuildError(f"torch.onnx cannot export this architecture: {str(error).splitlines()[0]}") from error


def _optimised(program: Any, file: Path) -> Path:
    """Fold constants and save; then let go of the weights, before and after: the optimizer's rules keep the graph."""
    weights = [*program.model.graph.initializers.values()]
    program.optimize()
    program.save(file, external_data=True)
    for value in (*weights, *program.model.graph.initializers.values()):
        value.const_value = None
    return file
