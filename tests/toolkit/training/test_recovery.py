"""Training after something was removed: a kill in the middle of it changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.job import Family, Made, build
from tests.support.training import Killed, largest_gap
from zoosmith.toolkit.training import train

STEPS = 30  # two epochs of 240 rows
REMOVED: dict[str, dict[str, Any]] = {
    "prune_magnitude": {"share": 0.3},
    "prune_heads": {"share": 0.5},
    "prune_layers": {"drop": 1},
}


@pytest.mark.parametrize(("name", "autocast"), [*((name, "none") for name in REMOVED), ("prune_heads", "bf16")])
def test_killed_and_resumed_equals_uninterrupted(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, autocast: str
) -> None:
    """What was removed is found again before the training goes on: masks, heads and layers are not in its state."""
    monkeypatch.setattr(train, "SAVE_EVERY_S", 0.0)
    recovery = {"epochs": 2, "batch_size": 16, "autocast": autocast}
    trained: list[float] = []

    def made(folder: str, kill: int | None = None) -> Made:
        trained.clear()

        def progress(done: float | None = None, total: float | None = None, text: str = "") -> None:
            if text.startswith("epoch"):
                trained.extend([done] if done is not None else [])
                if done == kill:
                    raise Killed

        params = REMOVED[name] | {"recovery": recovery}
        parents = {"from": family.parent("finetune")}
        return build(name, parents, tmp_path / folder, params=params, progress=progress)

    whole = made("whole")
    assert trained[-1] == STEPS
    with pytest.raises(Killed):
        made("cut", kill=20)
    resumed = made("cut")
    assert trained[0] > 1, "it must go on, not start again"
    assert trained[-1] == STEPS
    assert largest_gap(whole, resumed) <= 1e-6
    assert whole.notes["training"]["loss"] == pytest.approx(resumed.notes["training"]["loss"], abs=1e-4)
