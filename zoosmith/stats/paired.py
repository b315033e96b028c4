"""The paired differences of everything that is scored where each answer is one class."""

from __future__ import annotations

from typing import NamedTuple

from zoosmith.stats.f1_intervals import Joint, paired_f1
from zoosmith.stats.intervals import Estimate, mcnemar_exact, paired_proportions


class Discordant(NamedTuple):
    """Examples that exactly one side got right: `lost` by the artifact, or `won`."""

    lost: int
    won: int


def discordant(joint: Joint) -> Discordant:
    """Right answers of the reference that the artifact lost, and those that it won."""
    lost = sum(count for (true, before, after), count in joint.items() if before == true != after)
    won = sum(count for (true, before, after), count in joint.items() if before != true == after)
    return Discordant(lost, won)


def agreement(joint: Joint) -> float:
    """Share of examples that both answer alike, right or wrong."""
    return sum(count for (_, before, after), count in joint.items() if before == after) / sum(joint.values())


def deltas(joint: Joint) -> dict[str, tuple[Estimate, float | None]]:
    """Artifact minus reference by metric, with McNemar's exact p where it is the test of that difference.

    Raises ValueError for no examples.
    """
    lost, won = discordant(joint)
    both = sum(count for (true, before, after), count in joint.items() if before == true == after)
    neither = sum(joint.values()) - both - lost - won
    return {
        "accuracy": (paired_proportions(both, lost, won, neither), mcnemar_exact(lost, won)),
        "macro_f1": (paired_f1(joint, "macro"), None),
        "weighted_f1": (paired_f1(joint, "weighted"), None),
    }
