"""INT8 and NF4 of a model that sees: what is quantised, what is kept, what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import llava
from tests.support.job import Made, build
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.quantization import bnb


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return llava.checkpoint(tmp_path_factory.mktemp("llava"))


def quantised(parent: Made, folder: Path, **params: Any) -> Made:
    return build("vision_bnb", {"from": parent.parent}, folder, task=llava.TASK, params=params)


@pytest.mark.parametrize("weights", ["int8", "nf4"])
def test_both_towers_are_quantised_and_head_and_projector_are_not(parent: Made, tmp_path: Path, weights: str) -> None:
    made = quantised(parent, tmp_path, weights=weights)
    layers = bnb.layers(made.session.model)
    assert any("vision_tower" in name for name in layers)
    assert any("language_model" in name for name in layers)
    assert not [name for name in layers if "projector" in name or name.endswith("lm_head")]
    assert made.facts == {"parameters": parent.facts["parameters"], f"{weights}_layers": len(layers)}
    assert made.manifest.precision == weights


def test_what_stays_as_it_is_can_be_said(parent: Made, tmp_path: Path) -> None:
    made = quantised(parent, tmp_path, skip_modules=["vision_tower", "lm_head", "multi_modal_projector"])
    assert not [name for name in bnb.layers(made.session.model) if "vision_tower" in name]


def test_a_module_that_is_not_there_is_told(parent: Made, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"the model has no 'lm_haed'; did you mean 'lm_head'\?"):
        quantised(parent, tmp_path, skip_modules=["lm_haed"])


def test_rows_that_do_not_fill_blocks_stay_in_full_precision(tmp_path: Path) -> None:
    """bitsandbytes' AVX512 kernel expands them with the scales of other blocks."""
    narrow = build("vision_checkpoint", {"from": llava.base(tmp_path / "base", hidden=32)}, tmp_path / "whole",
                   task=llava.TASK, params={"dtype": "fp32"})  # fmt: skip
    made = quantised(narrow, tmp_path / "nf4")
    assert {layer.in_features % bnb.BLOCK for layer in bnb.layers(made.session.model).values()} == {0}
    assert made.facts["nf4_layers"] == 4, "the second layers of MLPs, whose rows are 64"
