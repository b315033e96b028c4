"""F1's intervals against those of accuracy, against resampling, and the laws they keep."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from statistics import stdev
from typing import TypeVar

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zoosmith.stats.classification import Average, Matrix, average_f1
from zoosmith.stats.f1_intervals import Joint, f1_interval, paired_f1
from zoosmith.stats.intervals import Estimate, paired_proportions, proportion

Cell = TypeVar("Cell", bound=tuple[int, ...])
AVERAGES: tuple[Average, ...] = ("macro", "weighted", 0)
CELL = st.integers(0, 300)
MATRICES = st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=3, max_size=3).filter(lambda m: m[0][0] > 0)
TRIPLE = st.tuples(*[st.integers(0, 2)] * 3)
JOINTS = st.dictionaries(TRIPLE, st.integers(1, 400), min_size=1).map(lambda joint: {**joint, (0, 0, 0): 50})
# 500 examples of three uneven classes, the rarest with a much lower F1.
MATRIX = [[45, 45, 10], [5, 140, 5], [2, 3, 245]]
# 1,000 examples; the artifact loses 30 answers, wins 14 and changes 4 that stay wrong.
JOINT = {
    (0, 0, 0): 190, (0, 0, 1): 12, (0, 1, 0): 4, (0, 1, 2): 4, (0, 1, 1): 10,
    (1, 1, 1): 270, (1, 1, 2): 10, (1, 2, 1): 6, (1, 0, 0): 20,
    (2, 2, 2): 440, (2, 2, 0): 8, (2, 0, 2): 4, (2, 1, 1): 22,
}  # fmt: skip


def width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


def as_matrix(counts: Mapping[Cell, int], side: int) -> list[list[int]]:
    """Confusion matrix of 3 classes from cells with the true class first and the answer at `side`."""
    matrix = [[0] * 3 for _ in range(3)]
    for cell, count in counts.items():
        matrix[cell[0]][cell[side]] += count
    return matrix


def resampled(counts: Mapping[Cell, int], generator: random.Random) -> Counter[Cell]:
    return Counter(generator.choices(list(counts), list(counts.values()), k=sum(counts.values())))


def difference(joint: Joint, average: Average) -> float:
    return average_f1(as_matrix(joint, 2), average) - average_f1(as_matrix(joint, 1), average)


def test_symmetric_errors_give_the_interval_of_accuracy() -> None:
    f1, share = f1_interval([[135, 15], [15, 135]]), proportion(270, 300)
    assert (f1.value, f1.low, f1.high) == pytest.approx((share.value, share.low, share.high))
    assert f1.n == 300


def test_symmetric_changes_give_the_paired_interval_of_accuracy() -> None:
    joint = {
        (0, 0, 0): 130,
        (1, 1, 1): 130,
        (0, 0, 1): 9,
        (1, 1, 0): 9,
        (0, 1, 0): 4,
        (1, 0, 1): 4,
        (0, 1, 1): 7,
    }
    joint[1, 0, 0] = 7
    f1, share = paired_f1(joint), paired_proportions(260, 18, 8, 14)
    assert (f1.value, f1.low, f1.high) == pytest.approx((share.value, share.low, share.high))
    assert f1.n == 300


@pytest.mark.parametrize("average", AVERAGES)
def test_interval_is_as_wide_as_resampling_says(average: Average) -> None:
    generator, cells = random.Random(3), {(i, j): MATRIX[i][j] for i in range(3) for j in range(3)}
    spread = stdev(average_f1(as_matrix(resampled(cells, generator), 1), average) for _ in range(400))
    assert width(f1_interval(MATRIX, average)) == pytest.approx(2 * 1.96 * spread, rel=0.1)


@pytest.mark.parametrize("average", AVERAGES)
def test_paired_interval_is_as_wide_as_resampling_says(average: Average) -> None:
    generator = random.Random(4)
    spread = stdev(difference(resampled(JOINT, generator), average) for _ in range(400))
    assert width(paired_f1(JOINT, average)) == pytest.approx(2 * 1.96 * spread, rel=0.1)


@given(MATRICES, st.sampled_from(AVERAGES), st.floats(0.5, 0.999))
def test_interval_holds_its_value_and_has_width(matrix: Matrix, average: Average, level: float) -> None:
    estimate = f1_interval(matrix, average, level)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert width(estimate) > 0
    assert estimate.value == average_f1(matrix, average)


@given(JOINTS, st.sampled_from(AVERAGES), st.floats(0.5, 0.999))
def test_paired_interval_holds_its_value_and_has_width(joint: Joint, average: Average, level: float) -> None:
    estimate = paired_f1(joint, average, level)
    assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert width(estimate) > 0
    assert estimate.value == pytest.approx(difference(joint, average))


@given(st.dictionaries(TRIPLE, st.integers(1, 3), min_size=1), st.sampled_from(("macro", "weighted")))
def test_a_handful_of_examples_says_little(joint: Joint, average: Average) -> None:
    estimate = paired_f1(joint, average)
    assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert width(estimate) > 1 / sum(joint.values())


@given(JOINTS, st.sampled_from(AVERAGES))
def test_swapping_the_sides_mirrors_the_paired_interval(joint: Joint, average: Average) -> None:
    forward, backward = (
        paired_f1(joint, average),
        paired_f1({(t, a, r): n for (t, r, a), n in joint.items()}, average),
    )
    assert (forward.low, forward.high) == pytest.approx((-backward.high, -backward.low), abs=1e-9)


@given(MATRICES, st.permutations(range(3)))
def test_the_order_of_classes_does_not_matter(matrix: Matrix, order: list[int]) -> None:
    first, second = f1_interval(matrix), f1_interval([[matrix[i][j] for j in order] for i in order])
    assert (first.low, first.high) == pytest.approx((second.low, second.high))


@given(MATRICES, st.sampled_from(AVERAGES))
def test_more_examples_narrow_the_interval(matrix: Matrix, average: Average) -> None:
    assume(sum(map(sum, matrix)) >= 30)
    more = [[4 * count for count in row] for row in matrix]
    assert width(f1_interval(more, average)) < width(f1_interval(matrix, average))


@given(JOINTS, st.sampled_from(AVERAGES))
def test_more_examples_narrow_the_paired_interval(joint: Joint, average: Average) -> None:
    # Of a class without true examples nothing is known, and the bounds may then be -1 and 1.
    joint = {**joint, **{(i, i, i): 20 for i in range(3)}}
    more = {cell: 4 * count for cell, count in joint.items()}
    assert width(paired_f1(more, average)) < width(paired_f1(joint, average))


def test_equal_answers_still_leave_a_width() -> None:
    estimate = paired_f1({(0, 0, 0): 150, (1, 1, 1): 150})
    assert estimate.value == 0
    # Tango's width without discordance: z² / (n + z²), each move being 1 / n here.
    assert (estimate.low, estimate.high) == pytest.approx((-0.0126430, 0.0126430), abs=1e-6)


def test_equal_answers_on_uneven_classes_by_hand() -> None:
    # One wrong answer takes about 1/300 from one F1 and 1/100 from the other: a mean of 1/150, 4/3 of 1/n.
    estimate = paired_f1({(0, 0, 0): 150, (1, 1, 1): 50})
    assert estimate.high == pytest.approx(4 / 3 * 3.841459 / 203.841459, abs=1e-6)


def test_no_errors_on_uneven_classes_are_less_certain_than_accuracy() -> None:
    # With half an error in each class F1 is 300/301 and 100/101, and the design effect 1.33.
    f1, share = f1_interval([[150, 0], [0, 50]]), proportion(200, 200)
    assert f1.value == share.value == 1
    assert 1 - f1.low == pytest.approx(1.33 * (1 - share.low), rel=0.02)


def test_one_class_alone_has_the_interval_of_accuracy() -> None:
    assert f1_interval([[40, 0], [0, 0]]) == proportion(40, 40)
    assert paired_f1({(0, 0, 0): 40}).high == pytest.approx(paired_proportions(40, 0, 0, 0).high)


def test_no_examples_and_absent_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="holds no examples"):
        f1_interval([[0, 0], [0, 0]])
    with pytest.raises(ValueError, match="holds no examples"):
        paired_f1({})
    with pytest.raises(ValueError, match="class 2"):
        paired_f1({(0, 0, 0): 9, (1, 1, 1): 9}, average=2)


@pytest.mark.parametrize("average", AVERAGES)
def test_interval_covers_the_truth(average: Average) -> None:
    generator, truth = random.Random(5), average_f1(MATRIX, average)
    cells = {(i, j): MATRIX[i][j] for i in range(3) for j in range(3)}
    found = [f1_interval(as_matrix(resampled(cells, generator), 1), average) for _ in range(300)]
    assert 0.91 < sum(e.low <= truth <= e.high for e in found) / len(found) < 0.985


@pytest.mark.parametrize("average", AVERAGES)
def test_paired_interval_covers_the_truth(average: Average) -> None:
    generator, truth = random.Random(6), difference(JOINT, average)
    found = [paired_f1(resampled(JOINT, generator), average) for _ in range(300)]
    assert 0.91 < sum(e.low <= truth <= e.high for e in found) / len(found) < 0.985
