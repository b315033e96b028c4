"""Classification metrics from a confusion matrix, with the conventions of scikit-learn and zero_division=0.

A matrix has shape (classes, classes): rows are the true classes, columns the predicted ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

Matrix = Sequence[Sequence[float]]
# A number stands for the F1 of that one class, as scikit-learn's average="binary" for the positive class.
Average = Literal["macro", "weighted"] | int


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores of one class; support is its number of true examples."""

    precision: float
    recall: float
    f1: float
    support: int


def confusion(true: Sequence[Hashable], predicted: Sequence[Hashable], classes: Sequence[Hashable]) -> list[list[int]]:
    """Count (true, predicted) pairs; row and column i stand for classes[i].

    Raises ValueError when the lengths differ or a label is not among the classes.
    """
    _same_length(true, predicted)
    pairs = Counter(zip(_indices(true, classes), _indices(predicted, classes), strict=True))
    return [[pairs[row, column] for column in range(len(classes))] for row in range(len(classes))]


def joint_counts(
    true: Sequence[Hashable],
    reference: Sequence[Hashable],
    artifact: Sequence[Hashable],
    classes: Sequence[Hashable],
) -> Counter[tuple[int, int, int]]:
    """Count triples of class indices (true, predicted by the reference, predicted by the artifact).

    Raises ValueError when the lengths differ or a label is not among the classes.
    """
    _same_length(true, reference, artifact)
    columns = (_indices(true, classes), _indices(reference, classes), _indices(artifact, classes))
    return Counter(zip(*columns, strict=True))


def accuracy(matrix: Matrix) -> float:
    """Share of examples on the diagonal. Raises ValueError for a matrix without examples."""
    return sum(matrix[i][i] for i in range(len(matrix))) / examples(matrix)


def per_class(matrix: Matrix) -> list[ClassScores]:
    """Precision, recall, F1 and support of each class; 0 where the denominator is 0."""
    scores = []
    for i, (true, predicted) in enumerate(margins(matrix)):
        hits = matrix[i][i]
        f1 = _share(2 * hits, true + predicted)
        scores.append(ClassScores(_share(hits, predicted), _share(hits, true), f1, int(true)))
    return scores


def macro_f1(matrix: Matrix) -> float:
    """Mean F1 over the classes that occur among the true or the predicted labels.

    A class that occurs in neither is left out, as by scikit-learn's f1_score(average="macro") when it gets no
    `labels`; a class that is only predicted, or only true, counts with F1 = 0. Raises ValueError for a matrix
    without examples.
    """
    return average_f1(matrix, "macro")


def weighted_f1(matrix: Matrix) -> float:
    """Mean F1 over the classes weighted by support. Raises ValueError for a matrix without examples."""
    return average_f1(matrix, "weighted")


def average_f1(matrix: Matrix, average: Average) -> float:
    """Macro-F1, weighted F1 or, for a class index, the F1 of that class.

    Raises ValueError for a matrix without examples and for a class that does not occur.
    """
    scores = per_class(matrix)
    return sum(weight * scores[i].f1 for i, weight in class_weights(matrix, average).items())


def class_weights(matrix: Matrix, average: Average) -> dict[int, float]:
    """Weight in the average of each class that occurs; the weights add up to 1. Raises as `average_f1`."""
    total = examples(matrix)
    occurring = [i for i, pair in enumerate(margins(matrix)) if any(pair)]
    if average == "macro":
        return {i: 1.0 / len(occurring) for i in occurring}
    if average == "weighted":
        return {i: sum(matrix[i]) / total for i in occurring}
    if average not in occurring:
        raise ValueError(f"no true or predicted label is of class {average}; expected one of {occurring}")
    return {i: float(i == average) for i in occurring}


def examples(matrix: Matrix) -> float:
    """Number of examples counted in the matrix. Raises ValueError when there are none."""
    total = sum(map(sum, matrix))
    if total <= 0:
        raise ValueError("the confusion matrix holds no examples; check that the split is not empty")
    return total


def margins(matrix: Matrix) -> list[tuple[float, float]]:
    """Per class, how many examples are truly of it and how many were predicted to be."""
    return [(sum(row), sum(column)) for row, column in zip(matrix, zip(*matrix, strict=True), strict=True)]


def _same_length(*columns: Sequence[Hashable]) -> None:
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        raise ValueError(f"label lists have lengths {lengths}; expected one label per example in each")


def _indices(labels: Sequence[Hashable], classes: Sequence[Hashable]) -> list[int]:
    index = {name: position for position, name in enumerate(classes)}
    unknown = sorted(map(repr, set(labels) - index.keys()))
    if unknown:
        named = ", ".join(unknown[:5])
        raise ValueError(f"labels {named} are not among the {len(classes)} classes; check the list of classes")
    return [index[label] for label in labels]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
