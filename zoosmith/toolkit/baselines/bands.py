"""Classes by a similarity of 0 to 1: each class is a band of similarities, and cuts between bands are fitted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

BELOW, ABOVE = -1.0, 2.0  # cuts that no similarity is below, or reaches: the bands beyond them are empty


class Bands(NamedTuple):
    """`order` has the classes from the least similar texts to the most; `cuts` where each but the first begins."""

    order: tuple[int, ...]
    cuts: tuple[float, ...]

    def answer(self, similarity: float) -> int:
        """The class of a similarity."""
        return self.order[bisect_right(self.cuts, similarity)]


def fitted(similarities: Sequence[float], targets: Sequence[int]) -> Bands:
    """The bands with the highest mean recall of the classes, found by dynamic programming over all cuts.

    Classes stand in the order of their mean similarity. Raises ValueError for no rows.
    """
    if not targets:
        raise ValueError("cuts between classes are fitted to rows, and there are none")
    order = _order(similarities, targets)
    values = sorted(set(similarities))
    cuts = [BELOW, *((low + high) / 2 for low, high in pairwise(values)), ABOVE]
    return Bands(tuple(order), tuple(cuts[i] for i in _best(_gains(order, values, similarities, targets))))


def _order(similarities: Sequence[float], targets: Sequence[int]) -> list[int]:
    sums: dict[int, list[float]] = {}
    for similarity, target in zip(similarities, targets, strict=True):
        sums.setdefault(target, []).append(similarity)
    return sorted(sums, key=lambda target: (sum(sums[target]) / len(sums[target]), target))


def _gains(
    order: Sequence[int], values: Sequence[float], similarities: Sequence[float], targets: Sequence[int]
) -> list[list[float]]:
    """For each class in order, the recall that it has from the first i values together; i from 0."""
    place = {value: i for i, value in enumerate(values)}
    share = {target: 1 / targets.count(target) for target in order}
    each = {target: [0.0] * len(values) for target in order}
    for similarity, target in zip(similarities, targets, strict=True):
        each[target][place[similarity]] += share[target]
    return [_summed(each[target]) for target in order]


def _summed(values: Sequence[float]) -> list[float]:
    total, found = 0.0, [0.0]
    for value in values:
        total += value
        found.append(total)
    return found


def _best(gains: Sequence[Sequence[float]]) -> list[int]:
    """Where each class but the first begins, as a number of values: the sum of recalls within bands is greatest."""
    ends = range(len(gains[0]))
    score, starts = list(gains[0]), []
    for gain in gains[1:]:
        best, at, found, chosen = float("-inf"), 0, [], []
        for end in ends:
            if score[end] - gain[end] > best:
                best, at = score[end] - gain[end], end
            found.append(best + gain[end])
            chosen.append(at)
        score = found
        starts.append(chosen)
    end, cuts = ends[-1], list[int]()
    for chosen in reversed(starts):
        end = chosen[end]
        cuts.insert(0, end)
    return cuts
