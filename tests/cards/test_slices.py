"""Slices on cards: the worst beside the whole, a table of all, folded where it is long."""

from __future__ import annotations

from tests.support import records, sliced
from tests.support.cards import SUBJECT, card, tables
from zoosmith.records.family import Subject


def test_the_worst_slice_stands_in_the_headline_beside_the_whole() -> None:
    text = card(Subject(SUBJECT.build, sliced.measurement()))
    told = "kind = typo with accuracy 0.5000 (0.2366 to 0.7634) over 10 examples, 0.7742 over all"
    assert f"\nWorst slice of toy: {told}.\n" in text.partition("## When")[0]


def test_a_table_has_each_slice_with_n_interval_and_verdict() -> None:
    text = card(Subject(SUBJECT.build, sliced.measurement()))
    [table] = [table for table in tables(text) if table[0][0] == "kind"]
    assert [[*row[:2], row[2].partition(" ")[0]] for row in table[2:]] == [
        ["**typo**", "10", "0.5000"], ["**nickname**", "20", "0.9000"], ["**title**", "1", "1.0000"],
    ]  # fmt: skip
    assert table[4][2].endswith(" (none, of 1 example)")
    assert table[2][-1].startswith("−40.0 points (") and table[2][-1].endswith("; open")  # McNemar's p is 0.125
    assert "(3 slices; open: a loss over 1 point not excluded):" in text
    assert "<details><summary>By kind" not in text


def test_a_long_table_is_folded_and_its_values_are_escaped() -> None:
    kinds = [f"a|{i % 10}" for i in range(31)]
    text = card(Subject(SUBJECT.build, sliced.measurement(kinds=kinds)))
    assert (
        "<details><summary>By kind, the worst first (10 slices; open: a loss over 1 point not excluded)</summary>"
        in text
    )
    [table] = [table for table in tables(text) if table[0][0] == "kind"]
    assert len(table) == 12
    assert len({len(row) for row in table}) == 1


def test_a_card_without_slices_says_nothing_of_them() -> None:
    assert "slice" not in card(Subject(SUBJECT.build, records.measurement()))
