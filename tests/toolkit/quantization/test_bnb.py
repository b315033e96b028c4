"""bitsandbytes layers: which are quantised, and when they may be repacked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.job import Family, build
from zoosmith.toolkit.quantization import bnb


@pytest.fixture
def model(family: Family, tmp_path: Path) -> Any:
    return build("bnb_nf4", {"from": family.parent("finetune:wide")}, tmp_path).session.model  # type: ignore[attr-defined]


def evaluate(model: Any) -> None:
    import torch

    with torch.inference_mode():
        model.eval()(input_ids=torch.tensor([[2, 5, 3]]))


def test_gradients_pass_a_layer_after_an_evaluation(model: Any) -> None:
    """The repacked layout has none, and stays when training goes on after `dev` was looked at."""
    import torch
    from bitsandbytes.functional import dequantize_4bit

    evaluate(bnb.keep_packing(model, allowed=False))
    layer = bnb.layers(model.train())["bert.encoder.layer.0.intermediate.dense"]
    given = torch.randn(3, 64, requires_grad=True)
    layer(given).sum().backward()
    expected = dequantize_4bit(layer.weight.data, layer.weight.quant_state).float().sum(dim=0)
    assert torch.allclose(given.grad, expected.expand(3, -1), atol=2e-2)


@pytest.mark.parametrize("has_bf16", [True, False])
@pytest.mark.parametrize("compute_dtype", ["bf16", "fp32"])
def test_packing_is_for_what_was_asked(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compute_dtype: str, has_bf16: bool
) -> None:
    """Whatever this processor has: nothing is evaluated."""
    made = build("bnb_nf4", {"from": family.parent("finetune:wide")}, tmp_path, params={"compute_dtype": compute_dtype})
    model = made.model
    monkeypatch.setattr("bitsandbytes.functional.has_avx512bf16", lambda: has_bf16)
    bnb.keep_packing(model)
    allowed = {layer.support_avx512bf16_for_cpu for layer in bnb.layers(model).values()}
    assert allowed == {has_bf16 and compute_dtype == "bf16"}
    layer = next(iter(bnb.layers(model).values()))
    layer.out_features = 40  # its kernel takes rows by 32
    bnb.keep_packing(model)
    assert not layer.support_avx512bf16_for_cpu


def test_parameters_count_weights(family: Family, model: Any) -> None:
    assert bnb.parameters(model) == family.made("finetune:wide").facts["parameters"]
    assert sum(p.numel() for p in model.parameters()) < bnb.parameters(model)
