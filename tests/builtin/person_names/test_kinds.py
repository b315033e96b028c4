"""Each kind by its makers and the rules together."""

from __future__ import annotations

import random

import pytest

from zoosmith.builtin.person_names.draws import EXACT, draw_split, texts
from zoosmith.builtin.person_names.kinds import COMPANY, KINDS, make, pools_for
from zoosmith.builtin.person_names.listing import load
from zoosmith.builtin.person_names.rules import judge
from zoosmith.builtin.person_names.text import Name, is_initial, key

CELLS = [(kind, label) for kind, makers in KINDS.items() for label in makers]


def judged(kind: str, label: str, count: int = 40) -> list[tuple[Name, Name]]:
    """Pairs of a cell that bear its label, of all pools."""
    listing, rng, found = load(), random.Random(3), []
    pools = pools_for(kind, list(listing.pools))
    while len(found) < count:
        pair = make(kind, label, rng.choice(pools), rng)
        if judge(*pair, listing) == label:
            found.append(pair)
    return found


@pytest.mark.parametrize(("kind", "label"), CELLS)
def test_a_maker_mostly_makes_its_label(kind, label):
    listing, rng = load(), random.Random(5)
    pools = pools_for(kind, list(listing.pools))
    found = [judge(*make(kind, label, rng.choice(pools), rng), listing) for _ in range(200)]
    assert found.count(label) > 60
    # What contradicts the label is drawn again; "no" pairs may by chance be of one person, never often.
    assert sum(other not in (label, None) for other in found) < 100


def test_relatives_have_one_surname_and_other_forenames():
    for a, b in judged("family", "no"):
        assert key(a.surname) == key(b.surname) and key(a.forename) != key(b.forename)


def test_neighbours_differ_in_one_part():
    for a, b in judged("typo", "no"):
        assert sum(key(x) != key(y) for x, y in zip(a, b, strict=True)) == 1


def test_patronymics_are_told_apart():
    for a, b in judged("patronymic", "no"):
        assert key(a.surname) == key(b.surname)
        assert key(a.middle) != key(b.middle) or key(a.forename) != key(b.forename)


def test_an_initial_is_on_one_side_of_a_partial_pair():
    for pair in judged("initial", "partial"):
        assert sum(is_initial(name.forename) for name in pair) == 1


def test_identical_pairs_are_of_all_forms():
    names = [pair[0] for pair in judged("identical", "yes", 400)]
    assert any(is_initial(name.forename) for name in names)
    assert any(not name.surname for name in names) and any(not name.forename for name in names)
    assert any(name.title for name in names) and any(" " in name.surname for name in names)


def test_identical_texts_are_written_once():
    pool, rng = load().pools[0], random.Random(1)
    for _ in range(50):
        left, right = texts("identical", "yes", make("identical", "yes", pool, rng), pool, rng)
        assert left == right


def test_a_misspelling_is_strayed_into_pairs_of_any_label():
    rng, listing = random.Random(11), load()
    for label in ("yes", "no"):
        rows = draw_split([("layout", label)] * 400, rng, list(listing.pools), listing, set())
        listed = listing.forenames | listing.surnames
        latin = [row for row in rows if (row["name1"] + row["name2"]).isascii()]
        strange = [
            row for row in latin if any(key(word) not in listed for word in row["name2"].split() if len(word) > 2)
        ]
        assert len(strange) > 3
    assert COMPANY not in EXACT
