"""How each kind of pair is made. A maker draws freely; `rules.judge` then has to find its label."""

from __future__ import annotations

import random
from collections.abc import Callable

from zoosmith.builtin.person_names.listing import Pool
from zoosmith.builtin.person_names.text import Layout, Name, draw_layout, key, misspell, write

Pair = tuple[Name, Name]
Maker = Callable[[Pool, random.Random], Pair]

# How often a part that the two names share is misspelt on one side in pairs of another kind, so that
# a typo alone tells nothing about the label.
STRAY_TYPO = 0.1


def person(pool: Pool, rng: random.Random) -> Name:
    return Name(rng.choice(pool.forenames), "", rng.choice(pool.surnames))


def person_with_middle(pool: Pool, rng: random.Random) -> Name:
    forename, middle = rng.sample(pool.forenames, 2)
    return Name(forename, middle, rng.choice(pool.surnames))


def initial(part: str) -> str:
    return f"{part[0]}."


def stray(part: str, rng: random.Random) -> str:
    """The part, sometimes misspelt where it is long enough to stay recognisable."""
    return misspell(part, rng) if len(part) > 4 and rng.random() < STRAY_TYPO else part


def layout(pool: Pool, rng: random.Random) -> Pair:
    name = rng.choice((person, person_with_middle))(pool, rng)
    return name, name


def dropped_middle(pool: Pool, rng: random.Random) -> Pair:
    name = person_with_middle(pool, rng)
    return name, name._replace(middle="")


def initial_middle(pool: Pool, rng: random.Random) -> Pair:
    name = person_with_middle(pool, rng)
    return name, name._replace(middle=initial(name.middle))


def nickname(pool: Pool, rng: random.Random) -> Pair:
    forename, forms = rng.choice(pool.nicknames)
    surname = rng.choice(pool.surnames)
    return Name(forename, "", surname), Name(rng.choice(forms), "", stray(surname, rng))


def typo(pool: Pool, rng: random.Random) -> Pair:
    """One typo, or two, in long parts; drawn again where they cancel out or touch no Latin letter."""
    name = wrong = person(pool, rng)
    while [*map(key, wrong)] == [*map(key, name)]:
        name = wrong = person(pool, rng)
        long = [field for field in ("forename", "surname") if len(getattr(name, field)) > 4]
        for part in rng.choices(long, k=rng.choice((1, 1, 1, 2))) if long else ():
            wrong = wrong._replace(**{part: misspell(getattr(wrong, part), rng)})
    return name, wrong


def initial_forename(pool: Pool, rng: random.Random) -> Pair:
    name = person(pool, rng)
    return name, Name(initial(name.forename), "", stray(name.surname, rng))


def initials(pool: Pool, rng: random.Random) -> Pair:
    name = person_with_middle(pool, rng)
    middle = rng.choice(("", initial(name.middle)))
    return name, Name(initial(name.forename), middle, name.surname)


def only_surname(pool: Pool, rng: random.Random) -> Pair:
    name = rng.choice((person, person, person_with_middle))(pool, rng)
    return name, Name("", "", name.surname)


def only_forename(pool: Pool, rng: random.Random) -> Pair:
    name = person(pool, rng)
    return name, Name(name.forename, "", "")


def same_surname(pool: Pool, rng: random.Random) -> Pair:
    name = person(pool, rng)
    return name, Name(rng.choice(pool.forenames), "", stray(name.surname, rng))


def same_forename(pool: Pool, rng: random.Random) -> Pair:
    name = person(pool, rng)
    return name, Name(stray(name.forename, rng), "", rng.choice(pool.surnames))


def nickname_of_another(pool: Pool, rng: random.Random) -> Pair:
    """A listed nickname beside a forename it is not short for, or beside another surname."""
    (forename, forms), (stranger, _) = rng.choice(pool.nicknames), rng.choice(pool.nicknames)
    surname, other = rng.choice(pool.surnames), rng.choice(pool.surnames)
    left = Name(rng.choice(forms), "", surname)
    return left, rng.choice((Name(stranger, "", surname), Name(forename, "", other)))


def near_forename(pool: Pool, rng: random.Random) -> Pair:
    forename, others = rng.choice(pool.near_forenames)
    surname = rng.choice(pool.surnames)
    return Name(forename, "", surname), Name(rng.choice(others), "", surname)


def near_surname(pool: Pool, rng: random.Random) -> Pair:
    surname, others = rng.choice(pool.near_surnames)
    forename = rng.choice(pool.forenames)
    return Name(forename, "", surname), Name(forename, "", rng.choice(others))


def wrong_initial(pool: Pool, rng: random.Random) -> Pair:
    """Another initial before the same surname, or the same initial before another surname."""
    name, other = person(pool, rng), person(pool, rng)
    right = rng.choice((Name(other.forename, "", name.surname), Name(name.forename, "", other.surname)))
    return name, right._replace(forename=initial(right.forename))


def wrong_middle(pool: Pool, rng: random.Random) -> Pair:
    name = person_with_middle(pool, rng)
    middle = rng.choice(pool.forenames)
    return name, name._replace(middle=rng.choice((middle, initial(middle))))


def part_of_another(pool: Pool, rng: random.Random) -> Pair:
    name, other = person(pool, rng), person(pool, rng)
    return name, rng.choice((Name("", "", other.surname), Name(other.forename, "", "")))


def strangers(pool: Pool, rng: random.Random) -> Pair:
    people = rng.choices((person, person, person_with_middle), k=2)
    return people[0](pool, rng), people[1](pool, rng)


# label -> kind -> (its maker, its share of the label in percent). Hard kinds of "no" say so.
KINDS: dict[str, dict[str, tuple[Maker, int]]] = {
    "yes": {
        "layout": (layout, 36),
        "transliteration": (layout, 6),
        "dropped-middle": (dropped_middle, 22),
        "initial-middle": (initial_middle, 22),
        "nickname": (nickname, 7),
        "typo": (typo, 7),
    },
    "partial": {
        "initial": (initial_forename, 40),
        "initials": (initials, 14),
        "only-surname": (only_surname, 26),
        "only-forename": (only_forename, 20),
    },
    "no": {
        "hard-surname": (same_surname, 20),
        "hard-forename": (same_forename, 18),
        "hard-nickname": (nickname_of_another, 4),
        "hard-near-forename": (near_forename, 2),
        "hard-near-surname": (near_surname, 2),
        "hard-initial": (wrong_initial, 3),
        "hard-middle": (wrong_middle, 2),
        "part-of-another": (part_of_another, 19),
        "strangers": (strangers, 30),
    },
}


def pools_for(kind: str, pools: tuple[Pool, ...]) -> list[Pool]:
    """The pools that a kind can be made from."""
    needs: dict[str, Callable[[Pool], object]] = {
        "nickname": lambda pool: pool.nicknames,
        "hard-nickname": lambda pool: pool.nicknames,
        "hard-near-forename": lambda pool: pool.near_forenames,
        "hard-near-surname": lambda pool: pool.near_surnames,
        "transliteration": lambda pool: not pool.latin,
    }
    return [pool for pool in pools if needs.get(kind, bool)(pool)]


def texts(kind: str, pair: Pair, pool: Pool, rng: random.Random) -> tuple[str, str]:
    """Both names written, each in a layout of its own, in random order."""
    share = 0.15 if pool.latin else 0.4
    layouts = [draw_layout(rng, share) for _ in pair]
    if kind == "transliteration":
        layouts = [
            Layout(each.order, each.case, ascii=latin) for each, latin in zip(layouts, (False, True), strict=True)
        ]
    left, right = (write(name, layout) for name, layout in zip(pair, layouts, strict=True))
    return (left, right) if rng.random() < 0.5 else (right, left)
