"""The card of a family: one artifact for each wish, all in a table, and what is said of it in README.md."""

from __future__ import annotations

import dataclasses

from tests.support import records
from tests.support.cards import REFERENCE, SUBJECT, given, tables
from zoosmith.cards.family import FamilyInput, plots, render, sentence
from zoosmith.records.family import Subject

SMALL = Subject(
    records.build("toy-small", artifact="small"),
    records.measurement("toy-small", size_total=5_000_000, speedup=records.bounded(1.2, 0.1, 12)),
)
FAMILY = FamilyInput("toy", given().recipe, "toy.macro_f1", [REFERENCE, SUBJECT, SMALL], apart=["toy-odd"])


def wished(family: FamilyInput) -> dict[str, str]:
    return {row[0]: row[1] for row in tables(render(family))[0][2:]}


def test_each_wish_has_the_artifact_that_answers_it() -> None:
    assert wished(FAMILY) == {
        "the fastest that loses at most 1 point": "[toy-onnx-int8](../toy-onnx-int8.md)",
        "the smallest that loses at most 1 point": "[toy-small](../toy-small.md)",
        "the fastest of which a loss over 1 point is excluded": "[toy-fp32](../toy-fp32.md)",
    }


def test_the_table_has_all_with_the_recommended_first() -> None:
    rows = tables(render(FAMILY))[1]
    assert rows[2][0] == "[toy-onnx-int8](../toy-onnx-int8.md) (recommended)"
    assert {row[0] for row in rows[3:]} == {"[toy-fp32](../toy-fp32.md)", "[toy-small](../toy-small.md)"}
    assert all("(0." in row[1] for row in rows[2:]), "each with its interval"


def test_another_host_has_a_wish_of_its_own() -> None:
    there = [
        Subject(row.build, row.measured.model_copy(update={"host": records.host("arm-4c")}))
        for row in (REFERENCE, SMALL)
    ]
    assert wished(dataclasses.replace(FAMILY, elsewhere={"arm-4c": there}))["the fastest on `arm-4c`, of 2"] == (
        "[toy-small](../toy-small.md)"
    )


def test_the_plot_is_linked_with_its_words_and_what_is_not_beside_these_is_named() -> None:
    text = render(FAMILY)
    assert list(plots(FAMILY)) == ["pareto"]
    assert "](../plots/families/toy/pareto.svg)" in text
    assert "[toy-odd](../toy-odd.md)." in text
    alone = dataclasses.replace(FAMILY, rows=[REFERENCE], apart=())
    assert plots(alone) == {}
    assert "pareto" not in render(alone) and "not beside" not in render(alone)


def test_a_sentence_says_the_same() -> None:
    assert sentence(FAMILY, "model_cards") == (
        "Of the 3 measured on `epyc-2c`, [toy-onnx-int8](model_cards/toy-onnx-int8.md) is the fastest that loses at "
        "most 1 point; [toy-small](model_cards/toy-small.md) is the smallest that loses at most 1 point; "
        "[toy-fp32](model_cards/toy-fp32.md) is the fastest of which a loss over 1 point is excluded. "
        "[All of `toy`](model_cards/families/toy.md)."
    )
