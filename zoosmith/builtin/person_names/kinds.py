"""The kinds of pairs there are: which maker stands for each label, and which pools it needs."""

from __future__ import annotations

import random
from collections.abc import Callable

from zoosmith.builtin.person_names import customs, pairs
from zoosmith.builtin.person_names.companies import has_companies
from zoosmith.builtin.person_names.listing import Pool
from zoosmith.builtin.person_names.pairs import Maker, Pair

# kind -> label -> its maker. Within each kind the labels are equally frequent. Companies have a module of their own.
KINDS: dict[str, dict[str, Maker]] = {
    "identical": {"yes": pairs.same, "no": pairs.strangers},
    "layout": {"yes": pairs.same, "no": pairs.relative_or_namesake},
    "accents": {"yes": pairs.same, "no": pairs.relative_or_namesake},
    "transliteration": {"yes": pairs.same, "no": pairs.relative_or_namesake},
    "family": {"yes": pairs.dropped_middle, "no": pairs.relative},
    "namesake": {"yes": pairs.dropped_middle, "no": pairs.namesake},
    "typo": {"yes": pairs.typo, "no": pairs.neighbour},
    "nickname": {"yes": pairs.nickname, "no": pairs.nickname_of_another},
    "initial": {"yes": pairs.same_initials, "partial": pairs.initial_forename, "no": pairs.wrong_initial},
    "missing": {"yes": pairs.part_twice, "partial": pairs.only_part, "no": pairs.part_of_another},
    "middle": {"yes": pairs.dropped_middle, "no": pairs.other_middle},
    "patronymic": {"yes": customs.same_father, "no": customs.other_father},
    "joined": {"yes": customs.joined, "no": customs.joined_differently},
    "double-surname": {"yes": customs.two_surnames, "no": customs.other_surnames},
    "title": {"yes": customs.same_title, "partial": customs.title_of_a_part, "no": customs.other_title},
}
COMPANY = "company"
ALL = (*KINDS, COMPANY)
LABELS_OF = {**{kind: tuple(makers) for kind, makers in KINDS.items()}, COMPANY: ("yes", "partial", "no")}

NEEDS: dict[str, Callable[[Pool], object]] = {
    "nickname": lambda pool: pool.nicknames,
    "typo": lambda pool: pool.near_surnames and pool.near_forenames,
    "transliteration": lambda pool: not pool.latin,
    "accents": lambda pool: pool.latin and not "".join(pool.surnames + pool.forenames).isascii(),
    "patronymic": lambda pool: pool.patronymics,
    COMPANY: has_companies,
}


def pools_for(kind: str, pools: list[Pool]) -> list[Pool]:
    """The pools that a kind can be made from."""
    return [pool for pool in pools if NEEDS.get(kind, bool)(pool)]


def make(kind: str, label: str, pool: Pool, rng: random.Random) -> Pair:
    """A pair of a kind of persons; its label has to be judged."""
    maker = KINDS[kind][label]
    if kind != "identical" or label == "no":
        return maker(pool, rng)
    kinds = [other for other in KINDS if other != "identical" and NEEDS.get(other, bool)(pool)]
    any_kind = rng.choice(kinds)
    name = rng.choice(KINDS[any_kind][rng.choice(list(KINDS[any_kind]))](pool, rng))
    return name, name
