"""The types that lose least within a size: a knapsack in which every group takes exactly one of its options.

Solved exactly by dynamic programming over bytes (Kellerer, Pferschy and Pisinger, 2004, "Knapsack Problems", chapter
11), in units of the greatest common divisor of all differences of sizes, or of a coarser one where these are too many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from zoosmith.contract.errors import BuildError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNITS = 200_000
"""Steps that a size is told apart in, at most: with 200 groups their picks take 40 MB."""


class Option(NamedTuple):
    """A type for a group of tensors, its bytes, and what it loses."""

    kind: str
    size: int
    loss: float


Options = Mapping[str, Sequence[Option]]
Chosen = dict[str, Option]


def choose(options: Options, budget: int) -> Chosen:
    """One option for each group, of at most `budget` bytes together and of the least sum of losses.

    Where sizes are told apart in coarser units than they differ by, the answer may lose a little more than the least;
    it is never worse than one type for all that fits. Raises BuildError where even the smallest options do not fit.
    """
    smallest = sum(min(option.size for option in each) for each in options.values())
    if smallest > budget:
        raise BuildError(f"the smallest types take {smallest:,} bytes, the budget is {budget:,}")
    fitting = [one for one in uniform(options) if total(one) <= budget]
    return min([_exact(options, budget - smallest), *fitting], key=lambda one: (loss(one), total(one)))


def total(chosen: Mapping[str, Option]) -> int:
    """Bytes."""
    return sum(option.size for option in chosen.values())


def loss(chosen: Mapping[str, Option]) -> float:
    """Sum of losses, as if none made another worse."""
    return math.fsum(option.loss for option in chosen.values())


def uniform(options: Options) -> list[Chosen]:
    """Each type that every group offers, for all of them."""
    by_kind = {group: {option.kind: option for option in each} for group, each in options.items()}
    common = set.intersection(*(set(kinds) for kinds in by_kind.values())) if by_kind else set()
    return [{group: kinds[kind] for group, kinds in by_kind.items()} for kind in sorted(common)]


def _exact(options: Options, spare: int) -> Chosen:
    """The best with `spare` bytes beyond the smallest options."""
    import numpy as np

    ordered = {group: sorted(each, key=lambda option: (option.size, option.loss)) for group, each in options.items()}
    unit = _unit(ordered, spare)
    best, picks = np.zeros(spare // unit + 1), []
    for each in ordered.values():
        best, pick = _with_group(best, [(-(-(one.size - each[0].size) // unit), one.loss) for one in each])
        picks.append(pick)
    chosen, at = {}, len(best) - 1
    for (group, each), pick in zip(reversed(ordered.items()), reversed(picks), strict=True):
        chosen[group] = each[pick[at]]
        at -= -(-(chosen[group].size - each[0].size) // unit)
    return {group: chosen[group] for group in ordered}


def _unit(ordered: Options, spare: int) -> int:
    differences = [option.size - each[0].size for each in ordered.values() for option in each]
    return max(1, math.gcd(*differences), -(-spare // UNITS))


def _with_group(
    best: NDArray[np.float64], options: Sequence[tuple[int, float]]
) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    """Least loss by units spent with one group more, and which option gives it; of equal ones the smaller."""
    import numpy as np

    found, pick = np.full(len(best), np.inf), np.zeros(len(best), np.int16)
    for index, (cost, lost) in enumerate(options):
        if cost < len(best):
            tried = best[: len(best) - cost] + lost
            better = tried < found[cost:]
            found[cost:][better] = tried[better]
            pick[cost:][better] = index
    return found, pick
