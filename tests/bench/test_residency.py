"""Where the work ran: read from traces, and work on the CPU where a GPU was asked for is a failure.

`traces/cpu.json` is what torch 2.13's profiler recorded of torch.nn.Sequential(Embedding, Linear, GELU) with a range
around each module, times moved to start at 0. `traces/cuda.json` is the same with what the profiler adds on a GPU:
one launch and one kernel for each operator that computes, and the final synchronisation. Kineto writes the fields
so; the kernels' names and times are made up.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.job import Family
from zoosmith.bench import trace
from zoosmith.bench.residency import check, residency
from zoosmith.contract.errors import ZooError
from zoosmith.predictor import open_artifact

TRACES = Path(__file__).parent / "traces"
HELD = {"load": 90, "peak": 120, "growth": 30}


def read(name: str) -> Any:
    return json.loads((TRACES / f"{name}.json").read_text(encoding="utf-8"))


def without(found: Any, name: str) -> Any:
    """The trace without events of a name."""
    return found | {"traceEvents": [event for event in found["traceEvents"] if event["name"] != name]}


def test_kernels_belong_to_the_layers_that_launched_them() -> None:
    found = residency(read("cuda"))
    assert [(layer.name, layer.kernels, layer.on_cpu) for layer in found.layers] == [
        ("0", 1, ()),
        ("1", 1, ()),
        ("2", 1, ()),
    ]
    assert all(layer.device_us == 50.0 for layer in found.layers)
    assert 0.02 < found.busy < 0.05
    check("cuda", found, 10, HELD)


def test_a_trace_of_the_cpu_names_every_layer() -> None:
    with pytest.raises(ZooError) as told:
        check("cuda", residency(read("cpu")), 10, HELD)
    layers = "0 (aten::embedding, aten::index_select); 1 (aten::addmm); 2 (aten::gelu)"
    assert str(told.value) == f"measured on cuda, but these layers ran on the CPU: {layers}"


def test_one_layer_that_fell_back_is_named_alone() -> None:
    found = residency(without(read("cuda"), "ampere_sgemm_32x32_sliced1x4_tn"))
    with pytest.raises(ZooError, match=r"these layers ran on the CPU: 1 \(aten::addmm\)$"):
        check("cuda", found, 10, HELD)


def test_a_device_that_did_next_to_nothing_was_idle() -> None:
    found = read("cuda")
    for event in found["traceEvents"]:
        if event["cat"] == "kernel":
            event["dur"] = 0.5
    with pytest.raises(ZooError, match=r"on cuda, but it was idle: at work 0\.02% of an answer; layers: 0, 1, 2"):
        check("cuda", residency(found), 10, HELD)


def test_an_empty_trace_is_an_idle_device() -> None:
    with pytest.raises(ZooError, match=r"it was idle: at work 0\.00% of an answer; layers: none was seen at work"):
        check("cuda", residency({"traceEvents": []}), 10, HELD)


@pytest.mark.parametrize(
    ("before", "vram", "message"),
    [
        (10, {"load": 90, "peak": 80, "growth": -10}, r"\+80 MiB by loading, -10 MiB by answering; layers: 0, 1, 2"),
        (90, {"load": 90, "peak": 90, "growth": 0}, r"\+0 MiB by loading"),
    ],
)
def test_memory_that_shrinks_or_was_never_taken_is_a_failure(before: int, vram: dict[str, int], message: str) -> None:
    with pytest.raises(ZooError, match=message):
        check("cuda", residency(read("cuda")), before, vram)


def test_a_launch_on_another_thread_is_not_the_operators_own() -> None:
    found = read("cuda")
    for event in found["traceEvents"]:
        if event["cat"] == "cuda_runtime":
            event["tid"] = 8
    layers = {layer.name: layer for layer in residency(found).layers}
    assert layers["1"].on_cpu == ("aten::addmm",)
    assert layers["outside the model"].kernels == 3


def test_a_real_model_on_the_cpu_is_caught_layer_by_layer(family: Family, tmp_path: Path) -> None:
    """The profiler of the torch at hand still writes what is read here."""
    predictor = open_artifact(family.made("finetune").out, project=tmp_path)
    trace.record(predictor, "a good film", "cpu", tmp_path / "trace.json")
    found = residency(json.loads((tmp_path / "trace.json").read_bytes()))
    at_work = {layer.name: set(layer.on_cpu) for layer in found.layers}
    assert at_work["bert.encoder.layer.1.output.dense"] == {"aten::addmm"}
    assert "aten::embedding" in at_work["bert.embeddings.word_embeddings"]
    assert {name for name in at_work if "classifier" in name} == {"classifier"}
    with pytest.raises(ZooError, match=r"on the CPU: bert\.embeddings.* and \d+ more"):
        check("cuda", found, 10, HELD)
    assert not any(module._forward_hooks for module in predictor.session.model.modules())


def test_a_session_whose_layers_cannot_be_seen_is_told(family: Family, tmp_path: Path) -> None:
    predictor = open_artifact(family.made("onnx").out, project=tmp_path)
    with pytest.raises(ZooError, match="a onnx artifact on cuda: its layers cannot be traced"):
        trace.record(predictor, "a good film", "cuda", tmp_path / "trace.json")


def test_a_runtime_without_that_device_says_so_before_anything_is_measured(family: Family, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="onnx artifacts answer on cpu; found device 'cuda:0'"):
        open_artifact(family.made("onnx").out, project=tmp_path, device="cuda:0")
