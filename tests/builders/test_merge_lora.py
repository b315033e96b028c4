"""merge_lora: an adapter and its base become a plain checkpoint that answers as they did, and no other base will do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from builders.merge_lora import Params, output
from tests.builders.test_label_models import ADAPTED, stored
from tests.support import label_task
from tests.support.job import Case, Family, build, opened_logits
from zoosmith.contract.errors import BuildError
from zoosmith.contract.output import Output

CASE = Case(parents={"from": "adapter", "base": "body"})


def test_it_makes_a_checkpoint() -> None:
    assert output(Params()) == Output("torch", "fp32", (), "finetune")


def test_merged_and_unmerged_answer_alike(family: Family) -> None:
    made, adapter = family.made("merge_lora"), family.made("adapter")
    np.testing.assert_allclose(opened_logits(made), opened_logits(adapter), atol=1e-5)
    assert made.notes["merged_max_abs_logit_diff"] < 1e-4
    files = {path.name for path in made.out.iterdir()}
    assert "model.safetensors" in files
    assert not {"adapter_model.safetensors", "adapter_config.json"} & files
    assert made.manifest.needs == {}


def test_it_is_what_lora_merges_itself(family: Family, tmp_path: Path) -> None:
    at_once = family.again("lora", tmp_path)
    one, other = stored(at_once.out), stored(family.made("merge_lora").out)
    assert one.keys() == other.keys()
    assert max(float(abs(one[name] - other[name]).max()) for name in one) < 1e-6


def test_another_base_is_refused(family: Family, tmp_path: Path) -> None:
    parents = family.parents("merge_lora") | {"base": family.parent("headed")}
    with pytest.raises(BuildError, match=r"was trained over the tree [0-9a-f]{12}, and .* is [0-9a-f]{12}: give what"):
        build("merge_lora", parents, tmp_path)


def test_adapters_over_four_bit_weights_are_refused(family: Family, tmp_path: Path) -> None:
    parents = {"from": replace(family.made("qlora").parent, name="toy/adapters"), "base": family.parent("body")}
    with pytest.raises(BuildError, match="toy/adapters was trained over 4-bit weights"):
        build("merge_lora", parents, tmp_path)


def test_a_language_model_keeps_its_type_and_its_tied_matrix(tmp_path: Path) -> None:
    parent = label_task.base(tmp_path / "base", hidden=64, tied=True)
    beside = label_task.build("lora", parent, tmp_path / "beside", **ADAPTED | {"merge": False})
    made = label_task.build("merge_lora", beside.parent, tmp_path / "made", parents={"base": parent})
    np.testing.assert_allclose(made.again(), beside.again(), atol=1e-4)
    assert "lm_head.weight" not in stored(made.out)
    with pytest.raises(BuildError, match=r"the weights of .* are fp32, and the merge would be saved as bf16"):
        label_task.build("merge_lora", beside.parent, tmp_path / "other", parents={"base": parent}, dtype="bf16")
