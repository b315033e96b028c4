"""Importance matrices: sums as written down by hand, llama.cpp's format, and names that are of another model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import header, imatrix, quantize
from zoosmith.toolkit.gguf.probes import PROBES
from zoosmith.toolkit.gguf.vocabulary import Vocabulary

Measured = tuple[Any, dict[str, imatrix.Sums], list[list[int]]]


@pytest.fixture(scope="module")
def measured(llama: Path, llama_f16: Path) -> Measured:
    """The model, its sums, and what they were measured on."""
    with Vocabulary(llama_f16) as vocabulary:
        ids = [vocabulary.encode(text) for text in PROBES[:40] if text]
    model = imatrix.load(llama)
    return model, imatrix.measured(model, ids, imatrix.linear_names(model, llama_f16)), ids


def test_every_matrix_of_the_blocks_is_named_and_seen(measured: Measured, llama_f16: Path) -> None:
    _, sums, ids = measured
    expected = {
        f"blk.{layer}.{name}.weight"
        for layer in range(2)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    }
    assert set(sums) == expected
    assert {found.inputs for found in sums.values()} == {sum(map(len, ids))}
    assert quantize.check_imatrix(header.read(llama_f16).tensors, imatrix.means(sums)) == 14


def test_sums_are_of_squares_of_inputs(measured: Measured) -> None:
    import torch

    model, sums, ids = measured
    with torch.no_grad():
        first = [model.model.layers[0].input_layernorm(model.model.embed_tokens(torch.tensor(one))) for one in ids]
    expected = sum(one.double().square().sum(dim=0) for one in first).numpy()  # type: ignore[union-attr]
    np.testing.assert_allclose(sums["blk.0.attn_q.weight"].squares, expected, rtol=1e-5)
    np.testing.assert_array_equal(sums["blk.0.attn_q.weight"].squares, sums["blk.0.attn_k.weight"].squares)
    assert sums["blk.0.ffn_down.weight"].squares.shape == (512,)


def test_a_file_is_read_back_and_has_llama_cpps_form(measured: Measured, tmp_path: Path) -> None:
    _, sums, ids = measured
    imatrix.write(sums, tmp_path / "i.gguf", dataset="probes", chunk=max(map(len, ids)))
    found = imatrix.read(tmp_path / "i.gguf")
    assert {name: one.inputs for name, one in found.items()} == {name: one.inputs for name, one in sums.items()}
    assert all((found[name].squares == one.squares).all() for name, one in sums.items())
    stated = header.read(tmp_path / "i.gguf")
    assert stated.metadata["general.type"] == "imatrix" and stated.metadata["imatrix.datasets"] == ["probes"]
    assert {"imatrix.chunk_count", "imatrix.chunk_size"} <= set(stated.metadata)
    shapes = {tensor.name: tensor.shape for tensor in stated.tensors}
    assert shapes["blk.0.ffn_down.weight.in_sum2"] == (512, 1)
    assert shapes["blk.0.ffn_down.weight.counts"] == (1, 1)


def test_a_model_is_no_importance_matrix(llama_f16: Path) -> None:
    with pytest.raises(BuildError, match=r"no importance matrix: its general.type is 'model'"):
        imatrix.read(llama_f16)


def test_it_lowers_the_weighted_error_of_the_file(measured: Measured, llama_f16: Path, tmp_path: Path) -> None:
    _, sums, _ = measured
    means = imatrix.means(sums)
    quantize.quantize(llama_f16, tmp_path / "plain.gguf", "q4_0")
    quantize.quantize(llama_f16, tmp_path / "weighed.gguf", "q4_0", imatrix=means)
    plain, weighed = (error(llama_f16, tmp_path / f"{name}.gguf", means) for name in ("plain", "weighed"))
    assert weighed < 0.97 * plain


def error(reference: Path, file: Path, means: dict[str, Any]) -> float:
    """Sum over matrices of the squared errors of weights, each times the mean square of its input."""
    import gguf

    def weights(path: Path) -> dict[str, Any]:
        stored = gguf.GGUFReader(path).tensors
        return {one.name: gguf.dequantize(one.data, one.tensor_type) for one in stored if one.name in means}

    mine, theirs = weights(file), weights(reference)
    return float(sum(((mine[name] - theirs[name]) ** 2 * means[name]).sum() for name in means))


def test_types_below_three_bits_are_made_with_it(measured: Measured, llama_f16: Path, tmp_path: Path) -> None:
    _, sums, _ = measured
    for kind in ("iq2_xxs", "iq1_s", "q2_k_s", "iq3_xs"):
        quantize.quantize(llama_f16, tmp_path / f"{kind}.gguf", kind, imatrix=imatrix.means(sums))
        assert header.read(tmp_path / f"{kind}.gguf").tensors


def test_it_goes_with_layers_that_are_left_out(measured: Measured, llama_f16: Path, tmp_path: Path) -> None:
    _, sums, _ = measured
    quantize.quantize(llama_f16, tmp_path / "q.gguf", "q4_0", imatrix=imatrix.means(sums), prune_layers=[0])
    assert header.read(tmp_path / "q.gguf").hyperparameter("block_count") == 1


def test_foreign_names_are_refused(measured: Measured, llama_f16: Path, tmp_path: Path) -> None:
    _, sums, _ = measured
    foreign = {name.replace("blk.1.", "blk.7."): values for name, values in imatrix.means(sums).items()}
    with pytest.raises(BuildError, match=r"of another model: 7 of its 14 names are not in this one, such as 'blk\.7\."):
        quantize.quantize(llama_f16, tmp_path / "q.gguf", "q4_0", imatrix=foreign)
    assert not list(tmp_path.iterdir())


def test_other_sizes_are_refused(measured: Measured, llama_f16: Path, tmp_path: Path) -> None:
    _, sums, _ = measured
    other = {name: values[:-1] for name, values in imatrix.means(sums).items()}
    with pytest.raises(BuildError, match="has 255 columns there and 256 here"):
        quantize.quantize(llama_f16, tmp_path / "q.gguf", "q4_0", imatrix=other)


def test_one_that_covers_too_little_is_refused(measured: Measured, llama_f16: Path, tmp_path: Path) -> None:
    _, sums, _ = measured
    part = {name: values for name, values in imatrix.means(sums).items() if "ffn" not in name}
    with pytest.raises(BuildError, match="lacks 6 of 14 matrices"):
        quantize.quantize(llama_f16, tmp_path / "q.gguf", "q4_0", imatrix=part)


def test_without_calibration_there_is_none(measured: Measured) -> None:
    with pytest.raises(BuildError, match="calibration rows, of which there are none"):
        imatrix.measured(measured[0], [[]], {})


def test_inputs_that_are_not_finite_are_refused(llama: Path, llama_f16: Path) -> None:
    import torch

    model = imatrix.load(llama)
    with torch.no_grad():
        model.model.embed_tokens.weight[5] = float("inf")
    with pytest.raises(BuildError, match="not finite on the calibration rows"):
        imatrix.measured(model, [[4, 5, 6]], imatrix.linear_names(model, llama_f16))
