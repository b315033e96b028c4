"""Language models of benchmarks/gpu.py: shapes, weights, every kind on a CPU, and the part of studies.md."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _gpu_case, _gpu_language, _gpu_weights, gpu
from benchmarks._gpu_shapes import SHAPES, TRAINED, skeleton, tiny
from benchmarks._published_language import MODELS
from benchmarks._study_gpu import FILE
from benchmarks._study_gpu_language import section

KINDS = (*_gpu_weights.KINDS, _gpu_case.QLORA)


def case(shape: str, kind: str) -> dict[str, Any]:
    return {"shape": shape, "kind": kind, "device": "cpu", "tiny": True}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_has_as_many_weights_as_the_model(name: str) -> None:
    model = skeleton(SHAPES[name])
    matrix = model.get_output_embeddings().weight.numel() if SHAPES[name].tied else 0
    assert sum(p.numel() for p in {id(p): p for p in model.parameters()}.values()) - matrix == SHAPES[name].weights
    assert all(parameter.is_meta for parameter in model.parameters())
    assert SHAPES[name].published in {model.name for model in MODELS}


@pytest.mark.parametrize("kind", _gpu_weights.KINDS)
def test_weights_are_drawn_and_quantised_and_repeat(kind: str) -> None:
    import bitsandbytes
    import torch

    first, second = (_gpu_weights.drawn(tiny(SHAPES["qwen2-0.5b"]), kind, "cpu") for _ in range(2))
    layer, head = first.get_submodule("model.layers.1.self_attn.q_proj"), first.get_output_embeddings()
    of_kind = {"bnb-int8": bitsandbytes.nn.Linear8bitLt, "bnb-nf4": bitsandbytes.nn.Linear4bit}
    assert type(layer) is of_kind.get(kind, torch.nn.Linear)
    assert head.weight is first.get_input_embeddings().weight, "the output matrix is tied and left as it is"
    assert head.weight.dtype == torch.float16
    assert 0.015 < float(head.weight.float().std()) < 0.025
    assert not any(parameter.is_meta for parameter in first.parameters())
    same = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    assert all(torch.equal(mine, theirs) for (_, mine), (_, theirs) in same if isinstance(mine, torch.Tensor))


@pytest.mark.parametrize(("shape", "kind"), [*zip(SHAPES, _gpu_weights.KINDS * 2, strict=False), (TRAINED, "qlora")])
def test_every_kind_answers_or_trains(shape: str, kind: str) -> None:
    found = _gpu_case.found(case(shape, kind))
    took = found.get("ms_of_ten_tokens") or found["step_ms"]
    assert 0 < took["low"] <= took["median"] <= took["high"]
    assert found["weights"] > 80_000
    if kind == "qlora":
        assert found["trainable"] < found["weights"] / 10
        assert found["loss_first_last"][1] < found["loss_first_last"][0], "adapters have learnt"


def test_the_whole_script_writes_after_each_case_and_keeps_other_parts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, seen = tmp_path / "gpu.json", []
    file.write_text(json.dumps({"artifacts": {"a": 1}, "host": {"id": "other"}}), encoding="utf-8")
    monkeypatch.setattr(_gpu_language, "KINDS", ("fp16", "fp17"))
    monkeypatch.setattr(_gpu_language, "CASE_S", 500.0)
    alone = _gpu_language.alone

    def watched(asked: dict[str, Any], seconds: float) -> dict[str, Any]:
        seen.append(len(json.loads(file.read_bytes()).get("language", {}).get("cases", {})))
        return alone(asked, seconds)

    monkeypatch.setattr(_gpu_language, "alone", watched)
    command = ["gpu", "--parts", "language", "--shapes", "qwen2-0.5b", "--device", "cpu", "--tiny", "--json", str(file)]
    monkeypatch.setattr(sys, "argv", [*command, "--seconds", "900"])
    assert gpu.main() == 1, "one case has failed"
    told = json.loads(file.read_bytes())
    assert (told["artifacts"], told["host"]) == ({"a": 1}, {"id": "other"})
    assert seen == [0, 1]
    assert told["language"]["cases"]["qwen2-0.5b/fp16"]["weights"] == 90_688
    assert told["language"]["cases"]["qwen2-0.5b/fp17"] == {
        "failed": "ValueError: 'fp17' is none of fp16, bnb-int8, bnb-nf4"
    }
    assert list(section(tmp_path)) == [], "small layers are no figures of a study"


def test_a_case_that_takes_too_long_loses_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _gpu_language.alone(case("phi-2", "fp16"), 0.01) == {"failed": "not done after 0 s"}
    kept: list[dict[str, Any]] = []
    told = _gpu_language.measure([case("phi-2", "fp16")], -1.0, kept.append)
    assert _gpu_language.failed(told) == ["phi-2/fp16: no time was left"]
    assert kept == [told]


def test_every_shape_has_all_types_and_the_largest_is_trained() -> None:
    names = [_gpu_language.name_of(one) for one in _gpu_language.cases(SHAPES, "cuda", tiny=False)]
    assert len(names) == len(set(names)) == 3 * len(SHAPES) + 1
    assert names[-1] == "mistral-7b/qlora"


def answered(ms: float, load: int, peak: int) -> dict[str, Any]:
    timed = {"median": ms, "low": ms - 1, "high": ms + 1, "n": 7}
    return {"ms_of_ten_tokens": timed, "memory_mb": {"load": load, "peak": peak}}


def test_costs_and_savings_are_against_fp16_of_the_same_shape() -> None:
    found = {"a/fp16": answered(100.0, 1000, 1200), "a/bnb-int8": answered(400.0, 600, 900),
             "a/bnb-nf4": {"failed": "x"}, "b/bnb-nf4": answered(9.0, 9, 9)}  # fmt: skip
    assert _gpu_language.against_fp16(found) == {
        "a/bnb-int8": {"times_as_long": 4.0, "load_percent": -40.0, "peak_percent": -25.0}
    }


def test_our_shapes_stand_beside_the_published_rows(tmp_path: Path) -> None:
    assert list(section(tmp_path)) == []
    found = {"qwen2-0.5b/fp16": answered(100.0, 1000, 1200), "qwen2-0.5b/bnb-int8": answered(400.0, 600, 900),
             "phi-2/fp16": {"failed": "out of memory"},
             "mistral-7b/qlora": {"step_ms": {"median": 321.0}, "trainable": 6_815_744, "weights": 7_241_732_096,
                                  "rows": 1, "tokens": 512, "memory_mb": {"load": 4000, "peak": 6000}}}  # fmt: skip
    told = {"host": {"gpu": "NVIDIA X", "cores": 16}, "packages": {"torch": "2.13.0"}, "tiny": False, "cases": found,
            "against_fp16": _gpu_language.against_fp16(found)}  # fmt: skip
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text(json.dumps({"language": told}), encoding="utf-8")
    text = "\n".join(section(tmp_path))
    assert "| Qwen2-0.5B | FP16 | 263 | 100.00 (99.00 to 101.00) | 1.01 | 1.05 | 1.26 |" in text
    assert "|  | INT8 | 1325 | 400.00 (399.00 to 401.00) | 0.65 | 0.63 | 0.94 |" in text
    assert "| Phi-2 2.7B | FP16 | 176 | out of memory | 5.59 |  |  |" in text
    assert "| memory of INT8 after load | -35 to -47 % | -40 % |" in text
    assert "| time of ten tokens in INT8 | 3.8 to 5 times | 4.00 times |" in text
    assert "6.8 M of 7.24 G weights" in " ".join(text.split())
