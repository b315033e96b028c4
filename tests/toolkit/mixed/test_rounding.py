"""A matrix in memory is rounded as llama.cpp's quantiser rounds it in a file, and inputs as its kernels round them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from zoosmith.toolkit.gguf import header, quantize
from zoosmith.toolkit.gguf.types import TENSOR_TYPES
from zoosmith.toolkit.mixed import rounding
from zoosmith.toolkit.mixed.rounding import rounded, rounded_inputs

NAME = "blk.1.ffn_down.weight"
KINDS = {
    "q8_0": "q8_0",
    "q6_k": "q6_k",
    "q5_0": "q5_0",
    "q4_1": "q4_1",
    "iq4_nl": "iq4_nl",
    "q3_k": "q3_k_s",
    "q2_k": "q2_k",
}


def bytes_of(file: Path, name: str) -> tuple[header.Tensor, bytes]:
    [tensor] = [one for one in header.read(file).tensors if one.name == name]
    return tensor, file.read_bytes()[tensor.offset : tensor.offset + tensor.size]


def weight(file: Path) -> np.ndarray:
    tensor, raw = bytes_of(file, NAME)
    return np.frombuffer(raw, np.float16).astype(np.float32).reshape(-1, tensor.shape[0])


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_bytes_are_those_of_the_quantiser(llama_f16: Path, tmp_path: Path, kind: str, weighed: bool) -> None:
    columns = bytes_of(llama_f16, NAME)[0].shape[0]
    importance = np.random.default_rng(0).random(columns).astype(np.float32) + 0.1
    matrices = [one for one in header.read(llama_f16).tensors if one.name.startswith("blk.") and len(one.shape) > 1]
    given = {one.name: np.resize(importance, one.shape[0]) for one in matrices} if weighed else None
    file = tmp_path / "q.gguf"
    quantize.quantize(llama_f16, file, KINDS[kind], imatrix=given, tensor_types={"ffn_down": kind})
    stored = rounding.stored(weight(llama_f16), kind, importance if weighed else None)
    assert stored.tobytes() == bytes_of(file, NAME)[1]


def test_large_matrices_are_rounded_in_parts(llama_f16: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rounded(weight(llama_f16), "q4_1")
    monkeypatch.setattr(rounding, "HELD", 1000)
    np.testing.assert_array_equal(rounded(weight(llama_f16), "q4_1"), whole)


@pytest.mark.parametrize("kind", ["q8_0", "q6_k", "q5_1", "q4_k", "q4_0", "q3_k"])
def test_fewer_bits_are_further_away(llama_f16: Path, kind: str) -> None:
    given = weight(llama_f16)
    error = float(np.abs(rounded(given, kind) - given).max() / np.abs(given).max())
    bits = 8 * TENSOR_TYPES[kind.upper()].size / TENSOR_TYPES[kind.upper()].block
    assert 0 < error < 2.0 ** (2.5 - bits)


def test_inputs_meet_q4_in_eight_bits_with_one_scale_for_32() -> None:
    inputs = torch.linspace(-1.0, 1.0, 64).reshape(1, 64)
    given = rounded_inputs(inputs, "q4_0")
    for half in (slice(0, 32), slice(32, 64)):
        scale = np.float32(np.float16(np.float32(inputs[0, half].abs().max()) / np.float32(127)))
        levels = (given[0, half] / float(scale)).numpy()
        np.testing.assert_allclose(levels, levels.round(), atol=1e-4)
        assert np.abs(levels).max() == pytest.approx(127, abs=0.1)


def test_an_outlier_spoils_256_inputs_of_a_k_quant_and_32_of_another() -> None:
    inputs = torch.full((1, 256), 0.01)
    inputs[0, 0] = 100.0
    assert (rounded_inputs(inputs, "q4_k")[0, 1:] == 0).all()
    simple = rounded_inputs(inputs, "q4_0")[0]
    assert (simple[1:32] == 0).all()
    np.testing.assert_allclose(simple[32:].numpy(), 0.01, rtol=1e-3)


def test_f16_meets_f16_and_zeros_stay_zeros() -> None:
    inputs = torch.tensor([[1.0 + 2**-12] * 32])
    assert rounded_inputs(inputs, "f16")[0, 0] == 1.0
    assert rounded_inputs(inputs, "f32") is inputs
    assert (rounded_inputs(torch.zeros(1, 32), "q8_0") == 0).all()
