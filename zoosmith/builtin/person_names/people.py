"""Persons drawn from a pool of names, and what is left of a name when less is said."""

from __future__ import annotations

import random

from zoosmith.builtin.person_names.listing import Pool
from zoosmith.builtin.person_names.text import Name, words

PARTICLES = {
    "nl_NL": ("van der", "van", "de", "van den", "ten", "ter"),
    "de_DE": ("von", "von der", "zu"),
    "fr_FR": ("de", "de la", "le", "du"),
    "es_ES": ("de la", "del", "de los"),
    "it_IT": ("De", "Di", "Della", "Lo"),
    "pt_BR": ("da", "dos", "do", "das"),
    "en_US": ("Mc", "Mac", "De La"),
    "en_GB": ("Mc", "Mac", "O"),
}


def person(pool: Pool, rng: random.Random) -> Name:
    """A person of one forename and one surname."""
    return Name(rng.choice(pool.forenames), "", rng.choice(pool.surnames))


def person_with_middle(pool: Pool, rng: random.Random) -> Name:
    """A person of two forenames and one surname."""
    forename, middle = rng.sample(pool.forenames, 2)
    return Name(forename, middle, rng.choice(pool.surnames))


def anybody(pool: Pool, rng: random.Random) -> Name:
    """A person with or without a middle name."""
    return rng.choice((person, person, person_with_middle))(pool, rng)


def person_with_patronymic(pool: Pool, rng: random.Random) -> Name:
    """A person with the patronymic as middle name."""
    return person(pool, rng)._replace(middle=rng.choice(pool.patronymics))


def person_with_compound(pool: Pool, rng: random.Random) -> Name:
    """A person whose forename is of two words, or whose surname has particles."""
    name = person(pool, rng)
    particles = PARTICLES.get(pool.locale)
    if particles and rng.random() < 0.6:
        return name._replace(surname=f"{rng.choice(particles)} {name.surname}")
    if "-" in name.forename:
        return name
    return name._replace(forename=f"{name.forename}{rng.choice('--- ')}{another(name.forename, pool, rng)}")


def person_with_two_surnames(pool: Pool, rng: random.Random) -> Name:
    """A person with two surnames, as in Spain, Portugal, or by marriage."""
    name = person(pool, rng)
    return name._replace(surname=f"{name.surname}{rng.choice(' -')}{rng.choice(pool.surnames)}")


def another(forename: str, pool: Pool, rng: random.Random) -> str:
    """Another forename of the pool: often one that begins alike, as those of brothers and sisters may."""
    others = [name for name in pool.forenames if name[:1] == forename[:1]] if rng.random() < 0.3 else pool.forenames
    return rng.choice([name for name in others if name != forename] or pool.forenames)


def initial(part: str) -> str:
    """The first letter with a dot, of every word of a hyphened part."""
    return f"{part[0]}."


def other_word(part: str, names: tuple[str, ...], rng: random.Random) -> str:
    """A part of several words with its last word exchanged."""
    last = words(part)[-1]
    return part[: -len(last)] + rng.choice(names)
