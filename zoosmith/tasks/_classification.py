"""What all tasks that answer with one class share: loss, scores and paired comparison."""

from __future__ import annotations

from dataclasses import asdict
from itertools import permutations
from typing import TYPE_CHECKING, Any

from zoosmith.stats import classification, f1_intervals, intervals, paired

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

METRICS = ("accuracy", "macro_f1", "weighted_f1")
MOST_PERMUTED = 5


def loss(logits: Any, targets: Any) -> Any:
    """Cross-entropy in nats of torch tensors (batch, classes) and (batch,)."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits, targets)


def score(logits: NDArray[np.float32], targets: NDArray[np.int64], labels: tuple[str, ...]) -> dict[str, Any]:
    """Metrics with 95 % intervals, figures per class, confusion matrix (rows: true class)."""
    matrix = _matrix(logits, targets, labels)
    correct = sum(matrix[i][i] for i in range(len(labels)))
    scores = classification.per_class(matrix)
    return {
        "metrics": {
            "accuracy": intervals.proportion(correct, len(targets)),
            "macro_f1": f1_intervals.f1_interval(matrix, "macro"),
            "weighted_f1": f1_intervals.f1_interval(matrix, "weighted"),
        },
        "per_class": {label: asdict(one) for label, one in zip(labels, scores, strict=True)},
        "confusion": matrix,
        "labels": list(labels),
    }


def _matrix(logits: NDArray[np.float32], targets: NDArray[np.int64], labels: tuple[str, ...]) -> list[list[int]]:
    return classification.confusion(targets.tolist(), logits.argmax(axis=1).tolist(), range(len(labels)))


def compare(logits: NDArray[np.float32], reference: NDArray[np.float32], targets: NDArray[np.int64]) -> dict[str, Any]:
    """Paired comparison with the reference: agreement, largest |logit difference|, deltas with intervals.

    Both arrays have shape (examples, classes) in the same label order. Each delta comes with McNemar's exact
    p where it is the test of that delta (accuracy), else None.
    """
    mine, theirs = logits.argmax(axis=1), reference.argmax(axis=1)
    joint = classification.joint_counts(targets.tolist(), theirs.tolist(), mine.tolist(), range(logits.shape[1]))
    return {
        "agreement": paired.agreement(joint),
        "max_abs_logit_diff": float(abs(logits - reference).max()),
        "discordant": paired.discordant(joint)._asdict(),
        "delta": paired.deltas(joint),
    }


def suspicion(logits: NDArray[np.float32], targets: NDArray[np.int64], labels: tuple[str, ...]) -> str | None:
    """Why these answers cannot be right, or None: worse than guessing, and right once labels are exchanged."""
    matrix = _matrix(logits, targets, labels)
    classes = range(len(labels))
    found = intervals.proportion(sum(matrix[i][i] for i in classes), len(targets))
    if len(labels) > MOST_PERMUTED or found.high >= 1 / len(labels):
        return None
    best = max(permutations(classes), key=lambda order: sum(matrix[i][order[i]] for i in classes))
    renamed = intervals.proportion(sum(matrix[i][best[i]] for i in classes), len(targets))
    if renamed.low <= 1 / len(labels):
        return None
    swaps = ", ".join(f"{labels[best[i]]} is really {labels[i]}" for i in classes if best[i] != i)
    return (
        f"accuracy {found.value:.3f} is worse than guessing, and {renamed.value:.3f} if labels are exchanged "
        f"({swaps}): the labels of the data or of the model are swapped"
    )
