"""Rounded activations over plain and quantised parents: weights byte by byte, and a file that says what is applied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from builders import act_quant
from tests.builders.test_language_contract import logprobs, opened
from tests.support import causal, gguf, label_task
from tests.support.job import Family
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent
from zoosmith.store.files import payload

ORIGIN = {"file": "x.gguf"}


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    return gguf.parent(causal.tiny_llama(tmp_path_factory.mktemp("llama"), hidden=64), "torch", origin=ORIGIN)


@pytest.fixture(scope="module", params=["torch", "bnb_nf4", "bnb_int8"])
def weights(request: pytest.FixtureRequest, parent: Parent, tmp_path_factory: pytest.TempPathFactory) -> Parent:
    """The parent as it is, and quantised."""
    if request.param == "torch":
        return parent
    base = label_task.base(tmp_path_factory.mktemp("base"), hidden=64)
    params = {"compute_dtype": "fp32"} if request.param == "bnb_nf4" else {}
    return label_task.build(request.param, base, tmp_path_factory.mktemp("made"), **params).parent


def test_weights_are_the_parents_and_one_file_is_new(weights: Parent, tmp_path: Path) -> None:
    made = gguf.build("act_quant", tmp_path, source=weights)
    theirs = set(payload(weights.path)) - {Path("manifest.json")}
    assert {path.name for path in payload(made.out)} == {str(path) for path in theirs} | {"techniques.json"}
    assert all((made.out / path).read_bytes() == (weights.path / path).read_bytes() for path in theirs)
    assert json.loads((made.out / "techniques.json").read_text()) == {
        "schema": 1, "activations": {"bits": 8, "outlier_z": 6.0},
    }  # fmt: skip
    assert made.facts["rounded_layers"] == 2 * 7
    assert "multiplied in floating point" in made.facts["remarks"][0]


def test_it_opens_rounded_and_a_little_off_its_parent(weights: Parent, tmp_path: Path) -> None:
    made = gguf.build("act_quant", tmp_path, params={"bits": 4}, source=weights)
    again = logprobs(opened(made, "act_quant"))
    for mine, theirs in zip(again, logprobs(made.session), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
    hooked = opened(made, "act_quant").model
    assert sum(bool(module._forward_pre_hooks) for module in hooked.modules()) == 2 * 7
    (tmp_path / "out" / "techniques.json").write_text('{"schema": 1}')
    plain = logprobs(opened(made, "act_quant"))
    assert max(np.abs(mine - other).max() for mine, other in zip(again, plain, strict=True)) > 1e-2


def test_the_origin_is_passed_on(parent: Parent, tmp_path: Path) -> None:
    assert gguf.build("act_quant", tmp_path, source=parent).facts["origin"] == ORIGIN


def test_an_encoder_is_told(family: Family, tmp_path: Path) -> None:
    made = family.made("finetune")
    with pytest.raises(BuildError, match=r"BertForSequenceClassification is no causal language model"):
        gguf.build("act_quant", tmp_path, source=made.parent)


def test_a_truncated_checkpoint_is_told(parent: Parent, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(parent.path, tmp_path / "cut")
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])
    with pytest.raises(BuildError, match="transformers cannot load the checkpoint"):
        gguf.build("act_quant", tmp_path / "made", source=gguf.parent(folder, "torch"))


@pytest.mark.parametrize("wrong", [{"bits": 9}, {"bits": 1}, {"outlier_z": 0}, {"min_agreement": 1.1}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        act_quant.Params(**wrong)


def test_it_claims_what_a_recipe_asks() -> None:
    assert act_quant.check(act_quant.Params()).agreement == 0.5
    assert act_quant.check(act_quant.Params(min_agreement=0.9)).agreement == 0.9
