"""Two artifacts against each other: paired where the records allow it, and told where they do not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import records
from zoosmith.contract.errors import ZooError
from zoosmith.records.compare import Comparison, compare
from zoosmith.records.figures import Figures, of_measurement, of_result
from zoosmith.records.rows import row
from zoosmith.records.schema import Measurement
from zoosmith.stats.intervals import mcnemar_exact, paired_proportions

LABELS = ("bad", "fair", "good")
CLASS = st.integers(0, 2)
ROWS = st.lists(st.tuples(CLASS, CLASS, CLASS), min_size=2, max_size=80)


def figures(measured: Measurement, task: str = "text-classification") -> Figures:
    return of_measurement(measured, task)


def side(name: str, true: list[int], predicted: list[int], **changed: Any) -> Figures:
    right = sum(a == b for a, b in zip(true, predicted, strict=True)) / len(true)
    answers = records.answered(true, predicted, LABELS)
    quality = {"toy": records.quality(right, n=len(true), labels=LABELS, answers=answers)}
    return figures(records.measurement(name, quality=quality, **changed))


def both(rows: list[tuple[int, int, int]], **changed: Any) -> tuple[Figures, Figures]:
    true, mine, theirs = (list(column) for column in zip(*rows, strict=True))
    return side("toy-a", true, mine), side("toy-b", true, theirs, speedup=records.bounded(2.0, 0.1, 12), **changed)


@given(ROWS)
def test_exchanging_the_sides_negates_every_difference(rows: list[tuple[int, int, int]]) -> None:
    first, second = both(rows)
    there, back = compare([first], [second]), compare([second], [first])
    assert there.agreement == back.agreement
    for one, other in zip(there.changes, back.changes, strict=True):
        assert one.metric == other.metric
        assert one.change is not None
        assert other.change is not None
        assert one.change.value == pytest.approx(-other.change.value)
        assert one.change.low == pytest.approx(-other.change.high)
        assert one.change.high == pytest.approx(-other.change.low)
        assert one.change.p == other.change.p
    assert there.speed is not None
    assert back.speed is not None
    assert there.speed.low is not None
    assert there.speed.value * back.speed.value == pytest.approx(1)
    assert there.speed.low * (back.speed.high or 0) == pytest.approx(1)


@given(ROWS)
def test_the_difference_is_that_of_the_answers_themselves(rows: list[tuple[int, int, int]]) -> None:
    found = compare(*([one] for one in both(rows)))
    change = next(change for change in found.changes if change.metric == "toy.accuracy").change
    won = sum(a == true != b for true, a, b in rows)
    lost = sum(a != true == b for true, a, b in rows)
    expected = paired_proportions(len(rows) - won - lost, lost, won, 0)
    assert change is not None
    assert (change.value, change.p) == (pytest.approx((won - lost) / len(rows)), mcnemar_exact(lost, won))
    assert (change.low, change.high) == pytest.approx((expected.low, expected.high))
    assert found.agreement == pytest.approx(sum(a == b for _, a, b in rows) / len(rows))


def test_a_clear_loss_is_called_one() -> None:
    found = compare(*([one] for one in both([(0, 1, 0)] * 30 + [(1, 1, 1)] * 70)))
    verdict = found.changes[0].verdict
    assert verdict is not None
    assert verdict.kind == "loss"


def pair(**changed: Any) -> Comparison:
    return compare([figures(records.measurement("toy-a"))], [figures(records.measurement("toy-b", **changed))])


def test_without_answers_no_interval_is_made_up() -> None:
    found = pair()
    assert [change.change for change in found.changes] == [None, None]
    assert found.agreement is None
    assert "toy-a has no recorded answers; `doit build:toy-a` measures it again" in found.notes[0]


def test_the_reference_needs_no_answers() -> None:
    int8, fp32 = figures(records.measurement()), figures(records.reference())
    there, back = compare([int8], [fp32]), compare([fp32], [int8])
    assert there.notes == back.notes == []
    assert there.agreement == 0.98
    (first, *_), (mirrored, *_) = there.changes, back.changes
    assert first.change is not None
    assert mirrored.change is not None
    assert (first.change.value, first.change.low) == (-0.004, -0.014)
    assert (mirrored.change.value, mirrored.change.high) == (0.004, 0.014)
    assert there.speed == (3.0, 2.75, 3.25)
    assert back.speed == pytest.approx((1 / 3, 1 / 3.25, 1 / 2.75))


def test_hosts_and_suites_that_differ_are_told_and_milliseconds_are_not_compared() -> None:
    found = pair(host=records.host("elsewhere"), suite_version=2)
    assert not found.same_host
    assert found.speed is None
    assert any("toy-a on epyc-2c with 1 thread, toy-b on elsewhere" in note for note in found.notes)
    assert any("toy-a by quick 1, toy-b by quick 2" in note for note in found.notes)


def test_a_host_that_was_not_steady_is_told() -> None:
    unsteady = {"aa": records.bounded(1.2), "attempts": 3, "steady": False, "busy": 0.4}
    assert any("not steady while toy-b" in note for note in pair(steadiness=unsteady).notes)


def test_answers_to_other_rows_are_not_paired() -> None:
    first, second = side("toy-a", [0, 1, 2], [0, 1, 1]), side("toy-b", [0, 1, 2, 2], [0, 1, 1, 1])
    found = compare([first], [second])
    assert all(change.change is None for change in found.changes)
    assert any("answered other examples (3 and 4)" in note for note in found.notes)


def test_evals_are_matched_by_their_data_not_by_their_name() -> None:
    first, second = both([(0, 0, 1), (1, 1, 1)])
    renamed = dataclasses.replace(
        second,
        evals={"mine": second.evals["toy"]},
        scores={f"mine.{name.partition('.')[2]}": value for name, value in second.scores.items()},
    )
    assert compare([first], [renamed]).changes == compare([first], [second]).changes
    other = {"toy": records.quality(data="other")}
    found = pair(quality=other)
    assert found.changes == []
    assert "toy-a was measured on toy (toy, eval), toy-b was measured on toy (other, eval)" in found.notes[0]


def test_another_reference_leaves_a_ratio_without_interval() -> None:
    found = pair(reference="other-fp32", reference_digest=records.sha("other"))
    assert found.speed == (1.0, None, None)
    assert any("nor against one reference" in note for note in found.notes)


def test_different_tasks_are_refused() -> None:
    one, other = (
        figures(records.measurement("toy-a")),
        figures(records.measurement("toy-b"), "text-pair-classification"),
    )
    with pytest.raises(ZooError, match="toy-a answers text-classification, toy-b text-pair"):
        compare([one], [other])


def test_the_measurements_that_are_most_alike_are_taken() -> None:
    far = figures(records.measurement("toy-a", host=records.host("elsewhere"), suite="full"))
    near = figures(records.measurement("toy-a"))
    found = compare([far, near], [figures(records.measurement("toy-b"))])
    assert found.first is near


def test_rows_of_a_registry_compare_as_far_as_they_go() -> None:
    def published(name: str) -> Figures:
        made = row(records.build(name), [records.measurement(name)], [], "card.md")
        return of_result(name, made, made.results[0])

    alone = {"versus": None, "speedup": None}
    made = row(records.build("toy-fp32"), [records.measurement("toy-fp32", **alone)], [], "card.md")
    reference = of_result("toy-fp32", made, made.results[0])
    against = compare([published("toy-a")], [reference])
    assert against.changes[0].change is not None
    assert against.speed == (3.0, 2.75, 3.25)
    found = compare([published("toy-a")], [published("toy-b")])
    assert found.changes[0].change is None
    assert any("a registry's row holds no answers" in note for note in found.notes)
    assert found.speed is not None
    assert found.speed.low is not None


def text_side(name: str, nats: float, seed: int = 0, **changed: Any) -> Figures:
    quality = records.text_quality(details=records.documents(nats, seed=seed))
    return figures(records.language(name, quality={"text": quality}, **changed), "perplexity")


def test_documents_of_any_two_are_paired_by_their_recorded_scores() -> None:
    found = compare([text_side("toy-a", 3.8)], [text_side("toy-b", 3.7)])
    told = {change.metric: change for change in found.changes}
    nats = told["text.nats_per_token"]
    assert nats.change is not None and nats.verdict is not None
    assert nats.change.value == pytest.approx(0.1, abs=1e-3)
    assert nats.change.low > 0.09, "the same noise of each document is in both"
    assert nats.verdict.text == "loss of 0.1 to 0.1 nats"
    assert told["text.bits_per_byte"].change is not None
    assert told["text.perplexity"].verdict is not None and told["text.perplexity"].verdict.kind == "loss"
    assert found.agreement is None


def test_other_documents_are_not_paired() -> None:
    other = records.documents(3.7, documents=39)
    found = compare(
        [text_side("toy-a", 3.8)],
        [figures(records.language("toy-b", quality={"text": records.text_quality(details=other)}), "perplexity")],
    )
    assert all(change.change is None for change in found.changes)
    assert "text: no interval of the difference, they were scored on other documents (40 and 39)" in found.notes


def test_a_recorded_divergence_is_told_where_one_is_the_others_reference() -> None:
    one = figures(records.language(), "perplexity")
    reference = figures(records.language_reference(), "perplexity")
    for found in (compare([one], [reference]), compare([reference], [one])):
        assert [each.name for each in found.apart] == ["text.mean_kl", "text.p99_kl", "text.max_kl", "text.same_top1"]
    assert compare([one], [one]).apart == []


def test_discordant_answers_are_those_of_each_eval() -> None:
    """The second eval has ten times the discordant answers: its verdict needs far more examples."""
    quality = {"toy": records.quality(), "hard": records.quality()}
    delta = {"accuracy": records.difference(-0.005, 0.0085)}
    versus = {"toy": {"delta": delta, "lost": 4, "won": 2}, "hard": {"delta": delta, "lost": 31, "won": 29}}
    one = figures(records.measurement(quality=quality, versus=versus))
    reference = figures(records.measurement("toy-fp32", quality=quality, versus=None))
    told = {c.metric: c.verdict.text for c in compare([one], [reference]).changes if c.verdict}
    needed = {name.partition(".")[0]: int(text.rsplit(" ", 1)[1]) for name, text in told.items() if "accuracy" in name}
    assert needed["toy"] != needed["hard"]


def test_a_card_that_compares_with_another_tree_is_named_with_both_digests() -> None:
    mine = figures(records.measurement(reference_digest=records.sha("old")), "text-classification")
    plain = figures(records.reference(), "text-classification")
    found = compare([mine], [plain])
    told = f"another tree of toy-fp32, {records.sha('old')[:12]}, than is recorded now, {plain.tree[:12]}"
    assert any(told in note for note in found.notes)
    assert all(change.change is None for change in found.changes), "its recorded differences are from that other tree"
    same = figures(records.measurement(reference_digest=plain.tree), "text-classification")
    assert not any("another tree" in note for note in compare([same], [plain]).notes)
