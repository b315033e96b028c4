"""The data set as a whole: shape, balance, disjoint splits, repeatability, labels that follow the rules."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from zoosmith.builtin import person_names
from zoosmith.builtin.person_names import CARD, LABELS, Params, generate
from zoosmith.builtin.person_names.listing import LATIN, NON_LATIN, load
from zoosmith.builtin.person_names.rules import judge
from zoosmith.builtin.person_names.text import distance, key

SMALL = Params(train=300, dev=90, eval=150)
DIGEST = (
    "import hashlib, json; from zoosmith.builtin.person_names import Params, generate; "
    "rows = generate(Params(train=300, dev=90, eval=150)); "
    "print(hashlib.sha256(json.dumps(rows).encode()).hexdigest())"
)


@pytest.fixture(scope="module")
def splits():
    return generate(Params())


@pytest.fixture(scope="module")
def rows(splits):
    return [row for split in splits.values() for row in split]


def tokens(text: str) -> list[str]:
    return [key(part) for part in text.replace(",", " ").split()]


def full_names(text: str) -> set[tuple[str, str]]:
    """(forename, surname) by membership of the lists alone, independently of rules.parse."""
    listing = load()
    given = [word for word in tokens(text) if word in listing.forenames]
    return {(forename, surname) for forename in given[:1] for surname in tokens(text) if surname in listing.surnames}


def test_splits_and_columns(splits):
    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": Params().train,
        "dev": Params().dev,
        "eval": Params().eval,
    }
    assert all(list(row) == ["name1", "name2", "label", "kind"] for rows in splits.values() for row in rows)
    assert set(person_names.COLUMNS.values()) == {"name1", "name2", "label"}


def test_labels_are_balanced_exactly(splits):
    for rows in splits.values():
        assert Counter(row["label"] for row in rows) == dict.fromkeys(LABELS, len(rows) // 3)


def test_at_least_half_of_the_no_pairs_are_hard(splits):
    for rows in splits.values():
        hard = [row["kind"].startswith("hard-") for row in rows if row["label"] == "no"]
        assert sum(hard) * 2 >= len(hard)


def test_hard_pairs_share_a_part_or_almost(rows):
    for row in rows:
        if row["kind"] in ("hard-near-forename", "hard-near-surname"):
            a, b = sorted(tokens(row["name1"])), sorted(tokens(row["name2"]))
            assert set(a) & set(b), row
            assert min(distance(x, y) for x in set(a) - set(b) for y in set(b) - set(a)) <= 2, row


def test_every_label_follows_from_the_two_strings(rows):
    listing = load()
    assert [row for row in rows if judge(row["name1"], row["name2"], listing) != row["label"]] == []


def test_the_order_of_the_two_names_does_not_matter(rows):
    listing = load()
    assert [row for row in rows if judge(row["name2"], row["name1"], listing) != row["label"]] == []
    longer = sum(len(row["name1"]) > len(row["name2"]) for row in rows if row["label"] == "partial")
    assert 0.4 < longer / (len(rows) / 3) < 0.6


def test_a_typo_never_makes_another_listed_name(rows):
    """A typo may make a listed short form of the same name (Steven, Steve): still the same person."""
    listing = load()
    listed = listing.forenames | listing.surnames
    for row in rows:
        if row["kind"] == "typo":
            a, b = tokens(row["name1"]), tokens(row["name2"])
            changed = (set(a) | set(b)) - (set(a) & set(b))
            if any(word in listing.short.get(other, ()) for word in changed for other in changed):
                continue
            assert 1 <= sum(word not in listed for word in changed) <= 2, row


def test_no_person_and_no_pair_is_in_two_splits(splits):
    people = {
        split: {p for r in rows for p in full_names(r["name1"]) | full_names(r["name2"])}
        for split, rows in splits.items()
    }
    pairs = {split: {frozenset((r["name1"], r["name2"])) for r in rows} for split, rows in splits.items()}
    for first, second in (("train", "dev"), ("train", "eval"), ("dev", "eval")):
        assert not pairs[first] & pairs[second]
        assert not people[first] & people[second]


def test_no_pair_recurs(rows):
    pairs = [tuple(sorted((row["name1"], row["name2"]))) for row in rows]
    assert len(set(pairs)) == len(pairs)
    assert all(row["name1"] != row["name2"] for row in rows)


def test_locales_and_scripts(rows):
    assert len(LATIN) >= 12 and NON_LATIN
    text = "".join(row["name1"] + row["name2"] for row in rows)
    for first, last in ("az", "ая", "αω", "აჰ", "աֆ"):
        assert any(first <= c <= last for c in text.lower())


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_another_process_and_hash_seed_give_the_same_rows(hash_seed):
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    run = subprocess.run([sys.executable, "-c", DIGEST], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == hashlib.sha256(json.dumps(generate(SMALL)).encode()).hexdigest()


def test_many_pairs_can_be_drawn():
    assert len(generate(Params(train=48000))["train"]) == 48000


def test_the_seed_changes_the_rows_and_a_larger_train_keeps_eval():
    rows = generate(SMALL)
    assert generate(SMALL.model_copy(update={"seed": 14}))["eval"] != rows["eval"]
    assert generate(SMALL.model_copy(update={"train": 600}))["eval"] == rows["eval"]


@pytest.mark.parametrize("pairs", [0, -3, 100])
def test_a_split_that_three_labels_cannot_share_is_refused(pairs):
    with pytest.raises(ValidationError, match=f"{pairs} is not a positive multiple of 3"):
        Params(train=pairs)


def test_an_unknown_parameter_is_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        Params.model_validate({"test": 3})


def test_running_out_of_names_says_so(monkeypatch):
    monkeypatch.setattr(person_names, "ATTEMPTS", 0)
    with pytest.raises(ValueError, match="ask for fewer pairs"):
        generate(SMALL)


def test_importing_it_imports_no_faker():
    code = "import sys, zoosmith.builtin.person_names; sys.exit(bool({'faker', 'anyascii'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_card_names_every_locale():
    assert [locale for locale in (*LATIN, *NON_LATIN) if locale not in person_names.CARD] == []


def test_the_committed_data_card_is_the_module_s() -> None:
    committed = Path(__file__).parents[2] / "docs" / "data" / "person_names.md"
    assert committed.read_text(encoding="utf-8") == CARD
