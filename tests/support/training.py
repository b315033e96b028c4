"""What tests of builders that train share: accuracy on toy rows, weights, and a kill in the middle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.job import Family, Made, task_rows
from zoosmith.contract.job import Parent
from zoosmith.toolkit.training import train


def accuracy(made: Made) -> float:
    """Share of right answers on the toy data's eval split."""
    assert made.manifest.task is not None
    examples = [made.job.task.example(row) for row in task_rows(made.manifest.task.kind, "eval")]
    answers = [made.session.classify(made.job.task.encode([example])).argmax() for example in examples]
    return float((np.array(answers) == made.job.task.targets(examples)).mean())


def weights(made: Made) -> dict[str, Any]:
    """The artifact's tensors by name."""
    from safetensors.numpy import load_file

    return load_file(made.out / "model.safetensors")


def largest_gap(one: Made, other: Made) -> float:
    """Largest difference of a weight between two artifacts with the same tensors."""
    mine, theirs = weights(one), weights(other)
    assert mine.keys() == theirs.keys()
    return max(float(np.abs(mine[name] - theirs[name]).max()) for name in mine)


def spiky(family: Family, folder: Path) -> Parent:
    """The fine-tuned model with one value row in each layer 2,000 times larger, and what reads it as much smaller.

    It computes the same in FP32; with one INT8 scale a tensor, all other rows round to nothing.
    """
    from safetensors.torch import load_file, save_file

    made = family.again("finetune", folder)
    file = made.out / "model.safetensors"
    stored = load_file(file)
    for layer in range(2):
        attention = f"bert.encoder.layer.{layer}.attention"
        for part in ("weight", "bias"):
            stored[f"{attention}.self.value.{part}"][0] *= 2000
        stored[f"{attention}.output.dense.weight"][:, 0] /= 2000
    save_file(stored, file, metadata={"format": "pt"})
    return made.parent


class Killed(BaseException):
    """Stands for a signal: nothing in a builder may catch it."""


def kill_at(step: int) -> Callable[..., None]:
    """A job's `progress` that kills at a training step."""

    def progress(done: float | None = None, total: float | None = None, text: str = "") -> None:
        if done == step:
            raise Killed

    return progress


def killed_and_resumed(
    family: Family, name: str, folder: Path, patch: pytest.MonkeyPatch, *, step: int, steps: int, **changes: Any
) -> Made:
    """The artifact, built again after a kill at `step` of `steps`; the state is saved after every step here."""
    patch.setattr(train, "SAVE_EVERY_S", 0.0)
    with pytest.raises(Killed):
        family.again(name, folder, progress=kill_at(step), **changes)
    seen: list[float] = []

    def count(done: float | None = None, total: float | None = None, text: str = "") -> None:
        seen.extend([done] if done is not None else [])

    resumed = family.again(name, folder, progress=count, **changes)
    assert seen[0] > 1, "it must go on, not start again"
    assert seen[-1] == steps
    return resumed
