"""How the common pairs are made. A maker draws freely; `rules.judge` then has to find its label."""

from __future__ import annotations

import random
from collections.abc import Callable

from zoosmith.builtin.person_names.listing import Pool
from zoosmith.builtin.person_names.people import another, anybody, initial, person_with_middle
from zoosmith.builtin.person_names.slips import misspell
from zoosmith.builtin.person_names.text import Name, key

Pair = tuple[Name, Name]
Maker = Callable[[Pool, random.Random], Pair]


def same(pool: Pool, rng: random.Random) -> Pair:
    name = anybody(pool, rng)
    return name, name


def strangers(pool: Pool, rng: random.Random) -> Pair:
    return anybody(pool, rng), anybody(pool, rng)


def relative(pool: Pool, rng: random.Random) -> Pair:
    """Two of one family: another forename, with or without other middle names."""
    name = anybody(pool, rng)
    return name, Name(another(name.forename, pool, rng), rng.choice(("", name.middle)), name.surname)


def namesake(pool: Pool, rng: random.Random) -> Pair:
    """The same forenames in another family."""
    name = anybody(pool, rng)
    return name, name._replace(middle=rng.choice(("", name.middle)), surname=rng.choice(pool.surnames))


def relative_or_namesake(pool: Pool, rng: random.Random) -> Pair:
    return rng.choice((relative, relative, namesake))(pool, rng)


def typo(pool: Pool, rng: random.Random) -> Pair:
    """One typo, or two, in long parts; drawn again where they cancel out or touch no Latin letter."""
    name = wrong = anybody(pool, rng)
    while [*map(key, wrong)] == [*map(key, name)]:
        name = wrong = anybody(pool, rng)
        long = [field for field in ("forename", "surname") if len(getattr(name, field)) > 3]
        for part in rng.choices(long, k=rng.choice((1, 1, 1, 2))) if long else ():
            wrong = wrong._replace(**{part: misspell(getattr(wrong, part), rng)})
    return name, wrong


def near_forename(pool: Pool, rng: random.Random) -> Pair:
    forename, others = rng.choice(pool.near_forenames)
    name = anybody(pool, rng)._replace(forename=forename)
    return name, name._replace(forename=rng.choice(others))


def near_surname(pool: Pool, rng: random.Random) -> Pair:
    surname, others = rng.choice(pool.near_surnames)
    name = anybody(pool, rng)._replace(surname=surname)
    return name, name._replace(surname=rng.choice(others))


def neighbour(pool: Pool, rng: random.Random) -> Pair:
    return (near_surname if pool.near_surnames and rng.random() < 0.5 else near_forename)(pool, rng)


def nickname(pool: Pool, rng: random.Random) -> Pair:
    forename, forms = rng.choice(pool.nicknames)
    name = anybody(pool, rng)._replace(forename=forename)
    return name, name._replace(forename=rng.choice(forms), middle=rng.choice(("", name.middle)))


def nickname_of_another(pool: Pool, rng: random.Random) -> Pair:
    """A listed nickname beside a forename it is not short for, or beside another surname."""
    (forename, forms), (stranger, _) = rng.choice(pool.nicknames), rng.choice(pool.nicknames)
    alike = [name for name in pool.forenames if name[:1] == forename[:1]] or pool.forenames
    name, other = Name(rng.choice(forms), "", rng.choice(pool.surnames)), rng.choice(pool.surnames)
    right = rng.choice((Name(stranger, "", name.surname), Name(rng.choice(alike), "", name.surname)))
    return name, right if rng.random() < 0.7 else Name(forename, "", other)


def initial_middle(pool: Pool, rng: random.Random) -> Pair:
    name = person_with_middle(pool, rng)
    return name, name._replace(middle=initial(name.middle))


def only_initials(pool: Pool, rng: random.Random) -> Pair:
    name = anybody(pool, rng)
    name = name._replace(forename=initial(name.forename), middle=name.middle and initial(name.middle))
    return name, name


def same_initials(pool: Pool, rng: random.Random) -> Pair:
    return rng.choice((initial_middle, only_initials))(pool, rng)


def initial_forename(pool: Pool, rng: random.Random) -> Pair:
    name = anybody(pool, rng)
    middle = rng.choice(("", name.middle and initial(name.middle)))
    return name, Name(initial(name.forename), middle, name.surname)


def wrong_initial(pool: Pool, rng: random.Random) -> Pair:
    """Another initial before the same surname (or of the middle name), or the same one before another surname."""
    name, other = anybody(pool, rng), person_with_middle(pool, rng)
    if name.middle and rng.random() < 0.4:
        return name, name._replace(
            middle=initial(other.middle), forename=rng.choice((name.forename, initial(name.forename)))
        )
    right = rng.choice((Name(other.forename, "", name.surname), Name(name.forename, "", other.surname)))
    left = name if rng.random() < 0.8 else name._replace(forename=initial(name.forename), middle="")
    return left, right._replace(forename=initial(right.forename))


def dropped_middle(pool: Pool, rng: random.Random) -> Pair:
    name = person_with_middle(pool, rng)
    return name, name._replace(middle=rng.choice(("", initial(name.middle), name.middle)))


def wrong_middle(pool: Pool, rng: random.Random) -> Pair:
    name = person_with_middle(pool, rng)
    middle = another(name.middle, pool, rng)
    return name, name._replace(middle=rng.choice((middle, initial(middle))))


def other_middle(pool: Pool, rng: random.Random) -> Pair:
    return rng.choice((wrong_middle, wrong_middle, relative))(pool, rng)


def only_part(pool: Pool, rng: random.Random) -> Pair:
    name = anybody(pool, rng)
    return name, rng.choice((Name("", "", name.surname), Name(name.forename, "", "")))


def part_of_another(pool: Pool, rng: random.Random) -> Pair:
    left, other = rng.choice((anybody(pool, rng), only_part(pool, rng)[1])), anybody(pool, rng)
    kept = [field for field in ("forename", "surname") if getattr(left, field)]
    part = rng.choice(kept)
    return left, Name("", "", "")._replace(**{part: getattr(other, part)})


def part_twice(pool: Pool, rng: random.Random) -> Pair:
    part = only_part(pool, rng)[1]
    return part, part
