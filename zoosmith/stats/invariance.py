"""Shares of answers that a change moves, and their paired differences.

A column has one state an example: 1 where the change moved the answer, 0 where it did not, below 0 where it could not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zoosmith.stats.intervals import Estimate, mcnemar_exact, paired_proportions, proportion


def share(states: Sequence[int]) -> Estimate | None:
    """The share of moved answers with its Agresti-Coull interval; None where no example was changed."""
    asked = [state for state in states if state >= 0]
    return proportion(sum(asked), len(asked)) if asked else None


def deltas(pairs: Mapping[str, tuple[Sequence[int], Sequence[int]]]) -> dict[str, tuple[Estimate, float | None]]:
    """First minus second of each pair of columns over the same examples, with McNemar's exact p.

    A column without changed examples is left out. Raises ValueError for columns of different lengths.
    """
    found: dict[str, tuple[Estimate, float | None]] = {}
    for name, (mine, theirs) in pairs.items():
        asked = [(one, other) for one, other in zip(mine, theirs, strict=True) if one >= 0 and other >= 0]
        if asked:
            both, neither = asked.count((1, 1)), asked.count((0, 0))
            second, first = asked.count((0, 1)), asked.count((1, 0))
            found[name] = paired_proportions(both, second, first, neither), mcnemar_exact(second, first)
    return found
