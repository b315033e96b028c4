"""Weights on a grid of few values, against a few lines of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from zoosmith.toolkit.quantization.grid import rounded


def apply(weight: NDArray[np.float32], bits: int = 6) -> NDArray[np.float32]:
    import torch

    found: NDArray[np.float32] = rounded(torch.tensor(weight), bits).numpy()
    return found


@pytest.mark.parametrize(("columns", "block"), [(128, 64), (64, 64), (96, 96), (8, 8)])
def test_blocks_of_a_row_share_a_scale(columns: int, block: int) -> None:
    weight = np.random.default_rng(0).standard_normal((3, columns)).astype(np.float32)
    weight[1] *= 100
    found = apply(weight)
    for row in range(3):
        for start in range(0, columns, block):
            own = weight[row, start : start + block]
            scale = np.abs(own).max() / 31
            wanted = np.round(own / scale) * scale
            np.testing.assert_allclose(found[row, start : start + block], wanted, rtol=1e-5, atol=1e-7)
            assert len(np.unique(found[row, start : start + block].round(6))) <= 63


WEIGHTS = arrays(np.float32, (2, 64), elements=st.integers(-(2**20), 2**20).map(lambda n: n / 1024))


@given(weight=WEIGHTS, bits=st.integers(2, 8))
def test_a_weight_moves_by_half_a_step_at_most_and_twice_is_once(weight: Any, bits: int) -> None:
    found = apply(weight, bits)
    step = np.abs(weight).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    assert (np.abs(found - weight) <= step / 2 * 1.001).all()
    np.testing.assert_allclose(apply(found, bits), found, rtol=1e-5)


def test_zeros_stay_and_the_type_too() -> None:
    import torch

    assert rounded(torch.zeros(2, 64, dtype=torch.bfloat16), 6).dtype is torch.bfloat16
    assert not rounded(torch.zeros(2, 64), 6).any()
