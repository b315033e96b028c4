"""The data set as a whole: shape, balance, disjoint splits, both orders, repeatability, labels by the rules."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from zoosmith.builtin import person_names
from zoosmith.builtin.person_names import CARD, TRAIN_WEIGHTS, Params, draws, generate
from zoosmith.builtin.person_names.draws import plan
from zoosmith.builtin.person_names.kinds import ALL, LABELS_OF, pools_for
from zoosmith.builtin.person_names.listing import LATIN, NON_LATIN, load
from zoosmith.builtin.person_names.reserve import divide
from zoosmith.builtin.person_names.text import distance, key

MOST = Params(train=9000)
SMALL = Params(train=300, dev=90, eval=150)
DIGEST = (
    "import hashlib, json; from zoosmith.builtin.person_names import Params, generate; "
    "rows = generate(Params(train=300, dev=90, eval=150)); "
    "print(hashlib.sha256(json.dumps(rows).encode()).hexdigest())"
)
ORDER = ("name1", "name2")


@pytest.fixture(scope="module")
def splits():
    return generate(MOST)


@pytest.fixture(scope="module")
def rows(splits):
    return [row for split in splits.values() for row in split]


def tokens(text: str) -> list[str]:
    return [key(part) for part in text.replace(",", " ").split()]


def full_names(row: dict[str, str]) -> set[frozenset[str]]:
    """Words of each name of a person, when it has two at least of more than a letter."""
    names = [frozenset(word for word in tokens(row[side]) if len(word) > 1) for side in ORDER]
    return {words for words in names if len(words) > 1} if row["kind"] != "company" else set()


def test_splits_and_columns(splits):
    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": MOST.train,
        "dev": Params().dev,
        "eval": Params().eval,
    }
    assert all(list(row) == ["name1", "name2", "label", "kind"] for rows in splits.values() for row in rows)
    assert set(person_names.COLUMNS.values()) == {"name1", "name2", "label"}


def test_every_kind_is_as_frequent_in_eval_and_every_label_within_it(splits):
    for split in ("dev", "eval"):
        cells = Counter((row["kind"], row["label"]) for row in splits[split])
        share = len(splits[split]) // len(ALL)
        assert cells == {(kind, label): share // len(LABELS_OF[kind]) for kind in ALL for label in LABELS_OF[kind]}


@given(st.integers(1, 3000), st.sampled_from([{}, TRAIN_WEIGHTS]))
def test_labels_of_a_kind_differ_by_one_row_at_most(count, weights):
    cells = plan(count, weights)
    assert len(cells) == count
    for kind in ALL:
        shares = [cells.count((kind, label)) for label in LABELS_OF[kind]]
        assert max(shares) - min(shares) <= 1
    counts = Counter(kind for kind, _ in cells)
    per_row = [counts[kind] / weights.get(kind, 1) for kind in ALL]
    assert max(per_row) - min(per_row) <= 1


def test_both_orders_of_a_pair_have_one_label():
    rows = generate(SMALL.model_copy(update={"both_orders": True}))["train"]
    assert len(rows) == SMALL.train
    assert rows[SMALL.train // 2 :] == [person_names.swapped(row) for row in rows[: SMALL.train // 2]]
    swapped = person_names.swapped(rows[0])
    assert swapped == rows[0] | {"name1": rows[0]["name2"], "name2": rows[0]["name1"]}


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_any_seed_and_size_give_rows_that_bear_their_label(seed, size):
    made = generate(Params(train=size, dev=size, eval=size, seed=seed))
    assert all(len(rows) == size for rows in made.values())
    assert made == generate(Params(train=size, dev=size, eval=size, seed=seed))
    assert all(row["label"] in LABELS_OF[row["kind"]] for rows in made.values() for row in rows)


def test_identical_names_are_yes_and_nothing_else_is_identical(rows):
    same = [row for row in rows if row["name1"] == row["name2"]]
    assert {(row["kind"], row["label"]) for row in same} == {("identical", "yes")}
    assert len(same) == sum(row["kind"] == "identical" and row["label"] == "yes" for row in rows)


def test_the_side_tells_nothing(splits):
    partial = [row for row in splits["eval"] if row["label"] == "partial"]
    longer = sum(len(row["name1"]) > len(row["name2"]) for row in partial)
    assert 0.35 < longer / len(partial) < 0.65


def test_relatives_share_a_surname_and_namesakes_a_forename(splits):
    surnames = load().surnames
    for row in splits["eval"]:
        if row["label"] == "no" and row["kind"] in ("family", "namesake"):
            families = [{word for word in tokens(row[side]) if word in surnames} for side in ORDER]
            if all(families) and all(name.isascii() for name in (row["name1"], row["name2"])):
                assert bool(families[0] & families[1]) is (row["kind"] == "family"), row


def test_neighbours_are_near_and_typos_make_no_listed_name(splits):
    """Of the pairs in one spelling: they share a word (two typos may hit both)."""
    listed = load().forenames | load().surnames
    checked = 0
    for row in splits["eval"]:
        a, b = (set(tokens(row[side])) for side in ORDER)
        if row["kind"] == "typo" and a & b:
            pairs = [(x, y) for x in a - b for y in b - a if distance(x, y) <= 2]
            assert pairs, row
            if row["label"] == "no":
                assert any(x in listed and y in listed for x, y in pairs), row
            else:
                assert any(word not in listed for word in a ^ b), row
            checked += 1
    assert checked > 80


def test_no_person_and_no_pair_is_in_two_splits(splits):
    people = {split: {name for row in rows for name in full_names(row)} for split, rows in splits.items()}
    for first, second in (("train", "dev"), ("train", "eval"), ("dev", "eval")):
        assert not people[first] & people[second]


def test_no_surname_of_eval_is_in_train(splits):
    listing = load()
    held = {key(name) for pool in divide(listing)[1] for name in pool.surnames}
    found = {
        split: {word for row in rows for side in ORDER for word in tokens(row[side])} & held
        for split, rows in splits.items()
    }
    assert len(found["eval"]) > 400
    seen = Counter(word for row in splits["train"] for side in ORDER for word in tokens(row[side]) if word in held)
    # A misspelling in train may hit a held name by chance; a drawn name cannot.
    assert sum(seen.values()) <= len(splits["train"]) / 200, seen.most_common(5)


def test_no_pair_recurs(splits):
    pairs = [tuple(sorted((row["name1"], row["name2"]))) for rows in splits.values() for row in rows]
    assert len(set(pairs)) == len(pairs)


def test_locales_and_scripts(rows):
    assert len(LATIN) >= 12 and NON_LATIN
    text = "".join(row["name1"] + row["name2"] for row in rows)
    for first, last in ("az", "ая", "αω", "აჰ", "աֆ"):
        assert any(first <= c <= last for c in text.lower())


def test_every_kind_can_be_made_of_held_names():
    _, held = divide(load())
    assert [kind for kind in ALL if not pools_for(kind, held)] == []


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_another_process_and_hash_seed_give_the_same_rows(hash_seed):
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    run = subprocess.run([sys.executable, "-c", DIGEST], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == hashlib.sha256(json.dumps(generate(SMALL)).encode()).hexdigest()


def test_many_pairs_can_be_drawn():
    assert len(generate(Params())["train"]) == Params().train


def test_the_seed_changes_the_rows_and_a_larger_train_keeps_eval():
    rows = generate(SMALL)
    assert generate(SMALL.model_copy(update={"seed": 14}))["eval"] != rows["eval"]
    assert generate(SMALL.model_copy(update={"train": 600}))["eval"] == rows["eval"]


@pytest.mark.parametrize("pairs", [0, -3])
def test_a_split_without_rows_is_refused(pairs):
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Params(train=pairs)


def test_an_unknown_parameter_is_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        Params.model_validate({"test": 3})


def test_running_out_of_names_says_so(monkeypatch):
    monkeypatch.setattr(draws, "ATTEMPTS", 0)
    with pytest.raises(ValueError, match="ask for fewer pairs"):
        generate(SMALL)


def test_importing_it_imports_no_faker():
    code = "import sys, zoosmith.builtin.person_names; sys.exit(bool({'faker', 'anyascii'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_card_names_every_locale_and_kind():
    assert [name for name in (*LATIN, *NON_LATIN, *ALL) if name not in person_names.CARD] == []


def test_the_committed_data_card_is_the_module_s() -> None:
    committed = Path(__file__).parents[2] / "docs" / "data" / "person_names.md"
    assert committed.read_text(encoding="utf-8") == CARD
