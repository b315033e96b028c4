"""Weights that are no numbers, and numbers that half precision cannot hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.torch import finite

TYPES = ("float64", "float32", "float16", "bfloat16")


def write(folder: Path, value: float, dtype: str = "float32", name: str = "a.weight") -> Path:
    import torch
    from safetensors.torch import save_file

    weights = torch.linspace(-1, 1, 35).reshape(5, 7).to(getattr(torch, dtype))
    weights[1, 2] = value
    save_file({name: weights, "ids": torch.arange(3), "none": torch.zeros(0, 4)}, folder / "m.safetensors")
    return folder


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("value", "what"), [(float("nan"), "NaN"), (float("inf"), "infinity"), (-float("inf"), "infinity")]
)
def test_what_is_no_number_is_told_with_file_and_tensor(tmp_path: Path, dtype: str, value: float, what: str) -> None:
    with pytest.raises(BuildError, match=rf"^toy/base: m\.safetensors: a\.weight holds {what}: every answer"):
        finite.check(write(tmp_path, value, dtype), "toy/base")


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("value", [0.0, -0.0, 65504.0, -65504.0, 1e-30])
def test_what_half_precision_holds_passes(tmp_path: Path, dtype: str, value: float) -> None:
    import torch

    held = torch.tensor(value).to(getattr(torch, dtype)).half()
    if torch.isfinite(held):
        finite.check(write(tmp_path, value, dtype), "toy/base", half=True)


@pytest.mark.parametrize(("value", "fits"), [(65504.0, True), (65519.0, True), (65520.0, False), (-7e4, False)])
def test_the_border_is_what_torch_rounds_to_infinity(tmp_path: Path, value: float, fits: bool) -> None:
    import torch

    assert bool(torch.isfinite(torch.tensor(value).half())) == fits
    write(tmp_path, value)
    finite.check(tmp_path, "toy/base")
    if fits:
        finite.check(tmp_path, "toy/base", half=True)
    else:
        with pytest.raises(
            BuildError, match=rf"holds \|w\| = {abs(value):g}, which FP16 cannot: 65504 .* bf16 or fp32"
        ):
            finite.check(tmp_path, "toy/base", half=True)


def test_large_numbers_of_bf16_are_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"holds \|w\| = 1\.71799e\+10, which FP16 cannot"):
        finite.check(write(tmp_path, 2.0**34, "bfloat16"), "toy/base", half=True)


def test_masks_that_older_versions_stored_are_no_weights(tmp_path: Path) -> None:
    finite.check(write(tmp_path, float("-inf"), name="h.0.attn.bias"), "toy/base", half=True)


def test_a_tensor_is_looked_at_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finite, "PIECE", 4)
    finite.check(write(tmp_path, 5.0), "toy/base", half=True)
    with pytest.raises(BuildError, match="NaN"):
        finite.check(write(tmp_path, float("nan")), "toy/base")
