"""Judging answers that are right or wrong: shares with intervals, and the paired comparison with the reference.

An outcome has int8 columns of one number an item: each metric's, 1 where the item counts for it; `chosen`, the place of
the answer, -1 where there is none; and `odd`, 1 where a likelihood is not finite. An item that failed is no right
answer, and is one of the items that a share is of; so is one that took long, whatever it answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.contract.metric import MetricInfo
from zoosmith.stats import intervals, invariance

if TYPE_CHECKING:
    from zoosmith.contract.session import Outcome
    from zoosmith.tasks._choices.encoding import ItemTask
    from zoosmith.tasks._choices.items import Item

STATES = {"failed": MetricInfo(better="lower"), "slow": MetricInfo(better="lower")}
DIVERGENCES = {"agreement": MetricInfo()}
BESIDE = ("chosen", "odd")  # columns that are no metric


def columns(found: Mapping[str, Any]) -> Outcome:
    """int8 (1,) of each number."""
    import numpy as np

    return {name: np.array([int(value)], np.int8) for name, value in found.items()}


def score(outcomes: Outcome, examples: Sequence[Item], task: ItemTask) -> dict[str, Any]:
    """The share of items that count for each metric, with its 95 % interval; in `details` which ones they are.

    `slow` is left out where no item was.
    """
    states = _states(outcomes)
    metrics = {name: intervals.proportion(sum(column), len(column)) for name, column in states.items()}
    return {"metrics": metrics, "details": {"kind": "changes", "changes": states}}


def compare(
    mine: Outcome, theirs: Outcome, examples: Sequence[Item], task: ItemTask, reference: ItemTask
) -> dict[str, Any]:
    """Paired differences of the shares with McNemar's exact p, and how often both choose the same.

    `lost` and `won` are right answers by the first metric.
    """
    ours = _states(mine)
    others = {name: theirs[name].tolist() for name in ours}
    first = next(iter(ours))
    pairs = list(zip(ours[first], others[first], strict=True))
    return {
        "delta": invariance.deltas({name: (ours[name], others[name]) for name in ours}),
        "divergence": {"agreement": float((mine["chosen"] == theirs["chosen"]).mean())},
        "lost": pairs.count((0, 1)),
        "won": pairs.count((1, 0)),
    }


def suspicion(outcomes: Outcome, examples: Sequence[Item], task: ItemTask) -> str | None:
    """Why these answers cannot be right, or None: not finite, or not one."""
    n = len(examples)
    if bad := int(outcomes["odd"].sum()):
        return f"NaN or infinite likelihoods for {bad} of {n} items"
    if int(outcomes["failed"].sum()) == n:
        return f"none of {n} items was answered; the log of this step says what each of them failed of"
    return None


def _states(outcomes: Outcome) -> dict[str, list[int]]:
    """The columns that are told of, as `zoosmith.stats.invariance` takes them."""
    unheard = BESIDE if outcomes["slow"].any() else (*BESIDE, "slow")
    return {name: column.tolist() for name, column in outcomes.items() if name not in unheard}
