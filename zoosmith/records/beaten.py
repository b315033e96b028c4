"""Whether an artifact beats the baselines of its evals: paired on the same examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from zoosmith.records.answers import paired as joint_of
from zoosmith.records.scores import Difference, Metric, Quality
from zoosmith.records.slices import metrics_of
from zoosmith.stats import paired

DECIDES = "macro_f1"  # whether a baseline is beaten: answering the most frequent class is no achievement


class Beside(NamedTuple):
    """A baseline beside an artifact: the baseline's metrics, and artifact minus baseline by metric.

    change is empty where they did not answer the same examples. size: bytes of an artifact of another family with all
    that it needs; None of a baseline without a model.
    """

    name: str
    fit: str
    metrics: dict[str, Metric]
    change: dict[str, Difference]
    size: int | None = None

    @property
    def beaten(self) -> bool:
        """Whether the artifact is better by the whole paired interval."""
        return DECIDES in self.change and self.change[DECIDES].low > 0


def beside(quality: Quality) -> list[Beside]:
    """Every baseline of an eval beside the artifact, by name."""
    mine = quality.classes.answers if quality.classes else None
    found = []
    for name, one in quality.baselines.items():
        joint = joint_of(one.answers, mine) if mine else None
        deltas = paired.deltas(joint) if joint else {}
        change = {metric: Difference.of(value, p=p) for metric, (value, p) in deltas.items()}
        found.append(Beside(name, one.fit, metrics_of(one.answers), change, one.size))
    return found


def unbeaten(evals: Mapping[str, Quality]) -> list[tuple[str, Beside]]:
    """Eval and baseline of each that is not beaten for sure."""
    return [(id, one) for id, quality in evals.items() for one in beside(quality) if not one.beaten]


def deciding(evals: Mapping[str, Quality]) -> dict[str, dict[str, Metric]]:
    """By eval, the metric of each baseline that decides whether it is beaten."""
    found = {id: {one.name: one.metrics[DECIDES] for one in beside(quality)} for id, quality in evals.items()}
    return {id: told for id, told in found.items() if told}
