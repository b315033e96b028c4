"""QLoRA: a 4-bit base that never changes, adapters that learn, and an artifact that opens over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from builders.qlora import Params
from tests.support.job import TELLING, Case, Family, Made, build, probe_logits, source, spec
from tests.support.sst2 import write_distilbert
from tests.support.training import accuracy, killed_and_resumed
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.quantization import bnb

QUICK = {"epochs": 1, "learning_rate": 1e-2, "batch_size": 16, "autocast": "none"}
CASE = Case(parents={"from": "wide"}, params=QUICK)


def tensors(made: Made) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return load_file(made.out / "adapter_model.safetensors")


def opened_logits(made: Made) -> Any:
    opened = made.opened()
    return np.concatenate([opened.session.classify(opened.task.encode([opened.task.unlabelled(t)])) for t in TELLING])


@pytest.fixture(scope="module")
def distilbert(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """All linear layers of a DistilBERT whose body knows no class yet, computing in what is fast here."""
    folder = tmp_path_factory.mktemp("distilbert")
    base = source(write_distilbert(folder / "base", steps=0))
    params = {"target_modules": "all-linear", "epochs": 4, "learning_rate": 2e-3, "batch_size": 16}
    return build("qlora", {"from": base}, folder, params=params)


def test_distilbert_trains_saves_reloads_and_predicts(distilbert: Made) -> None:
    """A quantised head has no gradient; kept in full precision, it trains."""
    assert accuracy(distilbert) >= 0.9
    assert distilbert.facts["nf4_layers"] == 2 * 6
    stored = tensors(distilbert)
    assert {name.removeprefix("base_model.model.") for name in stored if "lora" not in name} == {
        "pre_classifier.weight", "pre_classifier.bias", "classifier.weight", "classifier.bias",
    }  # fmt: skip
    assert sum(value.size for value in stored.values()) == distilbert.facts["trainable_parameters"]
    np.testing.assert_allclose(opened_logits(distilbert), probe_logits(distilbert, TELLING), atol=1e-4)
    predicted = distilbert.opened().predict(["the lovely film", "the awful film"])
    assert [one.label for one in predicted] == ["positive", "negative"]


def test_its_quantisation_is_part_of_the_artifact(distilbert: Made) -> None:
    quantised = json.loads((distilbert.out / "quantization.json").read_text())
    assert quantised == {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": bnb.TYPES[bnb.fast_compute_type()],
        "llm_int8_skip_modules": ["pre_classifier", "classifier"],
    }
    assert "quantization_config" not in json.loads((distilbert.out / "config.json").read_text())
    assert distilbert.manifest.needs == {"from": distilbert.job.parent.digest}


def test_parameters_are_counted_as_weights_not_as_bytes(distilbert: Made) -> None:
    """Two 4-bit weights lie in one byte; a count of stored numbers would be too small by half."""
    from safetensors.numpy import load_file

    base = load_file(distilbert.job.parent.path / "model.safetensors")
    adapters = sum(value.size for name, value in tensors(distilbert).items() if "lora" in name)
    assert distilbert.facts["parameters"] == sum(value.size for value in base.values()) + adapters


def test_the_base_is_not_changed(family: Family) -> None:
    made = family.made("qlora")
    opened = made.opened()
    assert (probe_logits(made) == probe_logits(made)).all()
    opened.predict(TELLING[:1])  # both evaluated, so both are repacked or neither
    layers, fresh = (bnb.layers(model) for model in (made.model, opened.session.model))
    assert layers.keys() == fresh.keys()
    assert all((layers[name].weight.data == fresh[name].weight.data).all() for name in layers)


@pytest.mark.parametrize("step", [4, 15, 22])
def test_killed_and_resumed_equals_uninterrupted(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    changes = {"params": QUICK | {"epochs": 2}}
    whole = family.again("qlora", tmp_path / "whole", **changes)
    resumed = killed_and_resumed(family, "qlora", tmp_path, monkeypatch, step=step, steps=30, **changes)
    one, other = tensors(whole), tensors(resumed)
    assert max(float(np.abs(one[name] - other[name]).max()) for name in one) <= 1e-6
    np.testing.assert_allclose(probe_logits(resumed, TELLING), probe_logits(whole, TELLING), atol=1e-5)


def test_checkpoints_hold_no_base(family: Family) -> None:
    import torch

    saved = torch.load(family.made("qlora").job.scratch / "best.pt", weights_only=True)
    assert not [name for name in saved if "base_layer" in name or "absmax" in name]


def test_a_pooler_that_the_base_lacks_is_trained_and_not_quantised(tmp_path: Path) -> None:
    import transformers

    from tests.support.zoo import write_bert

    folder = write_bert(tmp_path / "base", width=64)
    transformers.BertModel.from_pretrained(folder, add_pooling_layer=False).save_pretrained(folder)
    made = build("qlora", {"from": source(folder)}, tmp_path, task=spec(), params=QUICK)
    pooler = {f"base_model.model.bert.pooler.dense.{part}" for part in ("weight", "bias")}
    assert pooler <= tensors(made).keys()
    np.testing.assert_allclose(opened_logits(made), probe_logits(made, TELLING), atol=1e-5)


def test_rows_that_fill_no_block_are_told(family: Family, tmp_path: Path) -> None:
    """The toy body of 32 columns has blocks in its second feed-forward product alone; without it there is nothing."""
    import transformers

    from tests.support.zoo import write_tokenizer

    base = tmp_path / "base"
    base.mkdir()
    config = transformers.BertConfig(
        vocab_size=write_tokenizer(base), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=48, max_position_embeddings=64,
    )  # fmt: skip
    transformers.BertModel(config).save_pretrained(base)
    with pytest.raises(BuildError, match="no linear layer is left to quantise beside classifier, bert"):
        build("qlora", {"from": source(base)}, tmp_path, task=spec(), params=QUICK)


def test_an_unknown_target_is_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no linear layer 'q_lin'; did you mean"):
        family.again("qlora", tmp_path, params=QUICK | {"target_modules": ["q_lin"]})


@pytest.mark.parametrize("wrong", [{"r": 0}, {"compute_dtype": "int8"}])
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Params(**wrong)
