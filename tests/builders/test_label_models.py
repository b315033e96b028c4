"""Builders on language models that answer with label tokens: they learn, open as they were, and leave tied weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.label_task import Made, accuracy, base, build
from zoosmith.contract.job import Parent
from zoosmith.toolkit.torch.sessions import is_causal

TRAINED = {"epochs": 1, "learning_rate": 1e-3, "batch_size": 16, "autocast": "none"}
ADAPTED = TRAINED | {"target_modules": "all-linear", "learning_rate": 1e-2}
PARAMS: dict[str, dict[str, Any]] = {
    "finetune": TRAINED,
    "lora": ADAPTED,
    "lora-unmerged": ADAPTED | {"merge": False},
    "qlora": ADAPTED | {"compute_dtype": "fp32"},
    "int8_recover": ADAPTED,
    "torch_int8": {},
    "bnb_int8": {},
    "bnb_nf4": {"compute_dtype": "fp32"},
}
each_builder = pytest.mark.parametrize("name", PARAMS)
EMBEDDINGS = "model.embed_tokens.weight"


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def parent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Parent:
    return base(tmp_path_factory.mktemp("base"), hidden=64, tied=request.param)


def made(name: str, parent: Parent, folder: Path, **changes: Any) -> Made:
    return build(name.partition("-")[0], parent, folder, **PARAMS.get(name, {}) | changes)


def stored(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {name: value for file in folder.glob("*.safetensors") for name, value in load_file(file).items()}


@each_builder
def test_it_opens_from_its_files_as_a_language_model_and_answers_as_it_was(
    parent: Parent, tmp_path: Path, name: str
) -> None:
    one = made(name, parent, tmp_path)
    opened = one.opened()
    assert is_causal(type(opened.model).__name__)
    np.testing.assert_allclose(one.again(), one.own(), atol=1e-4)
    assert (opened.generate(["the fox"], max_new_tokens=3)[0].tokens) == 3
    assert not [name for name in stored(one.out) if "score" in name or "classifier" in name]
    assert "LABEL_0" not in (one.out / "config.json").read_text()


@pytest.mark.parametrize(
    "name",
    [
        "lora", "lora-unmerged", "qlora", "int8_recover", "torch_int8", "bnb_int8", "bnb_nf4", "prune_magnitude",
        "prune_wanda",
    ],
)  # fmt: skip
def test_embeddings_and_tied_output_matrix_stay_as_they_are(parent: Parent, tmp_path: Path, name: str) -> None:
    import torch

    one = made(name, parent, tmp_path)
    before, model = stored(parent.path), one.opened().model
    ends = {EMBEDDINGS: model.get_input_embeddings().weight, "lm_head.weight": model.get_output_embeddings().weight}
    if "lm_head.weight" not in before:
        assert ends[EMBEDDINGS] is ends["lm_head.weight"]
        assert "lm_head.weight" not in stored(one.out)
        assert "lm_head" not in one.facts.get("sparsity", {})
    elif name in ("torch_int8", "prune_magnitude", "prune_wanda"):
        del ends["lm_head.weight"]  # of its own, it is a layer as any other
    for end, value in ends.items():
        assert torch.equal(value, before.get(end, before[EMBEDDINGS])), end


@pytest.mark.parametrize("name", ["finetune", "lora", "qlora", "int8_recover"])
def test_it_learns(tmp_path: Path, name: str) -> None:
    parent = base(tmp_path / "base", hidden=64)
    one = made(
        name, parent, tmp_path / "made", epochs=10, learning_rate=1e-2 if name != "finetune" else 3e-3, patience=10
    )
    assert one.notes["training"]["loss"][-1] < 0.5 * one.notes["training"]["loss"][0]
    assert accuracy(one.again(), one.job.task) >= 0.8


def test_merged_and_unmerged_answer_alike_on_every_example(parent: Parent, tmp_path: Path) -> None:
    merged = made("lora", parent, tmp_path / "merged", epochs=3)
    beside = made("lora-unmerged", parent, tmp_path / "beside", epochs=3)
    one, other = merged.again(), beside.again()
    assert (one.argmax(axis=1) == other.argmax(axis=1)).all()
    np.testing.assert_allclose(one, other, atol=1e-4)
    assert merged.notes["merged_max_abs_logit_diff"] < 1e-3
    assert not [name for name in stored(merged.out) if "lora" in name]
    assert beside.manifest.needs == {"from": parent.digest}
