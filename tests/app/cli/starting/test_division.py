"""How rows are split: by what they say."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from zoosmith.app.cli.starting.division import FEWEST_TEXTS, SPLITS, divided
from zoosmith.app.cli.starting.survey import Labelled, same

TEXTS = st.text("abAB ", min_size=1, max_size=4).filter(str.strip)
ROWS = st.lists(st.builds(Labelled, TEXTS, st.sampled_from("xyz")), max_size=60)


@given(ROWS)
def test_every_row_is_in_one_split_in_its_order(rows: list[Labelled]) -> None:
    found = divided(rows)
    assert Counter(row for split in SPLITS for row in found[split]) == Counter(rows)
    for split in SPLITS:
        places = iter(rows)
        assert all(row in places for row in found[split])


@given(ROWS)
def test_twins_are_never_apart(rows: list[Labelled]) -> None:
    found = {split: {same(row.text) for row in each} for split, each in divided(rows).items()}
    assert not found["train"] & found["dev"]
    assert not found["train"] & found["test"]
    assert not found["dev"] & found["test"]


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_a_table_of_one_label_a_text_does_not_matter(rows: list[Labelled], source: Random) -> None:
    first = list({same(row.text): row for row in rows}.values())
    again = list(first)
    source.shuffle(again)
    assert {split: set(each) for split, each in divided(first).items()} == {
        split: set(each) for split, each in divided(again).items()
    }


def test_each_class_is_in_each_split_with_its_share() -> None:
    rows = [Labelled(f"{label} {i}", label) for label, count in (("x", 200), ("y", 20)) for i in range(count)]
    found = divided(sorted(rows, key=lambda row: row.label))
    counts = {split: Counter(row.label for row in each) for split, each in found.items()}
    assert counts == {"train": {"x": 160, "y": 16}, "dev": {"x": 20, "y": 2}, "test": {"x": 20, "y": 2}}


def test_a_class_of_too_few_texts_is_only_learnt() -> None:
    rows = [Labelled(str(i), "x") for i in range(FEWEST_TEXTS)] + [Labelled("a", "y"), Labelled("b", "y")]
    found = divided(rows)
    assert [len(found[split]) for split in SPLITS] == [3, 1, 1]
    assert {row.label for split in ("dev", "test") for row in found[split]} == {"x"}
