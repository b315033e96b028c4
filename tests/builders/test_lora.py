"""LoRA: it learns with few weights, merges without a change, opens beside its base, and says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from builders.lora import Params, output
from tests.support.job import TELLING, Case, Family, Made, build, probe_logits, source
from tests.support.sst2 import write_distilbert
from tests.support.training import accuracy, killed_and_resumed
from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.contract.output import Output
from zoosmith.predictor import open_artifact

QUICK = {"epochs": 1, "learning_rate": 1e-2, "batch_size": 16, "autocast": "none"}
LEARNS = {
    "r": 16, "alpha": 32, "target_modules": "all-linear", "epochs": 8, "learning_rate": 3e-3, "batch_size": 16,
    "autocast": "none",
}  # fmt: skip
APART = {"merge": False}
CASE = Case(parents={"from": "body"}, params=QUICK)
HEAD = 2 * 32 + 2


def tensors(file: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return load_file(file)


def opened_logits(made: Made) -> Any:
    opened = made.opened()
    return np.concatenate([opened.session.classify(opened.task.encode([opened.task.unlabelled(t)])) for t in TELLING])


def test_what_it_makes_depends_on_merge() -> None:
    assert output(Params()) == Output("torch", "fp32", (), "finetune")
    assert output(Params(merge=False)) == Output("adapter", "fp32", ("from",), "adapter")


@pytest.fixture(scope="module")
def learnt(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return family.again("lora", tmp_path_factory.mktemp("learnt"), params=LEARNS | APART)


def test_it_learns_and_only_adapters_and_head_change(family: Family, learnt: Made) -> None:
    assert accuracy(learnt) >= 0.85
    base = tensors(family.parent("body").path / "model.safetensors")
    model = learnt.model
    for name, value in model.named_parameters():
        if ".base_layer." in name or "LayerNorm" in name:
            key = name.removeprefix("bert.").replace(".base_layer.", ".")
            np.testing.assert_array_equal(value.detach().numpy(), base[key], err_msg=name)
    assert learnt.facts["trainable_parameters"] == 2 * (4 * 16 * 64 + 2 * 16 * 96) + 16 * 64 + HEAD
    assert learnt.facts["trainable_parameters"] < learnt.facts["parameters"]


def test_the_adapter_is_small_and_opens_over_its_base(family: Family, learnt: Made) -> None:
    files = {path.name for path in learnt.out.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "config.json"} <= files
    assert "model.safetensors" not in files
    assert learnt.manifest.needs == {"from": family.parent("body").digest}
    stored = tensors(learnt.out / "adapter_model.safetensors")
    assert sum(value.size for value in stored.values()) == learnt.facts["trainable_parameters"]
    np.testing.assert_allclose(opened_logits(learnt), probe_logits(learnt, TELLING), atol=1e-5)


def test_peft_itself_opens_it(family: Family, learnt: Made) -> None:
    import peft
    import torch
    import transformers

    base = transformers.AutoModelForSequenceClassification.from_pretrained(family.parent("body").path)
    model = peft.PeftModel.from_pretrained(base, learnt.out).eval()
    with torch.inference_mode():
        found = []
        for text in TELLING:
            encoded = learnt.encode(text)
            found.append(model(**{name: torch.from_numpy(value) for name, value in encoded.items()}).logits[0].numpy())
    np.testing.assert_allclose(found, probe_logits(learnt, TELLING), atol=1e-5)


def test_merged_is_a_plain_checkpoint_that_answers_the_same(family: Family, learnt: Made, tmp_path: Path) -> None:
    merged = family.again("lora", tmp_path, params=LEARNS)
    stored = tensors(merged.out / "model.safetensors")
    assert not [name for name in stored if "lora" in name or "base_layer" in name]
    adapters = learnt.facts["trainable_parameters"] - HEAD
    assert sum(value.size for value in stored.values()) == merged.facts["parameters"] - adapters
    assert merged.notes["merged_max_abs_logit_diff"] < 1e-4
    np.testing.assert_allclose(opened_logits(merged), probe_logits(learnt, TELLING), atol=1e-4)


def test_a_merge_that_changes_answers_is_refused(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft.tuners.lora import LoraModel

    monkeypatch.setattr(LoraModel, "merge_and_unload", LoraModel.unload)
    with pytest.raises(BuildError, match=r"(?s)merging the adapters moved logits by .*`merge: false`"):
        family.again("lora", tmp_path, params=LEARNS | {"epochs": 2})


@pytest.mark.parametrize("step", [4, 15, 22])
def test_killed_and_resumed_equals_uninterrupted(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    changes = {"params": QUICK | APART | {"epochs": 2}}
    whole = family.again("lora", tmp_path / "whole", **changes)
    resumed = killed_and_resumed(family, "lora", tmp_path, monkeypatch, step=step, steps=30, **changes)
    one, other = (tensors(made.out / "adapter_model.safetensors") for made in (whole, resumed))
    assert one.keys() == other.keys()
    assert max(float(np.abs(one[name] - other[name]).max()) for name in one) <= 1e-6
    assert resumed.notes["training"]["loss"] == pytest.approx(whole.notes["training"]["loss"], abs=1e-6)


def test_checkpoints_hold_only_what_is_trained(family: Family) -> None:
    import torch

    made = family.made("lora")
    for file, part in (("best.pt", None), ("checkpoint.pt", "model")):
        saved = torch.load(made.job.scratch / file, weights_only=True)
        names = set(saved[part] if part else saved)
        assert {name for name in names if "lora_" not in name and "classifier" not in name} == {
            "bert.embeddings.position_ids", "bert.embeddings.token_type_ids",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "layers"),
    [
        ("auto", ["query", "value"]),
        ("all-linear", ["dense", "key", "query", "value"]),
        (["key"], ["key"]),
        (["attention.output.dense"], ["dense"]),
    ],
)
def test_adapters_go_where_they_are_wanted(family: Family, tmp_path: Path, wanted: Any, layers: list[str]) -> None:
    params = QUICK | APART | {"target_modules": wanted}
    made = family.again("lora", tmp_path, params=params)
    config = json.loads((made.out / "adapter_config.json").read_text())
    assert sorted({name.rpartition(".")[2] for name in config["target_modules"]}) == layers
    assert not [name for name in config["target_modules"] if "classifier" in name]
    if wanted == ["attention.output.dense"]:
        assert len(config["target_modules"]) == 2


def test_an_architecture_that_peft_does_not_know_gets_query_and_value(tmp_path: Path) -> None:
    base = source(write_distilbert(tmp_path / "base", steps=0))
    made = build("lora", {"from": base}, tmp_path, params=QUICK | APART)
    config = json.loads((made.out / "adapter_config.json").read_text())
    assert {name.rpartition(".")[2] for name in config["target_modules"]} == {"q_lin", "v_lin"}
    assert config["modules_to_save"] == ["classifier", "pre_classifier"]
    np.testing.assert_allclose(opened_logits(made), probe_logits(made, TELLING), atol=1e-5)


def test_an_unknown_target_is_told_with_the_nearest(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"target_modules: the model has no linear layer 'querry'; did you mean query"):
        family.again("lora", tmp_path, params=QUICK | {"target_modules": ["querry"]})


def test_a_head_cannot_be_a_target(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no linear layer 'classifier'"):
        family.again("lora", tmp_path, params=QUICK | {"target_modules": ["classifier"]})


@pytest.mark.parametrize("wrong", [{"r": 0}, {"alpha": 0}, {"dropout": 1.0}, {"target_modules": "some"}])
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Params(**wrong)


def test_without_its_base_the_adapter_says_what_it_needs(learnt: Made, tmp_path: Path) -> None:
    from tests.support.zoo import ROOT

    with pytest.raises(ZooError, match=f"this adapter needs its base, the tree {learnt.manifest.needs['from'][:12]}"):
        open_artifact(learnt.out, project=ROOT)


def test_over_another_base_it_does_not_open(learnt: Made, family: Family) -> None:
    from tests.support.zoo import ROOT

    with pytest.raises(ZooError, match="the adapter is for another base"):
        open_artifact(learnt.out, project=ROOT, needs={"from": family.parent("wide").path})


def test_the_models_own_dropout_stays(family: Family, tmp_path: Path) -> None:
    """`dropout` is that of the adapters: with it replaced everywhere, 0.9 would change the body's too."""
    made = family.again("lora", tmp_path, params=QUICK | APART | {"dropout": 0.9})
    model = made.model
    assert model.bert.embeddings.dropout.p == pytest.approx(0.1)
    assert model.bert.encoder.layer[0].attention.self.query.lora_dropout["default"].p == pytest.approx(0.9)
