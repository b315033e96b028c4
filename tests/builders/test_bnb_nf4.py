"""NF4 by bitsandbytes: what is stored, that it opens as it was, and when weights are repacked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tests.support.job import TELLING, Case, Family, Made, build, probe_logits, source
from tests.support.sst2 import write_distilbert
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.quantization import bnb

CASE = Case(parents={"from": "finetune:wide"})
QUERY = "bert.encoder.layer.0.attention.self.query"


def tensors(made: Made) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return load_file(made.out / "model.safetensors")


@pytest.mark.parametrize("double_quant", [True, False])
def test_the_body_is_4_bit_and_the_head_is_not(family: Family, tmp_path: Path, double_quant: bool) -> None:
    made = family.again("bnb_nf4", tmp_path, params={"double_quant": double_quant})
    stored = tensors(made)
    assert stored[f"{QUERY}.weight"].dtype == np.uint8
    assert stored[f"{QUERY}.weight"].size == 64 * 64 // 2
    assert stored[f"{QUERY}.weight.absmax"].dtype == (np.uint8 if double_quant else np.float32)
    assert (f"{QUERY}.weight.nested_absmax" in stored) == double_quant
    assert stored["classifier.weight"].dtype == np.float32
    assert made.facts == {"parameters": family.made("finetune:wide").facts["parameters"], "nf4_layers": 13}


@pytest.mark.parametrize("compute_dtype", ["bf16", "fp16", "fp32"])
def test_it_answers_nearly_as_its_parent(family: Family, tmp_path: Path, compute_dtype: str) -> None:
    made = family.again("bnb_nf4", tmp_path, params={"compute_dtype": compute_dtype})
    mine, theirs = probe_logits(made, TELLING), probe_logits(family.made("finetune:wide"), TELLING)
    assert (mine.argmax(axis=1) == theirs.argmax(axis=1)).mean() >= 0.9
    assert 0 < np.abs(mine - theirs).max() < 2.0


def dequantised(made: Made, layer: str) -> Any:
    from bitsandbytes.functional import dequantize_4bit

    weight = bnb.layers(made.opened().session.model)[layer].weight
    return dequantize_4bit(weight.data, weight.quant_state).float().numpy()


def test_weights_are_those_of_the_16_levels(family: Family) -> None:
    """Half the widest gap between NF4's levels is 0.152 of a block's largest weight; its scale is rounded too."""
    from safetensors.numpy import load_file

    again = dequantised(family.made("bnb_nf4"), QUERY).reshape(-1, 64)
    original = load_file(family.made("finetune:wide").out / "model.safetensors")[f"{QUERY}.weight"].reshape(-1, 64)
    assert (np.abs(again - original).max(axis=1) <= 0.17 * np.abs(original).max(axis=1)).all()
    assert all(len(np.unique(block.round(6))) <= 16 for block in again)


def test_rows_that_do_not_fill_blocks_stay_in_fp32(family: Family, tmp_path: Path) -> None:
    """bitsandbytes' AVX512 kernel expands them with the scales of other blocks."""
    made = family.again("bnb_nf4", tmp_path, parents={"from": family.parent("finetune")})
    stored = tensors(made)
    assert made.facts["nf4_layers"] == 2
    assert stored[f"{QUERY}.weight"].dtype == np.float32
    assert stored["bert.encoder.layer.0.output.dense.weight"].dtype == np.uint8
    assert QUERY in made.notes["kept_in_fp32"]


@pytest.fixture(scope="module")
def distilbert(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("distilbert")
    return build("checkpoint", {"from": source(write_distilbert(folder / "base"))}, folder)


@pytest.mark.parametrize("builder", ["bnb_int8", "bnb_nf4"])
def test_both_layers_of_distilberts_head_are_kept(distilbert: Made, tmp_path: Path, builder: str) -> None:
    made = build(builder, {"from": distilbert.parent}, tmp_path)
    stored = tensors(made)
    assert stored["pre_classifier.weight"].dtype == stored["classifier.weight"].dtype == np.float32
    found = np.concatenate([made.opened().session.classify(made.job.task.encode([e])) for e in made.job.task.probes()])
    np.testing.assert_allclose(found, probe_logits(made), atol=1e-5)
    assert (made.out / "model.safetensors").stat().st_size < 0.5 * (distilbert.out / "model.safetensors").stat().st_size


@pytest.mark.parametrize(("compute_dtype", "packed"), [("bf16", True), ("fp32", False)])
def test_weights_are_repacked_only_where_bf16_is_asked(
    distilbert: Made, tmp_path: Path, compute_dtype: str, packed: bool
) -> None:
    from bitsandbytes.functional import has_avx512bf16

    made = build("bnb_nf4", {"from": distilbert.parent}, tmp_path, params={"compute_dtype": compute_dtype})
    before = made.out.joinpath("model.safetensors").read_bytes()
    probe_logits(made)
    layers = bnb.layers(made.model)
    done = [getattr(layer.weight.quant_state, "packing_format_for_cpu", False) for layer in layers.values()]
    assert done == [packed and has_avx512bf16()] * len(layers)
    assert made.out.joinpath("model.safetensors").read_bytes() == before


def test_an_unknown_module_to_skip_is_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"skip_modules: the model has no linear layer 'querry'.*query"):
        family.again("bnb_nf4", tmp_path, params={"skip_modules": ["querry"]})


@pytest.mark.parametrize("wanted", [0.0, 0.6, 1.0])
def test_a_recipe_may_ask_for_another_agreement(wanted: float) -> None:
    from builders import bnb_nf4

    assert bnb_nf4.check(bnb_nf4.Params()).agreement == 0.85
    assert bnb_nf4.check(bnb_nf4.Params(min_agreement=wanted)).agreement == wanted
    with pytest.raises(ValidationError, match="min_agreement"):
        bnb_nf4.Params(min_agreement=wanted + 1.1)
