"""Slices: values counted by hand, intervals that know how few rows there are, gates on one slice."""

from __future__ import annotations

import pytest

from tests.support import records, sliced
from zoosmith.recipes.schema import Gate
from zoosmith.records import slices
from zoosmith.records.compare import compare
from zoosmith.records.figures import of_measurement, of_result
from zoosmith.records.gates import Check, evaluate
from zoosmith.records.membership import SliceName, packed, parsed, text_of
from zoosmith.records.rows import result
from zoosmith.records.schema import Measurement
from zoosmith.stats.intervals import mcnemar_exact, paired_proportions, proportion


def check(name: str, measured: Measurement | None = None, **gate: float) -> Check:
    [made] = evaluate({name: Gate.model_validate(gate)}, measured or sliced.measurement())
    return made


def test_each_slice_has_its_own_share_and_the_worst_comes_first() -> None:
    found = slices.slices(sliced.scored())
    assert [(each.value, each.n, each.first.value) for each in found] == [
        ("typo", 10, 0.5), ("nickname", 20, 0.9), ("title", 1, 1.0),
    ]  # fmt: skip
    expected = proportion(5, 10)
    assert (found[0].first.low, found[0].first.high) == (round(expected.low, 6), round(expected.high, 6))


def test_one_row_has_no_interval_and_is_never_the_worst() -> None:
    kinds = ["title", *sliced.KINDS[1:-1], "typo"]  # row 0 is wrong: a share of 0 of one row
    found = {each.value: each for each in slices.slices(sliced.scored(kinds=kinds))}
    assert (found["title"].n, found["title"].first.value, found["title"].first.low) == (1, 0.0, None)
    worst = slices.worst(sliced.scored(kinds=kinds))
    assert worst is not None
    assert worst.value == "typo"


def test_a_difference_is_paired_within_the_slice() -> None:
    """Of 10 typos the reference has 9 right, of which 4 are lost."""
    measured = sliced.measurement()
    found = measured.change("toy.accuracy[kind=typo]")
    expected = paired_proportions(5, 4, 0, 1)
    assert found is not None
    assert (found.value, found.low, found.high) == tuple(round(x, 6) for x in (-0.4, expected.low, expected.high))
    assert (found.n, found.p) == (10, mcnemar_exact(4, 0))
    assert measured.change("toy.accuracy[kind=title]") is None
    assert measured.change("toy.accuracy") is not None


@pytest.mark.parametrize(
    ("name", "gate", "passed", "value"),
    [
        ("toy.accuracy[kind=typo]", {"min": 0.5}, True, 0.5),
        ("toy.accuracy[kind=typo]", {"min": 0.51}, False, 0.5),
        ("toy.accuracy[kind=nickname]", {"min": 0.9}, True, 0.9),
        ("toy.accuracy[kind=typo]", {"max_drop": 0.4}, True, 0.4),
        ("toy.accuracy[kind=typo]", {"max_drop": 0.39}, False, 0.4),
        ("toy.accuracy[kind=nickname]", {"max_drop": 0.05}, True, 0.05),
    ],
)
def test_either_side_of_a_limit_on_a_slice(name: str, gate: dict[str, float], passed: bool, value: float) -> None:
    made = check(name, **gate)
    assert (made.passed, made.value) == (passed, pytest.approx(value))


def test_a_gate_on_a_slice_without_rows_is_missed_and_says_so() -> None:
    made = check("toy.accuracy[kind=patronymic]", min=0.1)
    assert made.passed is False
    assert made.note.startswith("0 of the rows that were measured have kind = 'patronymic'")
    assert "a difference needs two" in check("toy.accuracy[kind=title]", max_drop=0.5).note


def test_the_reference_is_not_held_to_a_drop_of_a_slice() -> None:
    alone = sliced.measurement("toy-fp32", versus=None, speedup=None, reference_latency_ms=None)
    assert check("toy.accuracy[kind=typo]", alone, max_drop=0.1).passed is None
    assert check("toy.accuracy[kind=typo]", alone, min=0.6).passed is False


def test_rows_of_a_registry_hold_one_metric_a_slice_and_no_answers() -> None:
    row = result(sliced.measurement())
    assert {name: metric.value for name, metric in row.slices.items()} == {
        "toy.accuracy[kind=typo]": 0.5, "toy.accuracy[kind=nickname]": 0.9, "toy.accuracy[kind=title]": 1.0,
    }  # fmt: skip
    assert row.versus is not None
    assert row.versus["toy"].answers is None
    assert row.metric("toy.accuracy[kind=typo]") == row.slices["toy.accuracy[kind=typo]"]
    assert "slices" not in result(records.measurement()).model_dump_json()


def test_two_artifacts_are_paired_within_each_slice() -> None:
    other = records.measurement("toy-b", quality={"toy": sliced.quality(sliced.THEIRS)})
    found = compare([of_measurement(sliced.measurement(), "t")], [of_measurement(other, "t")])
    typo = found.slices[0]
    assert (typo.metric, typo.first.value, typo.second.value) == ("toy.accuracy[kind=typo]", 0.5, 0.9)
    assert typo.change is not None
    assert typo.change.n == 10
    rows = [of_result(each.name, _row(each), result(each)) for each in (sliced.measurement(), other)]
    first = compare([rows[0]], [rows[1]]).slices[0]
    assert (first.metric, first.change) == (typo.metric, None)


def _row(measured: Measurement) -> object:
    from zoosmith.records.rows import row

    return row(records.build(measured.name), [measured], [], "card.md")


@pytest.mark.parametrize("value", ["a.b", "x=y", "[odd]", "名前", ""])
def test_names_of_slices_come_back(value: str) -> None:
    name = SliceName("names.accuracy", "kind", value)
    assert parsed(str(name)) == name
    assert parsed("names.accuracy") is None


def test_values_are_told_as_json_writes_them() -> None:
    assert [text_of(value) for value in (True, False, 3, "x")] == ["true", "false", "3", "x"]
    assert packed([True, False, True]).indices() == [1, 0, 1]
