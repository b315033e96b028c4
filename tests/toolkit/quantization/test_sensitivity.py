"""How far a model moves with one layer in 4 bits: by hand, restored afterwards, and resumed after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.causal import tiny_llama
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.pruning import depth
from zoosmith.toolkit.quantization import sensitivity

TEXTS = [list(range(5, 25)), list(range(60, 70))]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import transformers

    folder = tiny_llama(tmp_path_factory.mktemp("llama"), hidden=64, layers=3)
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()


def logprobs(model: Any, ids: list[int]) -> Any:
    import torch

    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0].double().log_softmax(-1).numpy()


def by_hand(model: Any, layer: int) -> float:
    """Mean over all tokens of KL(whole || one layer's linear weights through NF4)."""
    import torch
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    whole = [logprobs(model, ids) for ids in TEXTS]
    linears = [m for m in model.model.layers[layer].modules() if isinstance(m, torch.nn.Linear)]
    before = [linear.weight.detach().clone() for linear in linears]
    with torch.no_grad():
        for linear in linears:
            linear.weight.copy_(dequantize_4bit(*quantize_4bit(linear.weight, quant_type="nf4")))
        moved = [logprobs(model, ids) for ids in TEXTS]
        for linear, weight in zip(linears, before, strict=True):
            linear.weight.copy_(weight)
    return float(np.concatenate([(np.exp(p) * (p - q)).sum(1) for p, q in zip(whole, moved, strict=True)]).mean())


def test_it_is_the_mean_divergence_of_one_layer_alone(model: Any, tmp_path: Path) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = sensitivity.measured(model, depth.stack(model), TEXTS, tmp_path / "s.json")
    assert found == pytest.approx([by_hand(model, layer) for layer in range(3)], rel=1e-3)
    assert min(found) > 1e-5
    assert all((value == before[name]).all() for name, value in model.state_dict().items())


def test_what_was_measured_is_not_measured_again(model: Any, tmp_path: Path) -> None:
    file, shown = tmp_path / "s.json", []
    whole = sensitivity.measured(model, depth.stack(model), TEXTS, file)
    file.write_text(json.dumps(whole[:2]))
    again = sensitivity.measured(model, depth.stack(model), TEXTS, file, lambda *about: shown.append(about))
    assert again == whole == json.loads(file.read_text())
    assert shown == [(2, 3, "sensitivity of layer 2")]


def test_without_text_there_is_nothing_to_measure(model: Any, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="rows of `calibration`, of which there are none"):
        sensitivity.measured(model, depth.stack(model), [], tmp_path / "s.json")


@pytest.mark.parametrize(
    ("share", "kept"), [(0.1, [2]), (0.2, [2]), (0.21, [2, 4]), (0.6, [0, 2, 4]), (0.99, [0, 1, 2, 3, 4])]
)
def test_the_most_sensitive_are_a_share_rounded_up(share: float, kept: list[int]) -> None:
    assert sensitivity.most([3.0, 1.0, 9.0, 2.0, 4.0], share) == kept


def test_of_equal_ones_the_earlier_are_kept() -> None:
    assert sensitivity.most([1.0] * 10, 0.3) == [0, 1, 2]


@given(values=st.lists(st.floats(0, 9), min_size=1, max_size=30), share=st.floats(0.01, 0.99))
def test_what_is_kept_is_at_least_as_sensitive_as_what_is_not(values: list[float], share: float) -> None:
    kept = sensitivity.most(values, share)
    others = set(range(len(values))) - set(kept)
    assert len(kept) >= share * len(values) - 1e-9
    assert min(values[place] for place in kept) >= max((values[place] for place in others), default=0.0)
