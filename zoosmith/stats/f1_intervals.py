"""Intervals for F1 and for the paired difference of two F1s.

Both replace resampling by F1's first derivative, so they are deterministic and need no seed; both reduce to
the interval for accuracy when each answer weighs the same. `benchmarks/coverage.py` measures their coverage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from zoosmith.stats.classification import Average, Matrix, average_f1, class_weights, examples, margins
from zoosmith.stats.intervals import Estimate, agresti_coull, paired_score

# (true, predicted by the reference, predicted by the artifact) -> number of examples
Joint = Mapping[tuple[int, int, int], int]
# Per class, the derivatives of F1 by the share of hits and by the share of true plus predicted examples.
_Slopes = Mapping[int, tuple[float, float]]


def f1_interval(matrix: Matrix, average: Average = "macro", level: float = 0.95) -> Estimate:
    """An averaged F1, or the F1 of one class, with its interval.

    The delta method gives F1's variance; its ratio to that of a proportion of the same value is the design
    effect, and the bounds are those of a proportion of n / effect examples. One extra error, spread over the
    off-diagonal cells, keeps the variance above zero. A class with few examples costs coverage: with about 15
    of it a 95 % interval for macro-F1 can cover 93 %, with about 5 of it 90 %.

    Raises ValueError for a matrix without examples and for a class that does not occur.

    Source: Takahashi et al. (2022), Confidence interval for micro-averaged F1 and macro-averaged F1 scores,
    Applied Intelligence 52, 4961-4972, for the variance; Korn and Graubard (1998), Survey Methodology 24,
    193-201, for bounds from an effective sample size, here with the interval of `agresti_coull`.
    """
    value, n = average_f1(matrix, average), examples(matrix)
    low, high = agresti_coull(value, n / _design_effect(matrix, average), level)
    return Estimate(value, low, high, int(n))


def paired_f1(joint: Joint, average: Average = "macro", level: float = 0.95) -> Estimate:
    """The difference artifact - reference of an F1 measured on the same examples (`joint_counts`).

    Each changed answer moves F1 by its derivative at the pooled matrix of both sides. Moves up and down are
    counted in moves of typical size (sum of squares over sum of sizes); these counts go into `paired_score`.
    For accuracy every move is 1 / n, which gives Tango's interval itself. One extra gain and one extra loss,
    spread evenly over the cells where one side is right, enter the typical size: the width is never zero.

    Raises ValueError for no examples and for a class that does not occur.

    Source: Fay and Feuer (1997), Statistics in Medicine 16, 791-801, for weighted counts as counts of typical
    size; Tango (1998), Statistics in Medicine 17, 891-908, for the interval.
    """
    reference, artifact, pooled = _sides(joint)
    value = average_f1(artifact, average) - average_f1(reference, average)
    n, slopes = sum(joint.values()), _slopes(pooled, average)
    moves = [(_move(slopes, *cell), count) for cell, count in joint.items()]
    gained = sum(count * move for move, count in moves if move > 0)
    lost = -sum(count * move for move, count in moves if move < 0)
    # No smaller than lets the counts fit among n examples.
    size = max(_typical_size([*moves, *_extra_moves(slopes)]), (gained + lost) / n)
    low, high = paired_score(lost / size, gained / size, n, level)
    offset = value - (gained - lost) / n
    return Estimate(value, max(-1.0, size * low + offset), min(1.0, size * high + offset), n)


def _slopes(matrix: Matrix, average: Average) -> _Slopes:
    """F1 = 2 hits / size with size = true + predicted, so the derivatives are 2 w / size and -w F1 / size."""
    total, sizes = examples(matrix), [sum(pair) for pair in margins(matrix)]
    factors = {i: weight * total / sizes[i] for i, weight in class_weights(matrix, average).items()}
    return {i: (2.0 * factor, -2.0 * matrix[i][i] / sizes[i] * factor) for i, factor in factors.items()}


def _design_effect(matrix: Matrix, average: Average) -> float:
    """Variance of F1 over that of a proportion of the same value, from the counts with one extra error."""
    cells = _with_extra_error(matrix)
    value, total = average_f1(cells, average), examples(cells)
    if not 0.0 < value < 1.0:  # one class alone, or no answer right: nothing sets F1 apart from accuracy
        return 1.0
    mean = variance = 0.0
    for i, j, influence in _influences(cells, average):
        mean += cells[i][j] / total * influence
        variance += cells[i][j] / total * influence**2
    return (variance - mean**2) / (value * (1.0 - value))


def _influences(matrix: Matrix, average: Average) -> Iterator[tuple[int, int, float]]:
    """(true, predicted, derivative of F1 by the share of that cell)."""
    slopes = _slopes(matrix, average)
    for i in slopes:
        # A weighted average also moves with the supports that are its weights.
        support = average_f1(matrix, i) if average == "weighted" else 0.0
        for j in slopes:
            yield i, j, slopes[i][1] + slopes[j][1] + support + (slopes[i][0] if i == j else 0.0)


def _with_extra_error(matrix: Matrix) -> list[list[float]]:
    cells = [[float(count) for count in row] for row in matrix]
    occurring = class_weights(matrix, "macro")
    for i in occurring:
        for j in occurring:
            if i != j:
                cells[i][j] += 1.0 / (len(occurring) * (len(occurring) - 1))
    return cells


def _sides(joint: Joint) -> tuple[Matrix, Matrix, Matrix]:
    """Confusion matrices of the reference, the artifact and both together."""
    size = 1 + max((max(cell) for cell in joint), default=0)
    reference, artifact, pooled = ([[0] * size for _ in range(size)] for _ in range(3))
    for (true, before, after), count in joint.items():
        reference[true][before] += count
        artifact[true][after] += count
        pooled[true][before] += count
        pooled[true][after] += count
    return reference, artifact, pooled


def _move(slopes: _Slopes, true: int, before: int, after: int) -> float:
    """Change of F1, times n, when the answer to one example goes from `before` to `after`."""
    hits = (after == true) - (before == true)
    return hits * slopes[true][0] + slopes[after][1] - slopes[before][1]


def _extra_moves(slopes: _Slopes) -> Iterator[tuple[float, float]]:
    for true in slopes:
        for wrong in slopes:
            if true != wrong:
                share = 1.0 / (len(slopes) * (len(slopes) - 1))
                yield _move(slopes, true, wrong, true), share
                yield _move(slopes, true, true, wrong), share


def _typical_size(moves: Iterable[tuple[float, float]]) -> float:
    total = squares = 0.0
    for move, count in moves:
        total += count * abs(move)
        squares += count * move**2
    return squares / total if total else 1.0
