"""Pruning of feed-forward neurons: plain transformers where widths are equal, structure.json where not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.encoders import ARCHITECTURES
from tests.support.job import TELLING, Case, Family, build, probe_logits
from tests.support.pruning import RECOVERY, assert_opens, converted, size, taken
from zoosmith.contract.errors import BuildError

CASE = Case(parents={"from": "finetune"})


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_width_for_all_layers_is_a_plain_checkpoint(tmp_path: Path, architecture: str) -> None:
    import torch
    import transformers

    parent = taken(tmp_path, architecture)
    made = build("prune_ffn", {"from": parent}, tmp_path / "cut", params={"share": 0.5, "multiple": 8})
    assert made.facts["ffn"] == [24, 24, 24]
    assert made.facts["parameters"] == parent.manifest.facts["parameters"] - 3 * 24 * (32 + 1 + 32)
    assert not (made.out / "structure.json").exists()
    plain = transformers.AutoModelForSequenceClassification.from_pretrained(made.out).eval()
    encoded = made.encode("a good film")
    with torch.inference_mode():
        found = plain(**{k: torch.from_numpy(encoded[k]) for k in ("input_ids", "attention_mask")}).logits.numpy()
    np.testing.assert_allclose(found, probe_logits(made, ["a good film"]), atol=1e-5)


def test_each_layer_may_keep_another_width(tmp_path: Path) -> None:
    parent = taken(tmp_path, "Bert")
    params = {"share": 0.5, "multiple": 8, "scope": "global"}
    made = build("prune_ffn", {"from": parent}, tmp_path / "cut", params=params)
    widths = made.facts["ffn"]
    assert len(set(widths)) > 1
    assert all(width % 8 == 0 for width in widths)
    assert [layer["ffn"] for layer in json.loads((made.out / "structure.json").read_text())["layers"]] == widths
    assert_opens(made)
    chain = converted(made, tmp_path)
    assert size(chain["onnx_int8"]) < size(chain["onnx"])


def test_recovery_brings_answers_back(family: Family, tmp_path: Path) -> None:
    made = family.again("prune_ffn", tmp_path, params={"share": 0.5, "recovery": RECOVERY})
    assert made.facts["ffn"] == [32, 32]
    assert probe_logits(made, TELLING).argmax(axis=1).tolist() == [1] * 5 + [0] * 5


def test_steps_too_large_for_the_layer_are_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="in steps of 64; lower `multiple` or raise `share`"):
        family.again("prune_ffn", tmp_path, params={"share": 0.5, "multiple": 64})
