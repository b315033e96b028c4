"""Pairs by customs: patronymics, joined and split names, two surnames, titles and generations."""

from __future__ import annotations

import random

from zoosmith.builtin.person_names import titles
from zoosmith.builtin.person_names.listing import Pool
from zoosmith.builtin.person_names.pairs import Pair, relative
from zoosmith.builtin.person_names.people import (
    another,
    anybody,
    initial,
    other_word,
    person_with_compound,
    person_with_patronymic,
    person_with_two_surnames,
)
from zoosmith.builtin.person_names.text import Name, words


def same_father(pool: Pool, rng: random.Random) -> Pair:
    """The patronymic in full on one side; in full, as an initial or left out on the other."""
    name = person_with_patronymic(pool, rng)
    return name, name._replace(middle=rng.choice((name.middle, initial(name.middle), "")))


def other_father(pool: Pool, rng: random.Random) -> Pair:
    """Another patronymic (also as an initial), or a brother or sister."""
    name = person_with_patronymic(pool, rng)
    other = rng.choice(pool.patronymics)
    sibling = name._replace(forename=another(name.forename, pool, rng), middle=rng.choice(("", name.middle)))
    cousin = name._replace(middle=rng.choice((other, initial(other))))
    return name, rng.choice((sibling, cousin, cousin))


def joined(pool: Pool, rng: random.Random) -> Pair:
    """One name whose words can be put together in several ways."""
    name = person_with_compound(pool, rng)
    return name, name


def joined_differently(pool: Pool, rng: random.Random) -> Pair:
    """One word of a compound exchanged, or another forename before the same surname."""
    name = person_with_compound(pool, rng)
    other = other_word(name.surname, pool.surnames, rng)
    names = tuple(part for part in pool.forenames if "-" not in part) or pool.forenames
    forename = (
        other_word(name.forename, names, rng) if len(words(name.forename)) > 1 else another(name.forename, pool, rng)
    )
    return name, rng.choice((name._replace(surname=other), name._replace(forename=forename)))


def two_surnames(pool: Pool, rng: random.Random) -> Pair:
    """Both surnames on both sides, or one of them left out."""
    name = person_with_two_surnames(pool, rng)
    first, last = words(name.surname)[0], words(name.surname)[-1]
    return name, name._replace(surname=rng.choice((name.surname, first, last if "-" in name.surname else first)))


def other_surnames(pool: Pool, rng: random.Random) -> Pair:
    """Another second surname, another single surname, or another person of the family."""
    name = person_with_two_surnames(pool, rng)
    other = name._replace(surname=rng.choice((other_word(name.surname, pool.surnames, rng), rng.choice(pool.surnames))))
    sibling = name._replace(forename=another(name.forename, pool, rng))
    return name, rng.choice((other, other, sibling))


def titled(name: Name, woman: bool, rng: random.Random) -> Name:
    """The name with a title before it, a degree after it, or both."""
    before = rng.choice((*(titles.WOMEN if woman else titles.MEN), *titles.LEARNED))
    after = rng.choice(titles.DEGREES)
    return rng.choice((name._replace(title=before), name._replace(title=before), name._replace(suffix=after)))


def same_title(pool: Pool, rng: random.Random) -> Pair:
    """With and without, or with another title; or the same generation in two ways."""
    name = anybody(pool, rng)
    if not pool.woman and rng.random() < 0.3:
        ways = rng.choice(titles.GENERATIONS)
        left, right = name._replace(suffix=rng.choice(ways)), name._replace(suffix=rng.choice(ways))
        return left, titled(right, False, rng)._replace(suffix=right.suffix)
    return titled(name, pool.woman, rng), titled(name, pool.woman, rng) if rng.random() < 0.3 else name


def title_of_a_part(pool: Pool, rng: random.Random) -> Pair:
    """A title with the surname or an initial alone, beside the whole name."""
    name = anybody(pool, rng)
    short = rng.choice((Name("", "", name.surname), Name(initial(name.forename), "", name.surname)))
    return rng.choice((name, name, titled(name, pool.woman, rng))), titled(short, pool.woman, rng)


def other_title(pool: Pool, rng: random.Random) -> Pair:
    """A relative with the same title, a man and a woman, or two generations."""
    name = anybody(pool, rng)
    if not pool.woman and rng.random() < 0.3:
        father, son = rng.sample(titles.GENERATIONS, 2)
        return name._replace(suffix=rng.choice(father)), name._replace(suffix=rng.choice(son))
    if rng.random() < 0.3:
        short = rng.choice((name, Name("", "", name.surname)))
        spouse = Name("", "", name.surname, rng.choice(titles.MEN if pool.woman else titles.WOMEN))
        return titled(short, pool.woman, rng), spouse
    left, right = relative(pool, rng)
    left = titled(left, pool.woman, rng)
    return left, right._replace(title=left.title, suffix=left.suffix) if rng.random() < 0.6 else right
