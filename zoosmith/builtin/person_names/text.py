"""What a name looks like on the page: its key, how far two keys are apart, misspellings and layouts."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
CASES = {"title": 60, "lower": 12, "upper": 12, "upper-surname": 16}
ORDERS = {"plain": 60, "comma": 25, "swapped": 15}


class Name(NamedTuple):
    """Parts of a name; an empty string where a part is not given, "J." for an initial."""

    forename: str
    middle: str
    surname: str


@dataclass(frozen=True)
class Layout:
    """How a Name is written. ascii: transliterated, without accents; bare: without punctuation."""

    order: str = "plain"
    case: str = "title"
    ascii: bool = False
    bare: bool = False


@cache
def key(word: str) -> str:
    """The letters of a word in lower-case ASCII: no script, accents, case or punctuation is left."""
    from anyascii import anyascii

    return "".join(c for c in anyascii(word).lower() if "a" <= c <= "z")


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


def misspell(word: str, rng: random.Random) -> str:
    """One slip of the hand after the first letter: a letter lost, doubled, swapped or from the next key."""
    at = rng.choice([i for i in range(1, len(word)) if word[i].isalpha()])
    here, rest = word[at], word[at + 1 :]
    slips = [rest, here + here + rest]
    if rest[:1] not in ("", here):
        slips.append(rest[0] + here + rest[1:])
    row = next((row for row in KEYBOARD if here in row), "")
    slips += [beside + rest for beside in row if abs(row.index(beside) - row.index(here)) == 1]
    return word[:at] + rng.choice(slips)


def pick(weights: dict[str, int], rng: random.Random) -> str:
    """One key of weights, drawn in proportion to its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]


def draw_layout(rng: random.Random, ascii_share: float) -> Layout:
    """A random Layout; ascii_share is how often the name is transliterated."""
    return Layout(pick(ORDERS, rng), pick(CASES, rng), rng.random() < ascii_share, rng.random() < 0.3)


def write(name: Name, layout: Layout) -> str:
    """The name as text. "swapped" is used for two parts only, and a single part has no order."""
    forename, middle, surname = (_letters(part, layout) for part in name)
    surname = upper(surname) if layout.case == "upper-surname" else surname
    given = " ".join(part for part in (forename, middle) if part)
    if not given or not surname or layout.order == "plain" or (layout.order == "swapped" and middle):
        text = f"{given} {surname}".strip()
    else:
        text = f"{surname}, {given}" if layout.order == "comma" else f"{surname} {given}"
    return {"lower": text.lower(), "upper": upper(text)}.get(layout.case, text)


def upper(text: str) -> str:
    """Upper case, except for Georgian: its capitals are for headlines, and few tokenizers know them."""
    return "".join(c if "ა" <= c <= "ჿ" else c.upper() for c in text)


def _letters(part: str, layout: Layout) -> str:
    from anyascii import anyascii

    if layout.ascii:
        part = anyascii(part).strip("'")
        part = part[:1].upper() + part[1:]
    return "".join(c for c in part if c not in ".'’-") if layout.bare else part
