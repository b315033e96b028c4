"""The names there are: Faker's forenames and surnames per locale, and the nickname tables."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from zoosmith.builtin.person_names.fakers import Group, faker_groups
from zoosmith.builtin.person_names.nicknames import nicknames
from zoosmith.builtin.person_names.text import key

# A name, and the names that stand in a relation to it.
Related = tuple[tuple[str, tuple[str, ...]], ...]

# Weight of each locale. Left out: scripts whose romanisation cannot be read off the letters (Arabic, Hebrew), and
# Korean, where a surname is one sign and looks like an initial. Chinese and Japanese names are the romanised ones.
LATIN = {
    "en_US": 6, "en_GB": 6, "en_IN": 3, "de_DE": 4, "fr_FR": 4, "es_ES": 4, "it_IT": 4, "pt_BR": 3,
    "nl_NL": 3, "sv_SE": 3, "da_DK": 2, "fi_FI": 2, "cs_CZ": 2, "hr_HR": 2, "ro_RO": 2, "tr_TR": 2,
    "no_NO": 1, "hu_HU": 1, "zh_CN": 1, "zh_TW": 2, "ja_JP": 1,
}  # fmt: skip
NON_LATIN = {"ru_RU": 4, "uk_UA": 2, "bg_BG": 2, "el_GR": 3, "ka_GE": 1, "hy_AM": 1}


@dataclass(frozen=True)
class Pool:
    """Names that go together: one locale, and one gender.

    near_forenames, near_surnames: (name, other listed names whose keys are at most two edits away).
    """

    locale: str
    woman: bool
    weight: float
    forenames: tuple[str, ...]
    surnames: tuple[str, ...]
    patronymics: tuple[str, ...]
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

    No key is both a forename and a surname, so that a name reads the same in either order. men, women: keys of the
    forenames of either.
    """

    pools: tuple[Pool, ...]
    forenames: frozenset[str]
    surnames: frozenset[str]
    short: dict[str, frozenset[str]]
    men: frozenset[str]
    women: frozenset[str]


@cache
def load() -> Listing:
    """Read the names from the installed Faker."""
    both = [faker_groups(locale) for locale in (*LATIN, *NON_LATIN)]
    groups = [group for pair in both for group in pair]
    short = _short_forms()
    forenames = frozenset(key(name) for group in groups for name in group.forenames) | frozenset(short)
    surnames = frozenset(key(name) for group in groups for name in group.surnames) - forenames
    men, women = (
        frozenset(key(name) for group in groups if group.woman is woman for name in group.forenames)
        for woman in (False, True)
    )
    pools = (_pool(group, other, surnames) for a, b in both for group, other in ((a, b), (b, a)))
    return Listing(tuple(pools), forenames, surnames, short, men, women)


def _nicknames(group: Group, other: Group) -> Related:
    """The entries of a locale's nickname table, without those whose forename is only of the other gender."""
    theirs = {key(name) for name in other.forenames} - {key(name) for name in group.forenames}
    return tuple((name, forms) for name, forms in nicknames(group.locale).items() if key(name) not in theirs)


def _short_forms() -> dict[str, frozenset[str]]:
    """Key -> keys of its short forms, and of the forenames it is short for."""
    linked: dict[str, set[str]] = defaultdict(set)
    for locale in (*LATIN, *NON_LATIN):
        for forename, forms in nicknames(locale).items():
            for form in forms:
                linked[key(forename)].add(key(form))
                linked[key(form)].add(key(forename))
    return {name: frozenset(others) for name, others in linked.items()}


def _pool(group: Group, other: Group, surnames: frozenset[str]) -> Pool:
    given = tuple(name for name in group.forenames if "-" not in name or group.locale == "zh_TW")
    family = tuple(name for name in group.surnames if key(name) in surnames)
    short = _nicknames(group, other)
    weight = (LATIN | NON_LATIN)[group.locale] / 2
    return Pool(group.locale, group.woman, weight, given, family, group.patronymics, short, near(given), near(family))


def near(names: tuple[str, ...]) -> Related:
    """Each name with the others that become equal to it when at most one letter is deleted from each key."""
    shapes: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for shape in _deletions(key(name)):
            shapes[shape].append(name)
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for group in shapes.values():
        for name in group:
            found[name].update({other: None for other in group if other != name})
    return tuple((name, tuple(others)) for name, others in found.items() if others)


def _deletions(word: str) -> list[str]:
    cuts = [word[:i] + word[i + 1 :] for i in range(len(word))] if len(word) > 2 else []
    return list(dict.fromkeys([word, *cuts]))
