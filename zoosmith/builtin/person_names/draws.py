"""Rows drawn kind by kind: in equal numbers, as many of each label within a kind."""

from __future__ import annotations

import random
from collections.abc import Mapping

from zoosmith.builtin.person_names import companies
from zoosmith.builtin.person_names.kinds import ALL, COMPANY, LABELS_OF, make, pools_for
from zoosmith.builtin.person_names.listing import Listing, Pool
from zoosmith.builtin.person_names.pairs import Pair
from zoosmith.builtin.person_names.rules import identities, judge
from zoosmith.builtin.person_names.slips import misspell
from zoosmith.builtin.person_names.text import Name
from zoosmith.builtin.person_names.writing import JOINTS, Layout, draw_layout, write

Row = dict[str, str]
Taken = set[tuple[str, str]]

ATTEMPTS = 500
# How often a surname is misspelt on one side in pairs of any kind, so that a typo alone tells nothing of the label.
STRAY_TYPO = 0.06
EXACT = ("identical", "typo")


def plan(count: int, weights: Mapping[str, int]) -> list[tuple[str, str]]:
    """(kind, label) of each row: kinds in proportion to their weights, labels of a kind differing by one at most."""
    cycle = [kind for i in range(max(weights.values(), default=1)) for kind in ALL if i < weights.get(kind, 1)]
    kinds = [cycle[i % len(cycle)] for i in range(count)]
    cells = []
    seen = {kind: place // 2 for place, kind in enumerate(ALL)}  # few rows, too, are of several labels
    for kind in kinds:
        labels = LABELS_OF[kind]
        cells.append((kind, labels[seen[kind] % len(labels)]))
        seen[kind] += 1
    return cells


def draw_split(
    cells: list[tuple[str, str]], rng: random.Random, pools: list[Pool], listing: Listing, taken: Taken
) -> list[Row]:
    """A row for each (kind, label), in random order. Raises ValueError where the names are used up."""
    able = {kind: pools_for(kind, pools) for kind in ALL}
    cells = list(cells)
    rng.shuffle(cells)
    return [_draw_row(kind, label, able[kind], rng, listing, taken) for kind, label in cells]


def _draw_row(kind: str, label: str, pools: list[Pool], rng: random.Random, listing: Listing, taken: Taken) -> Row:
    """Draw until the pair bears its label by the rules and names nobody seen before."""
    weights = [pool.weight for pool in pools]
    for _ in range(ATTEMPTS):
        pool = rng.choices(pools, weights)[0]
        found = (_company if kind == COMPANY else _people)(kind, label, pool, rng, listing)
        if found is not None and taken.isdisjoint(new := [*found[2], (min(found[:2]), max(found[:2]))]):
            left, right, _ = found
            taken.update(new)
            names = (left, right) if rng.random() < 0.5 else (right, left)
            return {"name1": names[0], "name2": names[1], "label": label, "kind": kind}
    raise ValueError(f"no new {kind!r} pair in {ATTEMPTS} draws: the names are used up; ask for fewer pairs")


Found = tuple[str, str, list[tuple[str, str]]] | None


def _company(kind: str, label: str, pool: Pool, rng: random.Random, listing: Listing) -> Found:
    left, right, company = companies.draw(label, pool, rng)
    return None if left == right else (left, right, [company])


def _people(kind: str, label: str, pool: Pool, rng: random.Random, listing: Listing) -> Found:
    pair = make(kind, label, pool, rng)
    if kind not in EXACT and rng.random() < STRAY_TYPO:
        pair = pair[0], _stray(pair[1], rng)
    if judge(*pair, listing) != label:
        return None
    left, right = texts(kind, label, pair, pool, rng)
    if (left == right) != (kind == "identical" and label == "yes"):
        return None
    return left, right, identities(pair[0], listing) + identities(pair[1], listing)


def _stray(name: Name, rng: random.Random) -> Name:
    return name._replace(surname=misspell(name.surname, rng)) if len(name.surname) > 4 else name


def texts(kind: str, label: str, pair: Pair, pool: Pool, rng: random.Random) -> tuple[str, str]:
    """Both names written, each in a layout of its own; an identical pair in one layout."""
    left, right = _layouts(kind, pool, rng)
    if kind == "identical" and label == "yes":
        right = left
    return write(pair[0], left), write(pair[1], right)


def _layouts(kind: str, pool: Pool, rng: random.Random) -> list[Layout]:
    from dataclasses import replace

    left, right = (draw_layout(rng, 0.15 if pool.latin else 0.4) for _ in range(2))
    if kind in ("transliteration", "accents"):
        left, right = replace(left, ascii=False, bare=False), replace(right, ascii=True)
    joints = JOINTS if kind in ("joined", "double-surname") else ("as is",)
    return [replace(layout, joint=rng.choice(joints)) for layout in (left, right)]
