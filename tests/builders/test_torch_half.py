"""Half precision in PyTorch: every weight is of the type asked for, and answers stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.job import TELLING, Case, Family, opened_logits, probe_logits

CASE = Case(parents={"from": "finetune"})


@pytest.mark.parametrize(("dtype", "stored", "moved"), [("fp16", "F16", 0.02), ("bf16", "BF16", 0.2)])
def test_every_weight_is_half_and_answers_stay(
    family: Family, tmp_path: Path, dtype: str, stored: str, moved: float
) -> None:
    from safetensors import safe_open

    made = family.again("torch_half", tmp_path, params={"dtype": dtype})
    with safe_open(made.out / "model.safetensors", "np") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} == {stored}  # noqa: SIM118 - no mapping
    mine, theirs = probe_logits(made, TELLING), probe_logits(family.made("finetune"), TELLING)
    np.testing.assert_array_equal(opened_logits(made), mine)
    assert (mine.argmax(axis=1) == theirs.argmax(axis=1)).all()
    assert 0 < np.abs(mine - theirs).max() < moved
    assert made.manifest.precision == dtype


def test_it_takes_half_the_bytes(family: Family) -> None:
    mine, theirs = ((family.made(name).out / "model.safetensors").stat().st_size for name in ("torch_half", "finetune"))
    assert mine < 0.55 * theirs
