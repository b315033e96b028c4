"""Labels that are exchanged: the confusion matrix of a model whose classes stand in another order than is said."""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma, log

from zoosmith.stats import intervals

Matrix = Sequence[Sequence[int]]  # rows: true class, columns: answered class
MOST_BY_CHANCE = 5  # classes; with more, accuracy below chance is a model that answers a rare class alone
MORE_OFTEN = 3  # times as often under another's name as under its own; a weak model confuses classes less often
RARE = 1e-3  # probability that some order fits so well by chance


def exchanged(matrix: Matrix, labels: Sequence[str]) -> str | None:
    """How the labels are exchanged, with the order that fits, or None.

    The order with most right answers solves an assignment problem, whatever the number of classes. It is believed where
    classes are surely answered under each other's names, or far more often than under their own and than by chance, or
    where answers are surely worse than guessing and surely better with it.
    """
    best = assignment(matrix)
    moved = [i for cycle in _cycles(best) if _plausible(matrix, best, cycle) for i in cycle]
    found, renamed = _accuracy(matrix, range(len(labels))), _accuracy(matrix, best)
    if len(labels) <= MOST_BY_CHANCE and found.high < 1 / len(labels) < renamed.low:
        return _told(matrix, labels, best)
    present = [i for i in moved if sum(matrix[i])]
    under, rows = sum(matrix[i][best[i]] for i in present), sum(sum(matrix[i]) for i in present)
    if not present:
        return None
    surely = intervals.proportion(under, rows).low > 0.5
    often = under >= MORE_OFTEN * sum(matrix[i][i] for i in present)
    if not (surely or (often and _beyond_chance(matrix, best, present))):
        return None
    return _told(matrix, labels, [best[i] if i in moved else i for i in range(len(labels))])


def _told(matrix: Matrix, labels: Sequence[str], order: Sequence[int]) -> str:
    found, right = _accuracy(matrix, range(len(labels))), _accuracy(matrix, order)
    said = "is worse than guessing, and" if found.high < 1 / len(labels) else "is"
    swaps = ", ".join(f"{labels[j]} is really {labels[i]}" for i, j in enumerate(order) if i != j)
    fitting = ", ".join(_in_yaml(labels[order.index(j)]) for j in range(len(labels)))
    return (
        f"accuracy {found.value:.3f} {said} {right.value:.3f} if labels are exchanged ({swaps}): the labels of the "
        f"data or of the model are swapped. If the model's are, this order fits: `task: {{labels: [{fitting}]}}`"
    )


def _in_yaml(label: str) -> str:
    """The label as it may stand in a list in YAML: in quotes where it would be read as something else."""
    import yaml

    return yaml.safe_dump([label], default_flow_style=True, allow_unicode=True, width=10**6).strip()[1:-1]


def assignment(matrix: Matrix) -> list[int]:
    """For each true class the answered class that it is given: most are right then. Its own, where that is as good."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    counts = np.array(matrix, dtype=np.int64)
    _, columns = linear_sum_assignment(counts * (len(counts) + 1) + np.eye(len(counts), dtype=np.int64), maximize=True)
    return [int(column) for column in columns]


def _beyond_chance(matrix: Matrix, order: Sequence[int], moved: Sequence[int]) -> bool:
    """Whether answers independent of the true class would fit any order so well with a probability below RARE.

    Only rows of the classes that the order moves count: how well others are answered says nothing of these. By
    Chernoff's bound on the number of right answers (Hoeffding, "Probability inequalities for sums of bounded random
    variables", 1963, theorem 1), summed over the n! orders.
    """
    columns = [sum(column) for column in zip(*matrix, strict=True)]
    total = sum(sum(matrix[i]) for i in moved)
    chance = sum(sum(matrix[i]) * columns[order[i]] for i in moved) / (total * sum(columns))
    right = sum(matrix[i][order[i]] for i in moved) / total
    if not 0 < chance < right:
        return False
    wrong = (1 - right) * log((1 - right) / (1 - chance)) if right < 1 else 0.0
    return total * (right * log(right / chance) + wrong) > lgamma(len(matrix) + 1) - log(RARE)


def _accuracy(matrix: Matrix, order: Sequence[int]) -> intervals.Estimate:
    return intervals.proportion(sum(matrix[i][j] for i, j in enumerate(order)), sum(map(sum, matrix)))


def _cycles(order: Sequence[int]) -> list[list[int]]:
    """Cycles of a permutation that move something."""
    cycles, seen = [], set[int]()
    for start in range(len(order)):
        cycle = []
        while start not in seen:
            seen.add(start)
            cycle.append(start)
            start = order[start]
        if len(cycle) > 1:
            cycles.append(cycle)
    return cycles


def _plausible(matrix: Matrix, order: Sequence[int], cycle: Sequence[int]) -> bool:
    """Whether each class of a cycle is answered under another's name more often than under its own.

    A model that answers one class whatever it is asked moves that class too, but not its own examples.
    """
    present = [i for i in cycle if sum(matrix[i])]
    return len(present) > 1 and all(matrix[i][order[i]] > matrix[i][i] for i in present)
