"""Pairs of person names: do both name the same person? Drawn from Faker by rules, offline and repeatable."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, field_validator

from zoosmith.builtin.person_names.card import CARD as CARD
from zoosmith.builtin.person_names.listing import Listing, Pool, load
from zoosmith.builtin.person_names.pairs import KINDS, pools_for, texts
from zoosmith.builtin.person_names.rules import identities, judge

REQUIRES = ("faker", "anyascii")
LABELS = ("no", "partial", "yes")
COLUMNS = {"first": "name1", "second": "name2", "label": "label"}
SLICES = ("kind",)  # further columns of the rows, by which evals may be sliced
LICENSE = "apache-2.0"
ATTEMPTS = 500

Row = dict[str, str]


class Params(BaseModel):
    """Pairs per split (a third of them for each label) and the seed of the draw."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    train: int = 60000
    dev: int = 600
    eval: int = 1500
    seed: int = 101

    @field_validator("train", "dev", "eval")
    @classmethod
    def _balanced(cls, pairs: int) -> int:
        if pairs < 3 or pairs % 3:
            raise ValueError(f"{pairs} is not a positive multiple of 3, one share for each label")
        return pairs


def generate(params: Params) -> dict[str, list[Row]]:
    """Split -> rows with name1, name2, label and kind (the rule that made the pair).

    Each split draws from its own generator and eval is drawn first, so a larger train leaves eval as it is.
    No person occurs twice. Raises ValueError when more pairs are asked for than the names allow.
    """
    listing = load()
    taken: set[tuple[str, str]] = set()
    splits = {
        split: _draw_split(getattr(params, split), random.Random(f"{params.seed}:{split}"), listing, taken)
        for split in ("eval", "dev", "train")
    }
    return {split: splits[split] for split in ("train", "dev", "eval")}


def _draw_split(pairs: int, rng: random.Random, listing: Listing, taken: set[tuple[str, str]]) -> list[Row]:
    pools = {kind: pools_for(kind, listing.pools) for kinds in KINDS.values() for kind in kinds}
    plan = [(label, kind) for label in LABELS for kind in _shares(label, pairs // len(LABELS))]
    rng.shuffle(plan)
    return [_draw_row(label, kind, pools[kind], rng, listing, taken) for label, kind in plan]


def _shares(label: str, pairs: int) -> Iterator[str]:
    """Kinds of a label for this many pairs, in proportion to their shares and spread evenly."""
    cycle = [kind for kind, (_, share) in KINDS[label].items() for _ in range(share)]
    for i in range(pairs):
        yield cycle[i * len(cycle) // pairs]


def _draw_row(
    label: str,
    kind: str,
    pools: list[Pool],
    rng: random.Random,
    listing: Listing,
    taken: set[tuple[str, str]],
) -> Row:
    """Draw until the pair bears its label by the rules and names nobody seen before."""
    weights = [pool.weight for pool in pools]
    for _ in range(ATTEMPTS):
        pool = rng.choices(pools, weights)[0]
        name1, name2 = texts(kind, KINDS[label][kind][0](pool, rng), pool, rng)
        people = identities(name1, listing) + identities(name2, listing)
        if name1 != name2 and judge(name1, name2, listing) == label and taken.isdisjoint(people):
            taken.update(people)
            return {"name1": name1, "name2": name2, "label": label, "kind": kind}
    raise ValueError(f"no new {kind!r} pair in {ATTEMPTS} draws: the names are used up; ask for fewer pairs")
