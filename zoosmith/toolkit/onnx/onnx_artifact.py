"""What every builder of ONNX artifacts ends with."""

from __future__ import annotations

from typing import Any

from zoosmith.contract.job import Job
from zoosmith.contract.session import Session
from zoosmith.toolkit.onnx import onnx_file, onnx_graph
from zoosmith.toolkit.onnx.onnx_forward import OnnxForward
from zoosmith.toolkit.pruning import sparsity
from zoosmith.toolkit.torch import checkpoint


def finish(job: Job, graph: Any) -> Session:
    """Store a graph whose weights lie in `job.scratch` beside its tokenizer; state its operators.

    `graph` is an `onnx.ModelProto`; notes of the building machine are stripped from it. Its weights are in the same
    file up to 2 GiB, and in a second one from there on.
    """
    target = job.out / "model.onnx"
    onnx_graph.strip_metadata(graph)
    written = onnx_file.join(graph, job.scratch, target)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job.fact("operators", onnx_graph.operators(graph))
    sparsity.pass_on(job, job.parent.manifest.facts, written)
    return OnnxForward(target, job.threads)
