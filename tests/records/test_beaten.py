"""Baselines beside an artifact: paired on the same examples, beaten by the whole interval or not."""

from __future__ import annotations

import pytest

from tests.support import records
from tests.support.cards import SUBJECT, card, tables
from zoosmith.records.baselines import baselines_of
from zoosmith.records.beaten import beside, unbeaten
from zoosmith.records.compare import compare
from zoosmith.records.family import Subject
from zoosmith.records.figures import of_measurement
from zoosmith.records.rows import result
from zoosmith.records.schema import Measurement
from zoosmith.stats import paired

TRUE = [0, 1] * 50
GOOD = [*TRUE[:95], *(1 - t for t in TRUE[95:])]
WEAK = [*TRUE[:70], *(1 - t for t in TRUE[70:])]


def measured(name: str = "toy-onnx-int8", mine: list[int] = GOOD, baseline: list[int] = WEAK) -> Measurement:
    quality = records.quality(n=100, answers=records.answered(TRUE, mine))
    told = {"fit": "no, yes from 0.700 (train, 60 rows)", "answers": records.answered(TRUE, baseline).model_dump()}
    return records.measurement(name, quality={"toy": quality | {"baselines": {"edit_distance": told}}})


def test_a_baseline_has_the_metrics_of_its_own_answers_and_a_paired_difference() -> None:
    [one] = beside(measured().quality["toy"])
    assert one.metrics["accuracy"].value == 0.7
    joint = {(t, w, g): 0 for t in (0, 1) for w in (0, 1) for g in (0, 1)}
    for cell in zip(TRUE, WEAK, GOOD, strict=True):
        joint[cell] += 1
    expected = paired.deltas({cell: n for cell, n in joint.items() if n})["macro_f1"][0]
    change = one.change["macro_f1"]
    assert (change.low, change.high) == (round(expected.low, 6), round(expected.high, 6))
    assert one.beaten


@pytest.mark.parametrize(("mine", "baseline"), [(WEAK, GOOD), (GOOD, GOOD), ([*TRUE[:97], 0, 1, 0], GOOD)])
def test_worse_equal_or_hardly_better_is_not_beaten(mine: list[int], baseline: list[int]) -> None:
    assert [(id, one.name) for id, one in unbeaten(measured(mine=mine, baseline=baseline).quality)] == [
        ("toy", "edit_distance")
    ]


def test_a_card_says_so_at_its_top_and_has_a_table() -> None:
    text = card(Subject(SUBJECT.build, measured(mine=WEAK, baseline=GOOD)))
    top = text[: text.index("**", text.index("\n> **Does not beat a baseline") + 10)]
    assert top.index("> **Does not beat a baseline") < text.index("## When to choose it")
    assert "on toy, edit_distance (macro_f1 0.9500, this artifact 0.8900, difference -0.25" in text
    [table] = [table for table in tables(text) if table[0][0] == "baseline"]
    assert table[2][0] == "**edit_distance**"
    assert table[2][3].endswith("**not beaten**")


def test_a_card_of_what_beats_them_says_nothing_at_the_top() -> None:
    text = card(Subject(SUBJECT.build, measured()))
    assert "Does not beat" not in text
    assert "Baselines on the same examples" in text
    assert "aseline" not in card(SUBJECT)


def test_a_comparison_tells_how_far_each_is_above_it() -> None:
    one, other = (of_measurement(measured(*each), "t") for each in (("toy-a", GOOD), ("toy-b", WEAK)))
    [note] = [note for note in compare([one], [other]).notes if "baseline" in note]
    assert note.startswith("baseline edit_distance on toy: macro_f1 0.70")
    assert "toy-a +0.2" in note
    assert note.endswith("which does not beat it")


def test_rows_of_a_registry_hold_the_metric_that_decides() -> None:
    told = result(measured()).baselines
    assert {id: [*names] for id, names in told.items()} == {"toy": ["edit_distance"]}
    assert "baselines" not in result(records.measurement()).model_dump_json()


def test_rows_that_were_measured_are_taken_out_of_all() -> None:
    told = {"labels": ["no", "yes"], "baselines": {"majority": {"fit": "always yes", "predicted": [1, 0, 1, 0]}}}
    found = baselines_of(told, [["a", "b"], ["c", "d"]], ["Yes", "no"], slice(None, None, 2))
    assert found["majority"].answers.names() == (["yes", "no"], ["yes", "yes"])
    with pytest.raises(ValueError, match="'maybe' is none of those"):
        baselines_of(told, [["a", "b"]], ["maybe"], slice(1))
