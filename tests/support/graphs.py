"""A zoo whose artifacts are real ONNX files, made without torch: sums of token weights as a graph of four nodes."""

from __future__ import annotations

from pathlib import Path

from tests.support.fast import RECIPE, fast_recipe
from tests.support.zoo import rows, write_project, write_recipe, write_rows, write_tokenizer

BUILDER = '''\
"""Token weights as an ONNX graph: the logits of a text are the sum over its tokens."""

import shutil

import numpy as np

from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.output import Resources
from zoosmith.toolkit.onnx.onnx_forward import OnnxForward

FORMAT = "onnx"
PRECISION = "fp32"
ACCEPTS = {"from": ("source",)}
DATA = ("train",)
REQUIRES = ("onnx", "onnxruntime", "numpy")


class Params(BaseParams):
    """scale: factor on every weight."""

    scale: float = 1.0


def resources(params, parents):
    """Next to nothing."""
    return Resources(cpus=1, memory_mb=64)


def build(job):
    """Count tokens by class, write the graph."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.zeros((job.task.tokenizer.get_vocab_size(), len(job.task.spec.labels)), dtype=np.float32)
    examples = [job.task.example(row) for row in job.rows("train")]
    for example, target in zip(examples, job.task.targets(examples), strict=True):
        np.add.at(weights, (job.task.encode([example])["input_ids"][0], target), job.params.scale)
    nodes = [
        helper.make_node("Gather", ["weights", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["logits"], keepdims=0),
    ]
    ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["b", "s"]) for n in ("input_ids", "attention_mask")]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", weights.shape[1]])
    given = {"weights": weights, "last": np.array([2]), "middle": np.array([1])}
    stored = [numpy_helper.from_array(value, name) for name, value in given.items()]
    graph = helper.make_graph(nodes, "table", ids, [logits], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, job.out / "model.onnx")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(job.parent.path / name, job.out / name)
    return OnnxForward(job.out / "model.onnx", 1)
'''


def write_graph_zoo(project: Path, id: str, *names: str) -> Path:
    """A zoo of one family of pairs: an artifact for each of `names`, the first being the reference."""
    write_project(project)
    (project / "builders").mkdir()
    (project / "builders" / "table_graph.py").write_text(BUILDER, encoding="utf-8")
    (project / "bases" / "words").mkdir(parents=True)
    write_tokenizer(project / "bases" / "words", tuple("mariagcesjohnptwlbu"))
    for split, count, seed in (("train", 60, 1), ("dev", 20, 2), ("test", 40, 3)):
        pairs = [{"first": row["text"], "second": row["text"], "label": row["label"]} for row in rows(count, seed)]
        write_rows(project / "data" / f"{split}.jsonl", pairs)
    about = {"kind": "text-pair-classification", "data": "toy"}
    data = RECIPE["data"]["toy"] | {"columns": {"first": "first", "second": "second", "label": "label"}}
    made = {
        name: {"builder": "table_graph", "from": "words", "params": {"scale": 1.0 + i}} for i, name in enumerate(names)
    }
    family = {"data": {"toy": data}, "task": about | {"max_length": 32}, "evals": {"toy": about}}
    write_recipe(project, fast_recipe(1) | family | {"reference": names[0], "artifacts": made}, id)
    return project
