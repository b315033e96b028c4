"""A version held against another: by the recipe's limits, else by the metric's margin."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.records import answered, bounded, build, host, measurement, quality, sha
from zoosmith.contract.errors import ZooError
from zoosmith.records.figures import Figures, of_measurement, of_result
from zoosmith.records.gates import Check
from zoosmith.records.judging import LIMIT, judged, unpaired
from zoosmith.records.rows import row
from zoosmith.records.scores import Metric


def side(accuracy: float, mark: str, **changed: Any) -> list[Figures]:
    """What a registry holds of a version."""
    told = {"quality": {"toy": quality(accuracy)}, "tree_digest": sha(mark)} | changed
    made = row(build("toy", tree_digest=sha(mark)), [measurement("toy", **told)], [], "")
    return [of_result("toy", made, made.results[0])]


def limit(text: str, gate: str = "toy.accuracy", passed: bool | None = True) -> Check:
    return Check(gate=gate, limit=text, passed=passed)


@pytest.mark.parametrize(
    ("checks", "missed"),
    [
        ((), ["toy.accuracy", "toy.macro_f1"]),  # 2 points lost, and a margin of 1
        ((limit("max_regression 0.03"),), ["toy.macro_f1"]),
        ((limit("max_regression 0.03"), limit("max_drop 0.03", "toy.macro_f1")), []),
        ((limit("max_regression 0.03 (sure)"), limit("max_drop 0.03", "toy.macro_f1")), ["toy.accuracy"]),
    ],
)
def test_a_limit_of_the_recipe_goes_before_the_margin(checks: tuple[Check, ...], missed: list[str]) -> None:
    found = judged("toy@2", side(0.88, "2"), checks, "toy@1", side(0.90, "1"))
    assert [check.gate for check in found.missed] == missed
    [accuracy] = [check for check in found.checks if check.gate == "toy.accuracy"]
    assert accuracy.value == pytest.approx(0.02)
    assert accuracy.low == pytest.approx(0.02 - 0.02 * 2**0.5)
    assert "toy@2 against toy@1, on record" in found.text
    assert any("not paired" in note for note in found.notes)


def test_what_it_missed_on_record_is_missed_still() -> None:
    found = judged("toy@2", side(0.95, "2"), [limit("min 0.99", passed=False)], "toy@1", side(0.90, "1"))
    assert [check.limit for check in found.missed] == ["min 0.99"]
    first = judged("toy@2", side(0.95, "2"), [limit("min 0.9")], None, [])
    assert (first.missed, first.checks) == ([], ())


def test_answers_are_paired_where_they_are_known() -> None:
    true = [0, 1] * 100
    sides = []
    for mark, wrong in (("2", 12), ("1", 10)):
        told = [1 - label if number < wrong else label for number, label in enumerate(true)]
        scores = quality(1 - wrong / 200, n=200, answers=answered(true, told))
        made = measurement("toy", quality={"toy": scores}, tree_digest=sha(mark), reference_digest=sha("r"))
        sides.append([of_measurement(made, "text-classification")])
    found = judged("toy@2", sides[0], [], "toy@1", sides[1])
    [accuracy] = [check for check in found.checks if check.gate == "toy.accuracy"]
    assert accuracy.value == pytest.approx(0.01)
    assert accuracy.passed, "a loss of the margin itself is within it"
    assert "not decidable with 200" in accuracy.note
    assert not any("not paired" in note for note in found.notes)


def test_what_cannot_be_compared_is_an_error_with_the_way_out() -> None:
    with pytest.raises(ZooError, match="nothing is measured of toy@1 on record; `--measure`"):
        judged("toy@2", side(0.9, "2"), [], "toy@1", [])
    with pytest.raises(ZooError, match="cannot be compared on record: no eval in common"):
        judged("toy@2", side(0.9, "2"), [], "toy@1", side(0.9, "1", quality={"other": quality(0.9)}, versus=None))


def test_the_evidence_holds_what_was_compared() -> None:
    found = judged("toy@2", side(0.9, "2", host=host("b")), [limit("min 0.8")], "toy@1", side(0.9, "1"))
    told = json.loads(found.evidence)
    assert (told["version"], told["against"], told["how"]) == ("toy@2", "toy@1", "on record")
    assert told["figures"]["first"]["tree"] == sha("2")
    assert [check["gate"] for check in told["recorded"]] == ["toy.accuracy"]
    assert any("different hosts" in note for note in told["notes"])


def test_the_interval_of_two_independent_values() -> None:
    """R: MOVER of 0.8 [0.7, 0.9] and 0.5 [0.4, 0.6] is 0.3 -+ sqrt(0.02)."""
    first, second = (Metric.model_validate(bounded(value, 0.1)) for value in (0.8, 0.5))
    found = unpaired(first, second)
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.3 - 0.02**0.5, 0.3 + 0.02**0.5))


@pytest.mark.parametrize("text", ["max_regression 0.01", "max_drop 1e-05 (sure)", "min 50 (sure)"])
def test_limits_are_read_as_gates_write_them(text: str) -> None:
    assert LIMIT.fullmatch(text)
