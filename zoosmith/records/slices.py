"""Scores of the rows that have one value in a column, and their paired differences, from what is recorded of an eval.

Nothing of it is recorded itself: an eval keeps what was answered to each example and which slice it belongs to, and all
else follows from these. Of answers that are one class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from zoosmith.records.answers import Answers, pack, unpack
from zoosmith.records.answers import paired as joint_of
from zoosmith.records.membership import Membership, SliceName, parsed
from zoosmith.records.scores import Difference, Metric, Quality, Versus
from zoosmith.stats import classification, f1_intervals, intervals, paired

FIRST = "accuracy"  # what slices are ranked by: one may have a single true class, of which an average F1 says little
FEWEST = 2  # examples of a slice with fewer have no interval


class Slice(NamedTuple):
    """The examples of an eval that have `value` in `column`: how many, and their metrics."""

    column: str
    value: str
    n: int
    metrics: dict[str, Metric]

    @property
    def title(self) -> str:
        """COLUMN=VALUE."""
        return f"{self.column}={self.value}"

    @property
    def first(self) -> Metric:
        """The metric that slices are ranked by."""
        return self.metrics[FIRST]


def slices(quality: Quality) -> list[Slice]:
    """Every slice of an eval: by column, the worst first."""
    return [each for column in quality.slices for each in _of_column(quality, column)]


def sliced(evals: Mapping[str, Quality]) -> dict[str, Metric]:
    """EVAL.METRIC[COLUMN=VALUE] -> the metric that slices are ranked by, of every slice of every eval."""
    found = ((id, each) for id, quality in evals.items() for each in slices(quality))
    return {f"{id}.{SliceName(FIRST, each.column, each.value)}": each.first for id, each in found}


def worst(quality: Quality) -> Slice | None:
    """The slice with the lowest accuracy, of several such the largest; None without slices that have an interval."""
    found = [each for each in slices(quality) if each.n >= FEWEST]
    return min(found, key=_rank, default=None)


def metric(quality: Quality, name: str) -> Metric | None:
    """METRIC[COLUMN=VALUE] of an eval; None for a slice without examples, and for an unknown name."""
    told = parsed(name)
    answers = _answers(quality)
    if told is None or answers is None:
        return None
    chosen = _members(quality, told.column, told.value)
    return _metrics(answers, chosen).get(told.metric) if chosen else None


def change(quality: Quality, versus: Versus, name: str) -> Difference | None:
    """Artifact minus reference of METRIC[COLUMN=VALUE], paired within the slice. None where it is not known.

    None for a slice with fewer than two examples too: of one there is no interval.
    """
    told, mine = parsed(name), _answers(quality)
    if told is None or mine is None or versus.answers is None:
        return None
    return _paired(mine, versus.answers, _members(quality, told.column, told.value)).get(told.metric)


def discordant(quality: Quality, versus: Versus, name: SliceName) -> int | None:
    """Examples of a slice that exactly one side got right, where that is known."""
    mine = _answers(quality)
    if mine is None or versus.answers is None:
        return None
    chosen = _members(quality, name.column, name.value)
    joint = joint_of(only(versus.answers, chosen), only(mine, chosen)) if chosen else None
    return sum(paired.discordant(joint)) if joint else None


def differences(first: Quality, second: Quality, name: SliceName) -> dict[str, Difference]:
    """First minus second by metric on one slice; {} where they cannot be paired, or it has fewer than two examples."""
    mine, theirs = _answers(first), _answers(second)
    return _paired(mine, theirs, _members(first, name.column, name.value)) if mine and theirs else {}


def _paired(mine: Answers, theirs: Answers, chosen: Sequence[int]) -> dict[str, Difference]:
    if mine.rows != theirs.rows or mine.n != theirs.n or len(chosen) < FEWEST:
        return {}
    joint = joint_of(only(theirs, chosen), only(mine, chosen))
    if not joint:
        return {}
    return {
        name: Difference.of(told, p=p).model_copy(update={"n": told.n})
        for name, (told, p) in paired.deltas(joint).items()
    }


def only(answers: Answers, chosen: Sequence[int]) -> Answers:
    """The answers to some of the examples, which pair with another artifact's answers to the same."""
    classes = len(answers.labels)
    true, predicted = (unpack(text, answers.n, classes) for text in (answers.true, answers.predicted))
    return answers.model_copy(
        update={
            "n": len(chosen),
            "true": pack([true[i] for i in chosen], classes),
            "predicted": pack([predicted[i] for i in chosen], classes),
        }
    )


def _of_column(quality: Quality, column: str) -> list[Slice]:
    answers = _answers(quality)
    if answers is None:
        return []
    found = ((value, _members(quality, column, value)) for value in quality.slices[column].values)
    made = [Slice(column, value, len(chosen), _metrics(answers, chosen)) for value, chosen in found if chosen]
    return sorted(made, key=_rank)


def _rank(one: Slice) -> tuple[float, int, str]:
    return one.first.value, -one.n, one.title


def _answers(quality: Quality) -> Answers | None:
    return quality.classes.answers if quality.classes else None


def _members(quality: Quality, column: str, value: str) -> list[int]:
    """Which examples are in a slice; none for an unknown one."""
    membership: Membership | None = quality.slices.get(column)
    if membership is None or value not in membership.values:
        return []
    wanted = membership.values.index(value)
    return [i for i, index in enumerate(membership.indices()) if index == wanted]


def _metrics(answers: Answers, chosen: Sequence[int]) -> dict[str, Metric]:
    """Metrics of some of the examples."""
    return metrics_of(only(answers, chosen))


def metrics_of(answers: Answers) -> dict[str, Metric]:
    """Metrics of answers that are one class; with fewer than two of them, values without intervals."""
    return dict(_estimated(answers)) if answers.n >= FEWEST else _single(answers)


def _estimated(answers: Answers) -> Iterator[tuple[str, Metric]]:
    matrix, n = _matrix(answers), answers.n
    correct = sum(matrix[i][i] for i in range(len(matrix)))
    yield "accuracy", Metric.of(intervals.proportion(correct, n))
    yield "macro_f1", Metric.of(f1_intervals.f1_interval(matrix, "macro"))
    yield "weighted_f1", Metric.of(f1_intervals.f1_interval(matrix, "weighted"))


def _single(answers: Answers) -> dict[str, Metric]:
    matrix = _matrix(answers)
    values = {
        "accuracy": classification.accuracy(matrix),
        "macro_f1": classification.macro_f1(matrix),
        "weighted_f1": classification.weighted_f1(matrix),
    }
    return {name: Metric(value=round(value, 6), n=answers.n) for name, value in values.items()}


def _matrix(answers: Answers) -> list[list[int]]:
    classes = len(answers.labels)
    true, predicted = (unpack(text, answers.n, classes) for text in (answers.true, answers.predicted))
    return classification.confusion(true, predicted, range(classes))
