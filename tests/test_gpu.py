"""On a machine with a GPU: what builds there answers there, and what only claims to is caught."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.builders.test_language_contract import LANGUAGE
from tests.builders.test_vision_contract import VISION
from tests.support.gpu import gpus
from tests.support.job import TELLING, Family, Made, opened_logits, probe_logits
from tests.support.training import accuracy, killed_and_resumed
from tests.support.zoo import ROOT, doit, write_bert, write_toy
from zoosmith import plugins
from zoosmith.bench import residency, trace
from zoosmith.build.recorded import suites_in
from zoosmith.contract.errors import ZooError

CUDA = "cuda"
BUILDERS = {name: plugins.load("builders", name, ROOT) for name in plugins.known("builders", ROOT)}
ANY = [name for name, builder in BUILDERS.items() if CUDA in getattr(builder, "DEVICES", ())]
ON_CUDA = [name for name in ANY if name not in (*LANGUAGE, *VISION)]
RECOVERY = {"epochs": 1, "learning_rate": 1e-4}
needs_a_gpu = pytest.mark.skipif(gpus() == 0, reason="PyTorch finds no GPU on this machine")


def test_these_builders_compute_on_a_gpu() -> None:
    assert ON_CUDA == [
        "bnb_int8", "bnb_nf4", "distill", "finetune", "int8_recover", "lora", "prune_ffn", "prune_heads",
        "prune_layers", "prune_magnitude", "prune_wanda", "qat", "qlora",
    ]  # fmt: skip
    assert set(ANY) - set(ON_CUDA) == {"act_quant", "combined", "layerwise", "selective", "trim", "vision_bnb"}


@needs_a_gpu
@pytest.mark.parametrize("name", ON_CUDA)
def test_it_is_built_there_and_opened_there(family: Family, tmp_path: Path, name: str) -> None:
    params = family.case(name).params | ({"recovery": RECOVERY} if name.startswith("prune_") else {})
    made = family.again(name, tmp_path, device=CUDA, params=params)
    answers_there = CUDA in getattr(plugins.load("runtimes", made.manifest.format, ROOT), "DEVICES", ())
    assert {tensor.device.type for tensor in made.model.parameters()} <= {CUDA if answers_there else "cpu"}
    np.testing.assert_allclose(opened_logits(made), probe_logits(made, TELLING), atol=1e-4, rtol=1e-3)


@needs_a_gpu
@pytest.mark.parametrize("autocast", ["fp16", "bf16", "none"])
def test_it_learns_in_every_precision(family: Family, tmp_path: Path, autocast: str) -> None:
    params = family.case("finetune").params | {"autocast": autocast}
    made = family.again("finetune", tmp_path, device=CUDA, params=params)
    assert accuracy(made) >= 0.9
    assert {parameter.dtype.itemsize for parameter in made.model.parameters()} == {4}
    assert 0 < made.notes["training"]["peak_memory_mb"] < 200, "of the GPU, not of the process"


@needs_a_gpu
@pytest.mark.parametrize("autocast", ["fp16", "bf16"])
def test_killed_and_resumed_equals_uninterrupted(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autocast: str
) -> None:
    changes: dict[str, Any] = {"device": CUDA, "params": family.case("finetune").params | {"autocast": autocast}}
    whole = family.again("finetune", tmp_path / "whole", **changes)
    resumed = killed_and_resumed(family, "finetune", tmp_path / "cut", monkeypatch, step=20, steps=60, **changes)
    assert resumed.notes["training"]["loss"] == pytest.approx(whole.notes["training"]["loss"], abs=1e-2)
    np.testing.assert_allclose(probe_logits(resumed, TELLING), probe_logits(whole, TELLING), atol=5e-2)


def traced(made: Made, folder: Path) -> residency.Residency:
    trace.record(made.opened(), "a good film", CUDA, folder / "trace.json")
    return residency.residency(json.loads((folder / "trace.json").read_bytes()))


@needs_a_gpu
@pytest.mark.parametrize("name", ["finetune", "bnb_int8", "bnb_nf4", "qlora"])
def test_every_layer_is_seen_at_work(family: Family, tmp_path: Path, name: str) -> None:
    found = traced(family.again(name, tmp_path, device=CUDA), tmp_path)
    assert sum(layer.kernels for layer in found.layers) > 20
    assert [layer for layer in found.layers if layer.on_cpu] == []
    residency.check(CUDA, found, 0, {"load": 1, "peak": 1, "growth": 0})


@needs_a_gpu
def test_a_layer_left_on_the_cpu_is_named(family: Family, tmp_path: Path) -> None:
    """What `device_map` does when memory runs short: the layer is on the CPU, its input and output are moved."""
    import torch

    opened = family.again("finetune", tmp_path, device=CUDA).opened()
    stray = opened.session.model.bert.encoder.layer[1].intermediate.dense.to("cpu")  # type: ignore[attr-defined]
    stray.register_forward_pre_hook(lambda _, given: tuple(tensor.cpu() for tensor in given))
    stray.register_forward_hook(lambda _, __, answer: answer.to(CUDA))
    trace.record(opened, "a good film", CUDA, tmp_path / "trace.json")
    found = residency.residency(json.loads((tmp_path / "trace.json").read_bytes()))
    assert torch.cuda.memory_allocated() > 0
    with pytest.raises(
        ZooError, match=r"these layers ran on the CPU: bert\.encoder\.layer\.1\.intermediate\.dense \(aten"
    ):
        residency.check(CUDA, found, 0, {"load": 1, "peak": 1, "growth": 0})


@needs_a_gpu
def test_a_family_is_trained_measured_and_told_of(tmp_path: Path) -> None:
    project = write_toy(tmp_path / "zoo")
    write_bert(project / "bases" / "encoder", width=256)  # large enough for a MiB
    done = doit(project, "build:toy-fp32", ZOOSMITH_DEVICE=CUDA, ZOOSMITH_BUILD_DEVICE=CUDA)
    assert done.returncode == 0, done.stdout + done.stderr
    [file] = (project / "results" / "toy" / "fp32").glob(f"*-{CUDA}.json")
    [measured] = suites_in(file)
    assert measured.device == CUDA
    assert measured.host.gpu
    assert measured.vram_mb is not None
    assert measured.vram_mb.peak >= measured.vram_mb.load
    assert math.isfinite(measured.latency_ms.p50)
    assert "every layer was seen at work on the GPU" in (project / "model_cards" / "toy-fp32.md").read_text()
    again = doit(project, "build:toy-fp32", ZOOSMITH_DEVICE=CUDA, ZOOSMITH_BUILD_DEVICE=CUDA)
    assert "up to date" in again.stdout
