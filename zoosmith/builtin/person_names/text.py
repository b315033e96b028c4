"""What a name is: its parts, the key of a part, and how far two keys are apart."""

from __future__ import annotations

import random
import re
from functools import cache
from typing import NamedTuple

# Words of a surname that the next word needs; they are often joined to it, capitalised or left out.
PARTICLES = frozenset({
    "af", "al", "d", "da", "das", "de", "degli", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "la",
    "las", "le", "lo", "los", "mac", "mc", "o", "ten", "ter", "van", "von", "zu", "zum",
})  # fmt: skip


class Name(NamedTuple):
    """Parts of a name; an empty string where a part is not given, "J." for an initial.

    title stands before the name ("Dr."), suffix after it ("Jr."). A forename or surname may be of several words.
    """

    forename: str
    middle: str
    surname: str
    title: str = ""
    suffix: str = ""


@cache
def key(word: str) -> str:
    """The letters of a word in lower-case ASCII: no script, accents, case or punctuation is left."""
    from anyascii import anyascii

    return "".join(c for c in anyascii(word).lower() if "a" <= c <= "z")


def is_initial(part: str) -> bool:
    """Whether a part is one letter, with or without its dot."""
    return sum(c.isalpha() for c in part) == 1


def words(part: str) -> list[str]:
    """The words of a part, without hyphens and without particles where other words are left."""
    found = re.split(r"[\s-]+", part)
    return [word for word in found if key(word) not in PARTICLES] or found


def distance(a: str, b: str) -> int:
    """Optimal string alignment distance: insertions, deletions, substitutions and neighbours swapped.

    Source: L. Boytsov, Indexing methods for approximate dictionary searching, JEA 16, 2011, section 2.2.
    """
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                row[j] = min(row[j], before[j - 2] + 1)
        before, above = above, row
    return above[-1]


def pick(weights: dict[str, int], rng: random.Random) -> str:
    """One key of weights, drawn in proportion to its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]
