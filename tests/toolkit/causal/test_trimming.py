"""Which tokens of a prompt stay, by attention made by hand and by what transformers tells itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.support.causal import tiny_llama
from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.techniques import Trim
from zoosmith.toolkit.causal.trimming import attentions, kept_tokens, received

IDS = list(range(5, 37))


def test_the_least_attended_of_the_middle_are_cut() -> None:
    """20 tokens: 4 and 2 stay, 30 % of the 14 between are 4."""
    attention = np.full(20, 5.0)
    attention[[0, 1, 19]] = 0.0  # little, and kept all the same
    attention[[4, 9, 13, 17]] = [0.4, 0.1, 0.3, 0.2]
    assert kept_tokens(attention, Trim()) == [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 14, 15, 16, 18, 19]


def test_of_equal_ones_the_earlier_go() -> None:
    assert kept_tokens(np.ones(16), Trim()) == [0, 1, 2, 3, *range(7, 16)]


@pytest.mark.parametrize(
    ("tokens", "told", "left"),
    [
        (30, Trim(), 30 - 6),  # the last 3, though 0.1 * 30 is over 3 in binary; 30 % of 23 are 6
        (74, Trim(first=0, last_share=0.0541), 74 - 20),  # a share is rounded up: 5
        (10, Trim(first=0, last_share=0.0, cut_share=0.999), 2),  # the last token stays in any case
        (5, Trim(), 5),
        (1, Trim(first=0), 1),
        (40, Trim(cut_share=0.0), 40),
        (40, Trim(last_share=1.0), 40),
    ],
)
def test_shares_are_of_whole_tokens(tokens: int, told: Trim, left: int) -> None:
    assert len(kept_tokens(np.arange(tokens, dtype=float), told)) == left


TRIMS = st.builds(Trim, first=st.integers(0, 9), last_share=st.floats(0, 1), cut_share=st.floats(0, 0.99))


@given(attention=arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 100)), told=TRIMS)
def test_what_is_cut_gets_no_more_than_what_stays_beside_it(attention: Any, told: Trim) -> None:
    left = kept_tokens(attention, told)
    last = len(attention) - max(1, math.ceil(told.last_share * len(attention) - 1e-9))
    gone = set(range(len(attention))) - set(left)
    assert left == sorted(set(left))
    assert all(told.first <= place < last for place in gone)
    assert len(gone) <= told.cut_share * max(0, last - told.first) + 1e-9
    middle = [place for place in left if told.first <= place < last]
    assert max(attention[list(gone)], default=0) <= min(attention[middle], default=math.inf)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import transformers

    folder = tiny_llama(tmp_path_factory.mktemp("llama"), hidden=64)
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()


def test_attention_is_what_transformers_tells_summed(model: Any) -> None:
    import torch

    before = model.config._attn_implementation
    found = received(model, IDS)
    assert model.config._attn_implementation == before != "eager"
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        told = model(torch.tensor([IDS]), output_attentions=True).attentions
    model.set_attn_implementation(before)
    np.testing.assert_allclose(found, sum(layer[0].double().sum(dim=(0, 1)).numpy() for layer in told), rtol=1e-5)
    assert found.sum() == pytest.approx(2 * 4 * len(IDS))  # layers, heads, and each token gives 1


def test_nothing_is_left_on_the_model(model: Any) -> None:
    before = [len(module._forward_hooks) for module in attentions(model)]
    received(model, IDS)
    assert [len(module._forward_hooks) for module in attentions(model)] == before


def test_a_model_without_attention_is_told() -> None:
    import torch

    with pytest.raises(ZooError, match=r"Linear has no attention that is known here"):
        attentions(torch.nn.Linear(2, 2))


def test_attention_that_is_not_told_is_an_error(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(model), "set_attn_implementation", lambda *_: None)
    with pytest.raises(ZooError, match=r"LlamaAttention does not tell its attention"):
        received(model, IDS)
