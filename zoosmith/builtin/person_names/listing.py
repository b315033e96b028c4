"""The names there are: Faker's forenames and surnames per locale, and the nickname tables."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from zoosmith.builtin.person_names.nicknames import nicknames
from zoosmith.builtin.person_names.text import key

# A name, and the names that stand in a relation to it.
Related = tuple[tuple[str, tuple[str, ...]], ...]

# Weight of each locale. Left out: scripts whose romanisation cannot be read off the letters (Arabic,
# Hebrew, Chinese, Japanese), and Korean, where a surname is one sign and looks like an initial.
LATIN = {
    "en_US": 6, "en_GB": 6, "en_IN": 3, "de_DE": 4, "fr_FR": 4, "es_ES": 4, "it_IT": 4, "pt_BR": 3,
    "nl_NL": 3, "sv_SE": 3, "da_DK": 2, "fi_FI": 2, "cs_CZ": 2, "hr_HR": 2, "ro_RO": 2, "tr_TR": 2,
}  # fmt: skip
NON_LATIN = {"ru_RU": 2, "uk_UA": 1, "bg_BG": 1, "el_GR": 2, "ka_GE": 1, "hy_AM": 1}


@dataclass(frozen=True)
class Pool:
    """Names that go together: one locale, and one gender where the locale's surnames have gender.

    near_forenames, near_surnames: (name, other listed names whose keys are at most two edits away).
    """

    locale: str
    weight: float
    forenames: tuple[str, ...]
    surnames: tuple[str, ...]
    nicknames: Related
    near_forenames: Related
    near_surnames: Related

    @property
    def latin(self) -> bool:
        """Whether the names are in Latin script."""
        return self.locale in LATIN


@dataclass(frozen=True)
class Listing:
    """All pools, and over all of them the keys of forenames, of surnames, and which are short for which.

    No key is both a forename and a surname, so that a name reads the same in either order.
    """

    pools: tuple[Pool, ...]
    forenames: frozenset[str]
    surnames: frozenset[str]
    short: dict[str, frozenset[str]]


@cache
def load() -> Listing:
    """Read the names from the installed Faker."""
    raw = [(locale, *group) for locale in (*LATIN, *NON_LATIN) for group in _groups(locale)]
    short = _short_forms()
    forenames = frozenset(key(name) for _, given, _, _ in raw for name in given) | frozenset(short)
    surnames = frozenset(key(name) for _, _, family, _ in raw for name in family) - forenames
    pools = tuple(_pool(*group, surnames) for group in raw)
    return Listing(pools, forenames, surnames, short)


def _groups(locale: str) -> list[tuple[tuple[str, ...], tuple[str, ...], Related]]:
    """Forenames, surnames and forenames with nicknames of a locale, for men and for women."""
    from importlib import import_module

    provider = import_module(f"faker.providers.person.{locale}").Provider
    men, women = _clean(provider.first_names_male), _clean(provider.first_names_female)
    if hasattr(provider, "last_names_male"):
        return [
            (men, _clean(provider.last_names_male), _nicknames(locale, men)),
            (women, _clean(provider.last_names_female), _nicknames(locale, women)),
        ]
    surnames = _clean(provider.last_names)
    return [(men, surnames, _nicknames(locale)), (women, surnames, _nicknames(locale))]


def _nicknames(locale: str, forenames: tuple[str, ...] | None = None) -> Related:
    """The nickname table of a locale; only its entries for these forenames where they are given."""
    ours = None if forenames is None else {key(name) for name in forenames}
    table = nicknames(locale).items()
    return tuple((name, forms) for name, forms in table if ours is None or key(name) in ours)


def _clean(names: Iterable[str]) -> tuple[str, ...]:
    """Names of one word and at least two letters, each key once, in Faker's order."""
    kept: dict[str, str] = {}
    for name in names:
        name = unicodedata.normalize("NFC", name.strip())
        letters = name.replace("'", "").replace("’", "").replace("-", "")
        if letters.isalpha() and len(letters) > 1 and len(key(name)) > 1:
            kept.setdefault(key(name), name)
    return tuple(kept.values())


def _short_forms() -> dict[str, frozenset[str]]:
    """Key -> keys of its short forms, and of the forenames it is short for."""
    linked: dict[str, set[str]] = defaultdict(set)
    for locale in (*LATIN, *NON_LATIN):
        for forename, forms in nicknames(locale).items():
            for form in forms:
                linked[key(forename)].add(key(form))
                linked[key(form)].add(key(forename))
    return {name: frozenset(others) for name, others in linked.items()}


def _pool(
    locale: str, given: tuple[str, ...], family: tuple[str, ...], short: Related, surnames: frozenset[str]
) -> Pool:
    given = tuple(name for name in given if "-" not in name)
    family = tuple(name for name in family if key(name) in surnames)
    weight = (LATIN | NON_LATIN)[locale] / 2
    return Pool(locale, weight, given, family, short, _near(given), _near(family))


def _near(names: tuple[str, ...]) -> Related:
    """Each name with the others that become equal to it when at most one letter is deleted from each key."""
    shapes: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for shape in _deletions(key(name)):
            shapes[shape].append(name)
    near: dict[str, dict[str, None]] = defaultdict(dict)
    for group in shapes.values():
        for name in group:
            near[name].update({other: None for other in group if other != name})
    return tuple((name, tuple(others)) for name, others in near.items() if others)


def _deletions(word: str) -> list[str]:
    cuts = [word[:i] + word[i + 1 :] for i in range(len(word))] if len(word) > 3 else []
    return list(dict.fromkeys([word, *cuts]))
