"""A cross-validation in words: the table of the terminal, and the line of the card."""

from __future__ import annotations

from tests.support.cards import card
from tests.support.crossval import crossval, fold
from zoosmith.cards.crossval import line, remarks, table
from zoosmith.records.crossval import means


def test_the_table_has_each_fold_then_mean_spread_and_interval() -> None:
    assert table(crossval((0.9, 0.8))) == [
        ["fold", "n", "accuracy"],
        ["1", "32", "0.9000"],
        ["2", "32", "0.8000"],
        ["mean", "64", "0.8500"],
        ["std dev", "", "0.0707"],
        ["95 % of the mean", "", "0.2147 to 1.0000"],  # t of 1 degree of freedom: 12.7062, and no share is over 1
    ]


def test_a_unit_stands_in_the_head() -> None:
    metrics = {"kl": {"value": 0.1, "n": 32, "unit": "nats", "better": "lower"}}
    folds = (fold(1, 0, metrics=metrics), fold(2, 0, metrics=metrics))
    assert table(crossval(folds=folds, mean=means(folds)))[0] == ["fold", "n", "kl, nats"]


def test_what_was_folded_is_said_with_the_caveat() -> None:
    splits = {"dev": "b" * 64, "train": "a" * 64}
    (told,) = remarks(crossval(rows=80, splits=splits, group=("person",)))
    assert "5 folds of 80 of 160 rows of train and dev" in told
    assert "no two folds share a person" in told
    assert "folds share training rows" in told


def test_a_parent_that_has_seen_the_rows_is_told() -> None:
    found = crossval(learnt_before=("toy-fp32",))
    assert "toy-fp32, trained on these rows, the held-out ones too" in remarks(found)[1]
    assert line(found).endswith("toy-fp32 had learnt from all of them before.")


def test_examples_learnt_from_are_told_where_the_builder_tells_them() -> None:
    folds = (fold(1, 0.9, trained_on=70), fold(2, 0.8, trained_on=72))
    assert "trained anew for each on 70 to 72 rows" in line(crossval(folds=folds))
    assert "trained anew for each on 70 rows" in line(crossval(folds=(folds[0], folds[0])))
    assert "trained anew for each and scored" in line(crossval(folds=(folds[0], fold(2, 0.8))))


def test_the_card_shows_it_as_one_line_and_is_else_as_before() -> None:
    found = crossval(splits={"train": "a" * 64})
    without, shown = card().splitlines(), card(crossval=found).splitlines()
    added = [text for text in shown if text not in without]
    assert added == [line(found)]
    assert "accuracy 0.8600 (0.8404 to 0.8796), standard deviation 0.0158" in added[0]
    assert "ross-validat" not in card()
