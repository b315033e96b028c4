"""Folds: stratified, repeatable whatever the order of the rows, and what belongs together is together."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from zoosmith.contract.errors import ZooError
from zoosmith.sources import folds
from zoosmith.sources.folds import LEFT_OUT, TEXT, Row, assigned, quotas, refuse_bare, refuse_shared


def row(i: int, label: str, split: str = "train", *keys: tuple[str, str], text: str | None = None) -> Row:
    content = text or f"text {i}"
    return Row(split, i + 1, label, ((TEXT, content), *keys), content)


def mixed(train: int = 90, dev: int = 30) -> list[Row]:
    """Three classes, one of them half as frequent."""
    labels = ("no", "yes", "no", "yes", "partial")
    made = [row(i, labels[i % 5]) for i in range(train)]
    return made + [row(i, labels[i % 5], "dev", text=f"dev {i}") for i in range(dev)]


def by_fold(rows: list[Row], found: list[int], of: str) -> dict[object, list[int]]:
    """How many rows of each class, or split and class, each fold has."""
    counts: Counter[tuple[object, int]] = Counter((getattr(r, of), fold) for r, fold in zip(rows, found, strict=True))
    used = sorted(set(found) - {LEFT_OUT})
    return {key: [counts[key, fold] for fold in used] for key in {getattr(r, of) for r in rows}}


@pytest.mark.parametrize("k", [2, 3, 5, 7])
def test_every_class_of_every_split_is_spread_evenly(k: int) -> None:
    rows = mixed()
    found = assigned(rows, k, seed=1)
    assert set(found) == set(range(1, k + 1))
    for of in ("label", "stratum"):
        for key, counts in by_fold(rows, found, of).items():
            assert max(counts) - min(counts) <= 1, (of, key, counts)


def test_content_and_seed_decide_and_the_order_of_rows_does_not() -> None:
    rows = mixed()
    found = dict(zip(rows, assigned(rows, 5, seed=1), strict=True))
    shuffled = random.Random(3).sample(rows, len(rows))
    assert dict(zip(shuffled, assigned(shuffled, 5, seed=1), strict=True)) == found
    assert dict(zip(rows, assigned(rows, 5, seed=2), strict=True)) != found


def test_twins_fall_in_one_fold_across_splits_and_labels() -> None:
    rows = [*mixed(), *(row(200 + i, "yes", "dev", text=f"text {i}") for i in range(20))]
    found = assigned(rows, 5, seed=1)
    refuse_shared(rows, found)
    assert [found[i] for i in range(20)] == found[-20:]


def test_groups_never_share_folds_even_over_others() -> None:
    rows = [row(i, "no", "train", ("person", f"p{i}"), ("person", f"p{i + 1}")) for i in range(3)]
    rows += [row(10 + i, "no" if i % 2 else "yes", "train", ("person", f"q{i // 2}")) for i in range(40)]
    found = assigned(rows, 5, seed=1)
    refuse_shared(rows, found)
    assert len(set(found[:3])) == 1  # p0-p1, p1-p2, p2-p3
    assert all(found[3 + i] == found[4 + i] for i in range(0, 40, 2))
    assert max(by_fold(rows, found, "label")["yes"]) <= 5  # 20 in 5 folds, beside a group of three of the other class


def test_a_fold_that_shares_a_person_with_another_is_told_with_both_rows() -> None:
    rows = [row(0, "no", "train", ("person", "Ada")), row(1, "yes"), row(4, "yes", "dev", ("person", "Ada"))]
    said = r"row 1 of train and row 5 of dev share the person 'Ada', .* folds 1 and 2"
    with pytest.raises(ZooError, match=said) as told:
        refuse_shared(rows, [1, 1, 2])
    assert "put both into one fold" in str(told.value)
    refuse_shared(rows, [1, 1, LEFT_OUT])


def test_equal_texts_in_two_folds_are_told() -> None:
    rows = [row(0, "no", text="a"), row(1, "no", text="a")]
    with pytest.raises(ZooError, match="row 1 of train and row 2 of train share the same texts"):
        refuse_shared(rows, [1, 2])


def test_a_class_of_fewer_rows_than_folds_is_told_with_what_to_do() -> None:
    rows = [*mixed(), row(500, "rare"), row(501, "rare"), row(502, "rare")]
    with pytest.raises(ZooError, match="the class 'rare' has 3 rows, fewer than 5 folds; take `--folds 3`"):
        assigned(rows, 5, seed=1)
    assigned(rows, 3, seed=1)
    with pytest.raises(ZooError, match="the class 'rare' has 1 rows, fewer than 5 folds; more rows are needed"):
        assigned(rows[:-2], 5, seed=1)


def test_a_class_of_fewer_groups_than_folds_is_told() -> None:
    rows = [*mixed(), *(row(500 + i, "rare", "train", ("person", f"p{i % 2}")) for i in range(8))]
    with pytest.raises(ZooError, match="the class 'rare' has 2 groups of rows that must not part, fewer than 3 folds"):
        assigned(rows, 3, seed=1)


def test_rows_without_classes_are_folded_too() -> None:
    found = assigned([row(i, "") for i in range(10)], 5, seed=1)
    assert Counter(found) == dict.fromkeys(range(1, 6), 2)
    with pytest.raises(ZooError, match="there are 3 rows, fewer than 5 folds"):
        assigned([row(i, "") for i in range(3)], 5, seed=1)


def test_fewer_rows_keep_the_shares_of_classes_and_splits() -> None:
    rows = mixed(900, 100)
    found = assigned(rows, 5, seed=1, most=200)
    kept = Counter(r.stratum for r, fold in zip(rows, found, strict=True) if fold != LEFT_OUT)
    assert kept.total() == 200
    assert (kept["train", "no"], kept["train", "partial"], kept["dev", "partial"]) == (72, 36, 4)  # a fifth of each
    assert assigned(rows, 5, seed=1, most=200) == found


def test_more_rows_than_there_are_are_all() -> None:
    rows = mixed()
    assert assigned(rows, 5, seed=1, most=10_000) == assigned(rows, 5, seed=1)


def test_a_group_is_taken_whole_or_left_out() -> None:
    rows = [row(i, "ab"[i % 2], "train", ("person", f"p{i // 4}")) for i in range(80)]
    found = assigned(rows, 4, seed=1, most=40)
    kept = [fold != LEFT_OUT for fold in found]
    assert sum(kept) == 40
    assert all(len(set(kept[i : i + 4])) == 1 for i in range(0, 80, 4))


def test_a_small_split_keeps_two_rows_of_each_class() -> None:
    sizes = {("train", "a"): 10_000, ("train", "b"): 10_000, ("dev", "a"): 10, ("dev", "b"): 10}
    found = quotas(sizes, 100)
    assert (found["dev", "a"], found["dev", "b"], found.total()) == (2, 2, 100)
    with pytest.raises(ZooError, match="take `--rows 8` or more"):
        quotas(sizes, 7)


def test_a_fold_without_a_class_is_told() -> None:
    rows = [row(0, "no"), row(1, "yes"), row(2, "no")]
    with pytest.raises(ZooError, match="fold 2 holds no row of the class 'yes'"):
        refuse_bare(rows, [1, 1, 2])


def test_large_groups_come_first() -> None:
    rows = [row(i, "a", "train", ("person", "big" if i < 3 else f"p{i}")) for i in range(6)]
    assert [len(group) for group in folds.groups(rows, 1)] == [3, 1, 1, 1]
