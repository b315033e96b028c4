"""Pairs of person names: do both name the same person? Drawn from Faker by rules, offline and repeatable."""

from __future__ import annotations

import random

from pydantic import BaseModel, ConfigDict, Field

from zoosmith.builtin.person_names.card import CARD as CARD
from zoosmith.builtin.person_names.draws import Row, draw_split, plan
from zoosmith.builtin.person_names.listing import load
from zoosmith.builtin.person_names.reserve import divide

REQUIRES = ("faker", "anyascii")
LABELS = ("no", "partial", "yes")
COLUMNS = {"first": "name1", "second": "name2", "label": "label"}
SLICES = ("kind",)  # further columns of the rows, by which evals may be sliced
LICENSE = "apache-2.0"
# Kinds that take more examples to learn have more rows in `train`; `dev` and `eval` have as many of each.
TRAIN_WEIGHTS = {
    "nickname": 6, "typo": 6, "transliteration": 4, "company": 3, "initial": 3, "patronymic": 2, "title": 2,
    "identical": 2,
}  # fmt: skip


class Params(BaseModel):
    """Pairs per split and the seed of the draw.

    both_orders: half as many pairs in `train`, each in both orders; for models that read a pair in the order given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    train: int = Field(default=72000, ge=1)
    dev: int = Field(default=576, ge=1)
    eval: int = Field(default=1920, ge=1)
    seed: int = 101
    both_orders: bool = False


def generate(params: Params) -> dict[str, list[Row]]:
    """Split -> rows with name1, name2, label and kind (the phenomenon that the pair shows).

    Each split draws from its own generator and eval is drawn first, so a larger train leaves eval as it is. No person
    occurs in two pairs, and no surname of `eval` or `dev` in train. Raises ValueError when more pairs are asked for
    than the names allow.
    """
    listing = load()
    open_, held = divide(listing)
    taken: set[tuple[str, str]] = set()

    def draw(split: str, cells: list[tuple[str, str]]) -> list[Row]:
        pools = open_ if split == "train" else held
        return draw_split(cells, random.Random(f"{params.seed}:{split}"), pools, listing, taken)

    found = {split: draw(split, plan(getattr(params, split), {})) for split in ("eval", "dev")}
    pairs = draw("train", plan(-(-params.train // (2 if params.both_orders else 1)), TRAIN_WEIGHTS))
    again = map(swapped, pairs) if params.both_orders else ()
    return {"train": [*pairs, *again][: params.train], "dev": found["dev"], "eval": found["eval"]}


def swapped(row: Row) -> Row:
    """The same pair in the other order: it means the same."""
    return {**row, "name1": row["name2"], "name2": row["name1"]}
