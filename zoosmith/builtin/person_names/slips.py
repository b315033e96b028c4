"""How a name goes wrong: slips of the hand, letters that a scan misreads, sounds that a clerk spells otherwise."""

from __future__ import annotations

import random

KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# What optical character recognition takes for another sign, both ways.
MISREAD = (
    ("m", "rn"),
    ("w", "vv"),
    ("d", "cl"),
    ("l", "1"),
    ("i", "l"),
    ("o", "0"),
    ("e", "c"),
    ("h", "b"),
    ("s", "5"),
)
# Letters of one sound, both ways.
HEARD = (
    ("c", "k"),
    ("f", "ph"),
    ("i", "y"),
    ("s", "z"),
    ("v", "w"),
    ("ei", "ie"),
    ("t", "th"),
    ("sh", "sch"),
    ("u", "oo"),
)
MISREADS = 0.15
MISHEARS = 0.15
ANY = 0.1  # any letter for another
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def misspell(word: str, rng: random.Random) -> str:
    """One slip after the first letter: a letter lost, doubled, swapped, of the next key, misread, misheard, or any."""
    at = rng.choice([i for i in range(1, len(word)) if word[i].isalpha()])
    here, rest = word[at], word[at + 1 :]
    misread, misheard = (_exchanged(word, at, table) for table in (MISREAD, HEARD))
    chance = rng.random()
    if misread and chance < MISREADS:
        return rng.choice(misread)
    if misheard and chance > 1 - MISHEARS:
        return rng.choice(misheard)
    if MISREADS < chance < MISREADS + ANY and here.isascii():
        return word[:at] + rng.choice([letter for letter in LETTERS if letter != here.lower()]) + rest
    slips = [rest, here + here + rest]
    if rest[:1] not in ("", here, "-", " "):
        slips.append(rest[0] + here + rest[1:])
    row = next((row for row in KEYBOARD if here in row), "")
    slips += [beside + rest for beside in row if abs(row.index(beside) - row.index(here)) == 1]
    return word[:at] + rng.choice(slips)


def _exchanged(word: str, at: int, table: tuple[tuple[str, str], ...]) -> list[str]:
    """The word with the letters at a place exchanged, once for each entry of the table that has them."""
    both = [*table, *((wrong, right) for right, wrong in table)]
    ways = [(right, wrong) for right, wrong in both if right.isalpha() and word.startswith(right, at)]
    return [word[:at] + wrong + word[at + len(right) :] for right, wrong in ways]
