"""Name pairs from outside, to check with and never to ship, and what plain measures of strings make of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from zoosmith.builtin.person_names.listing import load
from zoosmith.builtin.person_names.text import distance, key

PAIRS = "datasets/vietexob/name-matching/data"
NICKNAMES = "datasets/carltonnorthern/nicknames/data"
YES = "yes"


class Pair(NamedTuple):
    """Two names, and the label that the source gives them."""

    first: str
    second: str
    label: str


def table(folder: Path, split: str) -> list[dict[str, str]]:
    """Rows of the Parquet files of a split."""
    import pyarrow.parquet as parquet

    files = sorted(folder.glob(f"{split}-*.parquet"))
    return [row for file in files for row in parquet.read_table(file).to_pylist()]


def real(mirror: Path, split: str) -> list[Pair]:
    """Pairs of persons and companies, labelled yes or no; both splits have their own names."""
    return [Pair(row["name1"], row["name2"], row["label"]) for row in table(mirror / PAIRS, split)]


def nicknames(mirror: Path, count: int) -> list[Pair]:
    """Forename and nickname before one surname, of those that our own table has not; all are yes."""
    listing, rng = load(), random.Random(0)
    rows = [(row["name"], row["nickname"]) for row in table(mirror / NICKNAMES, "train")]
    new = [(name, short) for name, short in rows if key(short) not in listing.short.get(key(name), ())]
    surnames = [surname for pool in listing.pools if pool.locale == "en_US" for surname in pool.surnames]
    drawn = [(*names, rng.choice(surnames)) for names in rng.sample(new, min(count, len(new)))]
    return [Pair(f"{name.title()} {last}", f"{short.title()} {last}", YES) for name, short, last in drawn]


def edit_similarity(a: str, b: str) -> float:
    """1 - edit distance / length of the longer, without case; from 0 to 1."""
    a, b = a.casefold(), b.casefold()
    return 1 - distance(a, b) / max(len(a), len(b), 1)


def jaro_winkler(a: str, b: str) -> float:
    """From 0 to 1, without case. Source: W. Winkler, String comparator metrics, 1990 (prefix of 4, weight 0.1)."""
    a, b = a.casefold(), b.casefold()
    if a == b:
        return 1.0
    window = max(len(a), len(b), 2) // 2 - 1
    ours, places = [], set[int]()
    for i, letter in enumerate(a):
        near = range(max(0, i - window), min(len(b), i + window + 1))
        place = next((j for j in near if j not in places and b[j] == letter), None)
        if place is not None:
            ours.append(letter)
            places.add(place)
    if not ours:
        return 0.0
    theirs = [b[j] for j in sorted(places)]
    moved = sum(x != y for x, y in zip(ours, theirs, strict=True)) / 2
    jaro = (len(ours) / len(a) + len(ours) / len(b) + (len(ours) - moved) / len(ours)) / 3
    prefix = next((i for i, (x, y) in enumerate(zip(a[:4], b[:4], strict=False)) if x != y), min(4, len(a), len(b)))
    return jaro + prefix * 0.1 * (1 - jaro)


Similarity = Callable[[str, str], float]
BASELINES: dict[str, Similarity] = {"edit distance": edit_similarity, "Jaro-Winkler": jaro_winkler}


def similarities(similarity: Similarity, pairs: Sequence[Pair]) -> list[float]:
    """That of each pair."""
    return [similarity(pair.first, pair.second) for pair in pairs]


def threshold(scores: Sequence[float], pairs: Sequence[Pair]) -> float:
    """The least score that counts as yes, with the highest accuracy on these pairs."""
    scored = sorted(zip(scores, (pair.label == YES for pair in pairs), strict=True), reverse=True)
    best, right, cut = 0, 0, 2.0
    for i, (score, yes) in enumerate(scored):
        right += 1 if yes else -1
        if right > best and (i + 1 == len(scored) or scored[i + 1][0] < score):
            best, cut = right, score
    return cut


def right(scores: Sequence[float], cut: float, pairs: Sequence[Pair]) -> list[bool]:
    """Whether each pair is right where yes means a score of `cut` or more."""
    return [(score >= cut) == (pair.label == YES) for score, pair in zip(scores, pairs, strict=True)]
