"""Activations rounded by one scale a token, against a few lines of NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tests.support.causal import SENTENCES, tiny_llama
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.causal.techniques import Activations
from zoosmith.toolkit.causal.torch_session import TorchCausal
from zoosmith.toolkit.quantization.activations import attach, rounded

INT8 = Activations()


def apply(values: Any, told: Activations = INT8) -> NDArray[np.float32]:
    import torch

    found: NDArray[np.float32] = rounded(torch.tensor(values), told).numpy()
    return found


def by_hand(vector: NDArray[np.float32], bits: int, limit: float | None) -> NDArray[np.float32]:
    """One token."""
    far = np.abs(vector - vector.mean()) > limit * vector.std() if limit else np.zeros(len(vector), bool)
    scale = np.abs(vector[~far]).max() / (2 ** (bits - 1) - 1)
    return np.where(far, vector, np.round(vector / scale) * scale).astype(np.float32)


@pytest.mark.parametrize(("bits", "limit"), [(8, 6.0), (8, None), (4, 6.0), (2, 3.0)])
def test_each_token_has_its_own_scale(bits: int, limit: float | None) -> None:
    random = np.random.default_rng(0)
    values = random.standard_normal((2, 5, 64)).astype(np.float32) * np.array([1e-3, 1, 50, 1, 7])[:, None]
    values = values.astype(np.float32)
    values[0, 1, 3], values[1, 4, 60] = 40.0, -900.0
    found = apply(values, Activations(bits=bits, outlier_z=limit))
    wanted = [[by_hand(token, bits, limit) for token in text] for text in values]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert (found[0, 1, 3] == values[0, 1, 3]) and (found[1, 4, 60] == values[1, 4, 60])


def test_an_outlier_stays_and_does_not_widen_the_scale_of_others() -> None:
    values = np.append(np.arange(127), 5000.3).astype(np.float32)
    wanted = np.append(np.round(np.arange(127) / 126 * 127) / 127 * 126, 5000.3)
    np.testing.assert_allclose(apply(values), wanted.astype(np.float32), rtol=1e-6)
    assert len(np.unique(apply(values, Activations(outlier_z=None)))) == 5  # 0, 39.4, 78.7, 118.1 and the outlier


def test_no_value_is_over_six_deviations_from_the_mean_of_few() -> None:
    """Chebyshev: at most a 36th of a vector; so one of 36 values and less has none."""
    values = np.append(np.zeros(35), 1000.0).astype(np.float32)
    assert apply(values)[-1] == pytest.approx(1000.0)
    assert not np.array_equal(apply(np.append(np.full(35, 0.3), 1000.0)), np.append(np.full(35, 0.3), 1000.0))


@pytest.mark.parametrize("values", [[0.0, 0.0], [3.0, 3.0, 3.0], [-2.0, 2.0], [1e-30, 0.0]])
def test_constant_and_tiny_vectors_stay(values: list[float]) -> None:
    np.testing.assert_allclose(apply(np.array(values, np.float32)), np.array(values, np.float32), rtol=1e-6)


VECTORS = arrays(np.float32, (3, 40), elements=st.integers(-(2**20), 2**20).map(lambda n: n / 1024))


@given(values=VECTORS)
def test_a_value_moves_by_half_a_step_at_most_whatever_stands_beside_it(values: NDArray[np.float32]) -> None:
    found = apply(values)
    steps = np.abs(values).max(axis=1, keepdims=True) / 127
    assert (np.abs(found - values) <= steps / 2 * 1.001 + 1e-30).all()
    np.testing.assert_array_equal(found, -apply(-values))
    np.testing.assert_array_equal(apply(4 * values), 4 * found)
    np.testing.assert_array_equal(found[1:2], apply(values[1:2]))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_type_stays(dtype: str) -> None:
    import torch

    assert rounded(torch.ones(2, 3, dtype=getattr(torch, dtype)), INT8).dtype is getattr(torch, dtype)


@pytest.fixture
def session(tmp_path: Path) -> TorchCausal:
    import transformers

    folder = tiny_llama(tmp_path / "llama", hidden=64)
    return TorchCausal(transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto"), folder)


def test_linear_layers_of_the_body_get_rounded_inputs(session: TorchCausal) -> None:
    import torch

    model = session.model
    weight = model.model.layers[1].mlp.up_proj.weight.detach().numpy()
    names = attach(model, INT8)
    assert len(names) == 2 * 7 and "lm_head" not in names
    values = np.random.default_rng(1).standard_normal((3, 64)).astype(np.float32)
    with torch.inference_mode():
        found = model.model.layers[1].mlp.up_proj(torch.tensor(values)).numpy()
        head = model.lm_head(torch.tensor(values)).numpy()
    np.testing.assert_allclose(found, apply(values) @ weight.T, atol=1e-4)
    assert np.abs(found - values @ weight.T).max() > 1e-3
    np.testing.assert_allclose(head, values @ model.lm_head.weight.detach().numpy().T, atol=1e-4)


def test_a_kv_cache_holds_what_a_whole_pass_gives(session: TorchCausal) -> None:
    """Log-probabilities token by token, in one pass, and as a continuation, are the same."""
    (before,) = session.next_logprobs([session.tokenize(SENTENCES[0])])
    attach(session.model, INT8)
    ids = session.tokenize(SENTENCES[0])
    (whole,) = session.next_logprobs([ids])
    sequence = session.decoder()
    steps = [np.array(sequence.extend([token], 1)[0]) for token in ids]
    one_by_one = [row - np.log(np.exp(row.astype(np.float64)).sum()) for row in steps]
    np.testing.assert_allclose(whole, one_by_one, atol=2e-3)
    assert np.abs(whole - before).max() > 0.01
    context, continuation = SENTENCES[0][:20], SENTENCES[0][20:]
    prompt, after = session.split(context, continuation)
    (answer,) = session.loglikelihood([(context, continuation)])
    (rows,) = session.next_logprobs([[*prompt, *after]])
    wanted = rows[len(prompt) - 1 : -1][np.arange(len(after)), after].sum()
    assert answer.nats == pytest.approx(float(wanted), abs=1e-2)
    assert session.reuses


def test_a_model_without_linear_layers_is_told() -> None:
    import torch

    model = torch.nn.Sequential(torch.nn.Embedding(3, 3))
    model.base_model_prefix = "0"
    with pytest.raises(BuildError, match="Sequential has no linear layers"):
        attach(model, INT8)
