"""Files that are written a tensor at a time are those that safetensors writes at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from zoosmith.toolkit.torch import streamed

NAMES = ("model.layers.10.w", "model.layers.2.w", "lm_head.weight", "A", "é", "b.bias")
SHAPES = ((3, 4), (5,), (), (0, 7), (2, 1, 3), (64, 33))


def test_the_bytes_are_the_librarys(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    tensors = {
        name: np.asarray(random.normal(size=shape), np.float32) for name, shape in zip(NAMES, SHAPES, strict=True)
    }
    save_file(tensors, tmp_path / "theirs", metadata=streamed.METADATA)
    asked = []

    def read(name: str) -> np.ndarray:
        asked.append(name)
        return tensors[name].T.copy().T  # in another order in memory

    streamed.write(tmp_path / "mine", {name: tensor.shape for name, tensor in tensors.items()}, read)
    assert (tmp_path / "mine").read_bytes() == (tmp_path / "theirs").read_bytes()
    assert asked == sorted(NAMES)


def test_a_tensor_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"w is \(3, 2\), not \(2, 3\)"):
        streamed.write(tmp_path / "file", {"w": (2, 3)}, lambda name: np.zeros((3, 2), np.float32))
