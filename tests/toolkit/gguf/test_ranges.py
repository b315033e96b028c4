"""Weights that half precision cannot hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import ranges


def write(folder: Path, value: float, dtype: str = "float32") -> Path:
    import torch
    from safetensors.torch import save_file

    weights = torch.zeros(4, 4, dtype=getattr(torch, dtype))
    weights[1, 2] = value
    save_file({"a.weight": weights, "ids": torch.arange(3), "norm": torch.full((4,), 1e6)}, folder / "m.safetensors")
    return folder


@pytest.mark.parametrize("value", [65503.0, -65000.0, 0.0])
def test_what_fits_gives_the_largest(tmp_path: Path, value: float) -> None:
    assert ranges.refuse_overflow(write(tmp_path, value)) == abs(value)


@pytest.mark.parametrize(
    ("value", "dtype"), [(65504.0, "float32"), (-7e4, "bfloat16"), (float("nan"), "float32"), (float("inf"), "float32")]
)
def test_what_does_not_fit_is_named(tmp_path: Path, value: float, dtype: str) -> None:
    with pytest.raises(BuildError, match=r"a\.weight holds \|w\| = .*set `type: bf16` or f32"):
        ranges.refuse_overflow(write(tmp_path, value, dtype))
