"""Judging answers of one class: scores, paired comparison, load-back and parity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from zoosmith.common.names import places_in
from zoosmith.contract.errors import BuildError
from zoosmith.contract.metric import MetricInfo
from zoosmith.contract.output import Tolerance
from zoosmith.stats import classification, f1_intervals, intervals, paired
from zoosmith.tasks._classification.encoding import BoundTask, Example
from zoosmith.tasks._classification.exchanged import exchanged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zoosmith.contract.session import Classifier, Outcome, Response

CAPABILITY = "classify"
STREAMED = False
LATENCY_OF = "call"
QUICK_TOKENS = 48_000  # about 15 s of a 22 M parameter encoder in FP32 on two cores
METRICS = {name: MetricInfo() for name in ("accuracy", "macro_f1", "weighted_f1", "agreement")}
METRICS["max_abs_logit_diff"] = MetricInfo(unit="", better="lower")
LOGIT_TOLERANCE = 0.05  # how far a builder whose REPRODUCES is "logits" may be off, on the task's probes
Labels = Sequence[str]
ABSOLUTE, RELATIVE = 1e-4, 1e-3  # of logits, between a model in memory and its files


class Prediction(NamedTuple):
    """The most probable label, its probability, and the probability of every label."""

    label: str
    score: float
    scores: dict[str, float]


def respond(session: Classifier, task: BoundTask, example: Example, like: Response | None = None) -> Response:
    """`logits` (classes,) of one example, asked alone: with dynamic INT8 the neighbours in a batch change an answer."""
    return {"logits": session.classify(task.encode([example]))[0]}


def outcome(response: Response, example: Example, reference: Response | None = None) -> Outcome:
    """`logits` (1, classes)."""
    return {"logits": response["logits"][None]}


def answer(session: Classifier, task: BoundTask, value: str | Sequence[str]) -> Prediction:
    """The prediction for what a user typed."""
    import numpy as np

    logits = respond(session, task, task.unlabelled(value))["logits"]
    weights = np.exp(logits - logits.max())
    scores = dict(zip(task.spec.labels, (weights / weights.sum()).tolist(), strict=True))
    label = max(scores, key=lambda name: scores[name])
    return Prediction(label, scores[label], scores)


class Stopwatch:
    """What benchmarks time: one prediction at batch 1, tokenizer included; inputs take turns."""

    def __init__(self, session: Classifier, task: BoundTask, inputs: Sequence[Any]) -> None:
        """Time predictions for `inputs`, as `answer` takes them."""
        self.session = session
        self.task = task
        self.inputs = inputs

    def prepare(self, i: int) -> Callable[[], object]:
        """What is timed in call `i`."""
        value = self.inputs[i % len(self.inputs)]
        return lambda: answer(self.session, self.task, value)


stopwatch = Stopwatch


def score(outcomes: Outcome, examples: Sequence[Example], task: BoundTask) -> dict[str, Any]:
    """Metrics with 95 % intervals; in `details` figures per class and the confusion matrix (rows: true class)."""
    labels, targets = task.spec.labels, task.targets(examples)
    matrix = _matrix(outcomes["logits"], targets, labels)
    correct = sum(matrix[i][i] for i in range(len(labels)))
    scores = classification.per_class(matrix)
    return {
        "metrics": {
            "accuracy": intervals.proportion(correct, len(targets)),
            "macro_f1": f1_intervals.f1_interval(matrix, "macro"),
            "weighted_f1": f1_intervals.f1_interval(matrix, "weighted"),
        },
        "details": {
            "kind": "classes",
            "per_class": {label: asdict(one) for label, one in zip(labels, scores, strict=True)},
            "confusion": matrix,
            "labels": list(labels),
            "true": targets.tolist(),
            "predicted": outcomes["logits"].argmax(axis=1).tolist(),
        },
    }


def _matrix(logits: NDArray[Any], targets: NDArray[np.int64], labels: tuple[str, ...]) -> list[list[int]]:
    return classification.confusion(targets.tolist(), logits.argmax(axis=1).tolist(), range(len(labels)))


def compare(
    mine: Outcome, theirs: Outcome, examples: Sequence[Example], task: BoundTask, reference: BoundTask
) -> dict[str, Any]:
    """Paired comparison with the reference: agreement, largest |logit difference|, deltas with intervals.

    Each delta comes with McNemar's exact p if it is the test of that delta (accuracy), else None.
    """
    logits = mine["logits"]
    others = theirs["logits"][:, columns(reference.spec.labels, task.spec.labels)]
    targets = task.targets(examples).tolist()
    classes = range(logits.shape[1])
    joint = classification.joint_counts(
        targets, others.argmax(axis=1).tolist(), logits.argmax(axis=1).tolist(), classes
    )
    lost, won = paired.discordant(joint)
    agreement = paired.agreement(joint)
    return {
        "delta": paired.deltas(joint),
        "divergence": {"agreement": agreement, "max_abs_logit_diff": float(abs(logits - others).max())},
        "lost": lost,
        "won": won,
    }


def columns(theirs: Sequence[str], mine: Sequence[str]) -> list[int]:
    """For each of my labels the column of theirs; case counts only where names differ by it alone.

    Raises BuildError for other labels.
    """
    found = places_in(theirs, mine)
    if found is None:
        raise BuildError(f"the labels are {list(mine)}, those that they are compared with {list(theirs)}")
    return found


def suspicion(outcomes: Outcome, examples: Sequence[Example], task: BoundTask) -> str | None:
    """Why these answers cannot be right, or None: not finite, or right with other labels."""
    import numpy as np

    logits = outcomes["logits"]
    if bad := int((~np.isfinite(logits).all(axis=1)).sum()):
        return f"NaN or infinite logits for {bad} of {len(logits)} examples"
    return exchanged(_matrix(logits, task.targets(examples), task.spec.labels), task.spec.labels)


def reproduces(expected: Sequence[Response], found: Sequence[Response], probes: Sequence[Example]) -> None:
    """Raise BuildError unless the finished tree gives the logits of the model in memory on every probe."""
    import numpy as np

    mine, theirs = _stacked(expected), _stacked(found)
    _finite(mine, probes, "the builder's model")
    if mine.shape != theirs.shape:
        raise BuildError(f"load-back: {theirs.shape[1]} classes, where the builder's model has {mine.shape[1]}")
    _finite(theirs, probes, "the finished tree")
    gap = np.abs(mine - theirs)
    if (gap > ABSOLUTE + RELATIVE * np.abs(mine)).any():
        row = int(gap.max(axis=1).argmax())
        raise BuildError(
            f"load-back: opened from its files and given text, the artifact computes something else than the "
            f"builder's model: logits {theirs[row].tolist()} instead of {mine[row].tolist()} for "
            f"{probes[row].texts}. Compare what is written with what is kept: weights, tokenizer, labels, config"
        )


def preserves(
    theirs: Sequence[Response], mine: Sequence[Response], tolerance: Tolerance, labels: tuple[Labels, Labels]
) -> dict[str, float]:
    """How far the answers are from the parent's; `labels` are theirs and mine.

    Raises BuildError beyond the tolerance.
    """
    logits = _stacked(mine)
    others = _stacked(theirs)[:, columns(*labels)]
    agreement = float((others.argmax(axis=1) == logits.argmax(axis=1)).mean())
    gap = float(abs(others - logits).max())
    limit = tolerance.max_abs_logit_diff
    if agreement < tolerance.agreement or (limit is not None and gap > limit):
        bound = f" and max |logit difference| <= {limit:g}" if limit is not None else ""
        raise BuildError(
            f"parity: {agreement:.1%} of {len(logits)} probes get the parent's label, max |logit difference| "
            f"{gap:.3g}; this technique claims agreement >= {tolerance.agreement:.0%}{bound}. "
            "The weights, the label order or the parent are not what they should be"
        )
    return {"agreement": agreement, "max_abs_logit_diff": gap}


def rebuilt(first: Sequence[Response], second: Sequence[Response]) -> tuple[bool, str]:
    """Whether two builds of one artifact answer alike, and how far apart their logits are."""
    one, two = _stacked(first), _stacked(second)
    agreement = float((one.argmax(axis=1) == two.argmax(axis=1)).mean())
    gap = float(abs(one - two).max())
    same = gap <= LOGIT_TOLERANCE
    text = f"agreement {agreement:.1%}, max |logit difference| {gap:.3g}"
    return same, f"{text} ({'within' if same else 'beyond'} {LOGIT_TOLERANCE:g})"


def _stacked(responses: Sequence[Response]) -> NDArray[np.float32]:
    import numpy as np

    return np.stack([response["logits"] for response in responses]).astype(np.float32)


def _finite(logits: NDArray[np.float32], probes: Sequence[Example], who: str) -> None:
    import numpy as np

    bad = ~np.isfinite(logits).all(axis=1)
    if bad.any():
        text = probes[int(bad.argmax())].texts
        raise BuildError(f"{who} gives NaN or infinite logits for {int(bad.sum())} of {len(probes)} probes, as {text}")
