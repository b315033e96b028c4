"""Which layers a quantisation leaves in FP32: the most sensitive ones, until the loss is within a budget."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from zoosmith.contract.errors import BuildError

Loss = Callable[[Sequence[str]], float]
"""Loss on `dev` when exactly these layers are quantised."""


class Budget(BaseModel):
    """loss_budget: by how much the loss on `dev` may exceed the parent's. max_excluded: share of layers left in FP32.

    dev_rows: of `dev`, evenly spaced, that losses are measured on. exclude: layers that are left out in any case.
    """

    loss_budget: float = Field(default=0.02, ge=0)
    max_excluded: float = Field(default=0.5, ge=0, lt=1)
    dev_rows: int = Field(default=512, ge=1)
    exclude: tuple[str, ...] = ()


class Search:
    """Leaves out the worst layers one by one. What was measured outlives a kill in `file`."""

    def __init__(self, loss: Loss, file: Path, progress: Callable[..., None]) -> None:
        """Measure by `loss`, keep results in `file`."""
        self.loss, self.file, self.progress = loss, file, progress
        self.known: dict[str, float] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}

    def run(self, layers: Sequence[str], parent: float, budget: Budget) -> list[str]:
        """The layers to quantise, in order. Raises BuildError where the budget cannot be met, or a name is unknown."""
        if unknown := [name for name in budget.exclude if name not in layers]:
            raise BuildError(f"exclude names {unknown[0]!r}, which is no matrix product; known: {', '.join(layers)}")
        chosen = [name for name in layers if name not in budget.exclude]
        most = int(budget.max_excluded * len(layers))
        allowed = most - (len(layers) - len(chosen))
        if allowed < 0:
            raise BuildError(
                f"exclude names {most - allowed} of {len(layers)} matrix products; max_excluded allows {most}"
            )
        reached, order = self._measured(chosen), None
        while reached - parent > budget.loss_budget and allowed > 0:
            order = self._by_sensitivity(chosen) if order is None else order
            chosen, allowed = [name for name in chosen if name != order[0]], allowed - 1
            order = order[1:]
            reached = self._measured(chosen)
        if reached - parent <= budget.loss_budget:
            return chosen
        raise BuildError(
            f"with {len(layers) - len(chosen)} of {len(layers)} matrix products left in FP32 the loss on `dev` is "
            f"{reached:.4f}, {reached - parent:.4f} above the parent's {parent:.4f}; loss_budget is "
            f"{budget.loss_budget:g}. Raise it or max_excluded, or calibrate by another method"
        )

    @property
    def sensitivity(self) -> dict[str, float]:
        """Loss with one layer alone quantised, by its name, for the layers that were tried alone."""
        return {key: loss for key, loss in self.known.items() if "\n" not in key}

    def _by_sensitivity(self, layers: Sequence[str]) -> list[str]:
        losses = {}
        for done, name in enumerate(layers):
            self.progress(done, len(layers), f"sensitivity of {name}")
            losses[name] = self._measured([name])
        return sorted(layers, key=lambda name: -losses[name])

    def _measured(self, layers: Sequence[str]) -> float:
        key = "\n".join(layers)
        if key not in self.known:
            self.known[key] = self.loss(layers)
            temporary = self.file.with_suffix(".tmp")
            temporary.write_text(json.dumps(self.known), encoding="utf-8")
            temporary.replace(self.file)
        return self.known[key]
